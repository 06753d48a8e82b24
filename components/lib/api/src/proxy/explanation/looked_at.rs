//! What a policy looked at, in its short form: by field, a list of its values, each a
//! bare JSON text, number or truth value, `null` for one that is absent, or an object
//! that says why it is none of these.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use vectra_decision::{LookedAt, Shown};

use crate::proxy::mask::mask;
use crate::secret::sha256_hex;

/// The values that a policy looked at.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct LookedAtValues<'a>(Cow<'a, [LookedAt]>);

impl<'a> LookedAtValues<'a> {
    /// As they may be recorded: a text with a masked parameter is kept as its digest.
    pub(crate) fn of(values: &'a [LookedAt], masked: &[String]) -> Self {
        let is_secret = |value: &LookedAt| match &value.value {
            Shown::Plain(json) => json.contains('?') && mask(json, masked) != *json,
            Shown::Absent | Shown::Digest(_) | Shown::Unreadable(_) => false,
        };
        if !values.iter().any(is_secret) {
            return Self(Cow::Borrowed(values));
        }
        let recorded = values.iter().map(|value| match &value.value {
            Shown::Plain(json) if is_secret(value) => LookedAt {
                field: value.field.clone(),
                value: Shown::Digest(sha256_hex(json.as_bytes())),
            },
            _ => value.clone(),
        });
        Self(Cow::Owned(recorded.collect()))
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values themselves.
    pub(crate) fn into_owned(self) -> Vec<LookedAt> {
        self.0.into_owned()
    }
}

impl Serialize for LookedAtValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields: BTreeMap<&str, Vec<Value<'_>>> = BTreeMap::new();
        for LookedAt { field, value } in self.0.iter() {
            fields.entry(field).or_default().push(Value::of(value));
        }
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for LookedAtValues<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields: BTreeMap<String, Vec<&RawValue>> = Deserialize::deserialize(deserializer)?;
        let mut values = Vec::new();
        for (field, shown) in fields {
            for value in shown {
                values.push(LookedAt {
                    field: field.clone(),
                    value: read(value).map_err(D::Error::custom)?,
                });
            }
        }
        Ok(Self(Cow::Owned(values)))
    }
}

/// A value as it is written.
#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Absent,
    Bare(&'a RawValue),
    Other(&'a Shown),
}

impl<'a> Value<'a> {
    fn of(value: &'a Shown) -> Self {
        match value {
            Shown::Absent => Self::Absent,
            Shown::Plain(json) => match serde_json::from_str::<&RawValue>(json) {
                Ok(raw) if is_bare(raw.get()) => Self::Bare(raw),
                _ => Self::Other(value),
            },
            Shown::Digest(_) | Shown::Unreadable(_) => Self::Other(value),
        }
    }
}

/// Whether a JSON text can stand for itself.
fn is_bare(json: &str) -> bool {
    !json.starts_with(['{', '[', 'n'])
}

fn read(value: &RawValue) -> Result<Shown, serde_json::Error> {
    match value.get() {
        "null" => Ok(Shown::Absent),
        bare if is_bare(bare) => Ok(Shown::Plain(bare.to_owned())),
        other => serde_json::from_str(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked_at(field: &str, value: Shown) -> LookedAt {
        LookedAt {
            field: field.to_owned(),
            value,
        }
    }

    #[test]
    fn a_value_is_read_as_it_was_written() {
        let plain = |json: &str| Shown::Plain(json.to_owned());
        let values = [
            looked_at("*", Shown::Unreadable("more".to_owned())),
            looked_at("a", plain("\"red\"")),
            looked_at("a", plain("1.50")),
            looked_at("a", plain("1e999")),
            looked_at("a", plain("true")),
            looked_at("a", plain("[1]")),
            looked_at("a", plain("null")),
            looked_at("a", plain("no JSON")),
            looked_at("b", Shown::Absent),
            looked_at("b", Shown::Digest("ab list".to_owned())),
            looked_at("b", Shown::Unreadable("why".to_owned())),
        ];
        let text = serde_json::to_string(&LookedAtValues::of(&values, &[])).unwrap();
        assert_eq!(
            text,
            r#"{"*":[{"unreadable":"more"}],"a":["red",1.50,1e999,true,{"plain":"[1]"},{"plain":"null"},{"plain":"no JSON"}],"b":[null,{"digest":"ab list"},{"unreadable":"why"}]}"#
        );
        let read: LookedAtValues = serde_json::from_str(&text).unwrap();
        assert_eq!(read.into_owned(), values);
    }

    #[test]
    fn a_text_with_a_masked_parameter_is_kept_as_its_digest() {
        let masked = ["token".to_owned()];
        let json = r#""https://h/?a=1&token=s3cret""#;
        let values = [
            looked_at("headers.referer", Shown::Plain(json.to_owned())),
            looked_at("headers.x", Shown::Plain(r#""?a=1""#.to_owned())),
        ];
        let kept = LookedAtValues::of(&values, &masked).into_owned();
        assert_eq!(kept[0].value, Shown::Digest(sha256_hex(json.as_bytes())));
        assert_eq!(kept[1], values[1]);
    }
}
