//! Reads the fields of a JSON body and collects all that is wrong with them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use http::{HeaderMap, header};
use serde_json::{Map, Value};

use crate::problem::{Kind, Refusal};
use crate::{BodyError, RequestBody};

/// Largest body of a management request, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// A field that may be missing, null or a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Missing,
    Null,
    Text(String),
}

/// The fields of a JSON object; what is taken is checked, what is left is unknown.
pub(crate) struct Fields {
    object: Map<String, Value>,
    errors: BTreeMap<String, Vec<String>>,
}

impl Fields {
    /// Reads the body of a management request.
    pub(crate) fn read(headers: &HeaderMap, body: impl RequestBody) -> Result<Self, Refusal> {
        if !is_json(headers) {
            return Err(Refusal::new(Kind::UnsupportedMediaType));
        }
        let bytes = body.read(MAX_BODY).map_err(|error| match error {
            BodyError::TooLong(limit) => {
                Refusal::new(Kind::TooLarge).detail(format!("at most {limit} bytes"))
            }
            BodyError::Broken(_) => Refusal::new(Kind::Invalid)
                .detail("the body broke off")
                .internal(error.to_string()),
        })?;
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|error| Refusal::new(Kind::MalformedJson).detail(error.to_string()))?;
        match value {
            Value::Object(object) => Ok(Self {
                object,
                errors: BTreeMap::new(),
            }),
            _ => Err(Refusal::new(Kind::Invalid).detail("the body must be a JSON object")),
        }
    }

    fn error(&mut self, name: &str, message: impl Into<String>) {
        self.errors
            .entry(name.to_owned())
            .or_default()
            .push(message.into());
    }

    /// A field that may be missing or null; `characters` bounds its length.
    pub(crate) fn optional(&mut self, name: &str, characters: RangeInclusive<usize>) -> Field {
        match self.object.remove(name) {
            None => Field::Missing,
            Some(Value::Null) => Field::Null,
            Some(Value::String(text)) => {
                if let Err(message) = check_text(&text, characters) {
                    self.error(name, message);
                }
                Field::Text(text)
            }
            Some(_) => {
                self.error(name, "must be a string");
                Field::Missing
            }
        }
    }

    /// A field that must be a text; empty if it is not, and then `finish` refuses.
    pub(crate) fn required(&mut self, name: &str, characters: RangeInclusive<usize>) -> String {
        let wrong = self.errors.contains_key(name);
        match self.optional(name, characters) {
            Field::Text(text) => text,
            Field::Missing | Field::Null => {
                if !wrong && !self.errors.contains_key(name) {
                    self.error(name, "is required");
                }
                String::new()
            }
        }
    }

    /// Notes what a caller found wrong with a field.
    pub(crate) fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.error(name, message);
    }

    /// Refuses if anything was wrong or is left over.
    pub(crate) fn finish(mut self) -> Result<(), Refusal> {
        let unknown: Vec<String> = self.object.keys().cloned().collect();
        for name in unknown {
            self.error(&name, "is not a field of this request");
        }
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Refusal::fields(&self.errors))
        }
    }
}

/// U+0000 is refused everywhere, other control characters in names too.
fn check_text(text: &str, characters: RangeInclusive<usize>) -> Result<(), String> {
    let count = text.chars().count();
    if text.chars().any(char::is_control) {
        return Err("must not hold control characters".to_owned());
    }
    if !characters.contains(&count) {
        let (least, most) = (characters.start(), characters.end());
        return Err(format!("must be {least} to {most} characters long"));
    }
    Ok(())
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(body: &str) -> Result<Fields, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        Fields::read(&headers, body.as_bytes().to_vec())
    }

    #[test]
    fn collects_everything_that_is_wrong() {
        let mut fields = read(r#"{"name":"","owner":7,"other":1}"#).unwrap();
        assert_eq!(fields.required("name", 1..=3), "");
        assert_eq!(fields.optional("owner", 0..=3), Field::Missing);
        assert_eq!(fields.required("secret", 1..=3), "");
        let errors = fields.errors.clone();
        assert_eq!(
            errors.keys().collect::<Vec<_>>(),
            ["name", "owner", "secret"]
        );
        assert!(fields.finish().is_err());
    }

    #[test]
    fn refuses_nul_and_too_long_texts() {
        let mut fields = read(r#"{"a":"x\u0000","b":"wxyz"}"#).unwrap();
        fields.required("a", 1..=3);
        fields.required("b", 1..=3);
        assert_eq!(fields.errors.len(), 2);
    }
}
