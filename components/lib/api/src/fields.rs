//! Reads the fields of a JSON body and collects all that is wrong with them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::problem::{Kind, Refusal};
use crate::{BodyError, RequestBody};

/// Largest body of a management request, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// What stands for a secret wherever it could be read.
const MASK: &str = "***";

/// What is wrong with a JSON text, without the texts that stand in it: it may be a secret
/// that stands in the wrong place.
fn told(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let mut parts = message.split('"');
    let mut shown = parts.next().unwrap_or_default().to_owned();
    // Whatever lies between the first and the last mark is somebody's text.
    if let Some(rest) = parts.next_back() {
        shown.push_str("\"…\"");
        shown.push_str(rest);
    }
    shown
}

/// Reads a body whose form is fixed.
pub(crate) fn typed<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        let kind = if error.is_data() {
            Kind::Invalid
        } else {
            Kind::MalformedJson
        };
        Refusal::new(kind).detail(told(&error))
    })
}

/// A field that may be missing or null.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Field<T> {
    Missing,
    Null,
    Given(T),
}

impl<T> Field<T> {
    /// What was given, if anything.
    pub(crate) fn given(self) -> Option<T> {
        match self {
            Self::Given(value) => Some(value),
            Self::Missing | Self::Null => None,
        }
    }
}

/// The fields of a JSON object; what is taken is checked, what is left is unknown.
pub(crate) struct Fields {
    object: Map<String, Value>,
    errors: BTreeMap<String, Vec<String>>,
    /// What was taken, secrets masked.
    taken: Map<String, Value>,
}

impl Fields {
    /// Reads the body of a management request.
    pub(crate) fn read(headers: &HeaderMap, body: impl RequestBody) -> Result<Self, Refusal> {
        if !is_json(headers) {
            return Err(Refusal::new(Kind::UnsupportedMediaType));
        }
        let bytes = Self::read_body(body)?;
        Self::parse(&bytes)
    }

    /// Reads the body of a management request that need not have one.
    pub(crate) fn read_if_any(
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Result<Self, Refusal> {
        let bytes = Self::read_body(body)?;
        if bytes.is_empty() {
            return Ok(Self::of(Map::new()));
        }
        if !is_json(headers) {
            return Err(Refusal::new(Kind::UnsupportedMediaType));
        }
        Self::parse(&bytes)
    }

    fn of(object: Map<String, Value>) -> Self {
        Self {
            object,
            errors: BTreeMap::new(),
            taken: Map::new(),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|error| Refusal::new(Kind::MalformedJson).detail(error.to_string()))?;
        match value {
            Value::Object(object) => Ok(Self::of(object)),
            _ => Err(Refusal::new(Kind::Invalid).detail("the body must be a JSON object")),
        }
    }

    /// The body of a management request, whatever it is.
    pub(crate) fn read_body(body: impl RequestBody) -> Result<Vec<u8>, Refusal> {
        Self::read_at_most(body, MAX_BODY)
    }

    /// A body that may be longer than most, at most `limit` bytes.
    pub(crate) fn read_at_most(body: impl RequestBody, limit: usize) -> Result<Vec<u8>, Refusal> {
        body.read(limit).map_err(|error| match error {
            BodyError::TooLong(limit) => {
                Refusal::new(Kind::TooLarge).detail(format!("at most {limit} bytes"))
            }
            // Not in the log: anyone could fill it.
            BodyError::Broken(_) => Refusal::new(Kind::Invalid).detail("the body broke off"),
        })
    }

    fn error(&mut self, name: &str, message: impl Into<String>) {
        self.errors
            .entry(name.to_owned())
            .or_default()
            .push(message.into());
    }

    /// Takes a field out and notes it; `shown` is what is noted of it.
    fn take(&mut self, name: &str, shown: impl FnOnce(&Value) -> Value) -> Option<Value> {
        let value = self.object.remove(name)?;
        self.taken.insert(name.to_owned(), shown(&value));
        Some(value)
    }

    fn text(
        &mut self,
        name: &str,
        value: Option<Value>,
        check: impl FnOnce(&str) -> Result<(), String>,
    ) -> Field<String> {
        match value {
            None => Field::Missing,
            Some(Value::Null) => Field::Null,
            Some(Value::String(text)) => {
                if let Err(message) = check(&text) {
                    self.error(name, message);
                }
                Field::Given(text)
            }
            Some(_) => {
                self.error(name, "must be a string");
                Field::Missing
            }
        }
    }

    /// A field that may be missing or null; `characters` bounds its length.
    pub(crate) fn optional(
        &mut self,
        name: &str,
        characters: RangeInclusive<usize>,
    ) -> Field<String> {
        let value = self.take(name, Value::clone);
        self.text(name, value, |text| check_text(text, characters))
    }

    /// A name that may be missing or null: 1 to `most` characters without white space
    /// at either end.
    pub(crate) fn optional_name(&mut self, name: &str, most: usize) -> Field<String> {
        let value = self.take(name, Value::clone);
        self.text(name, value, |text| check_name(text, most))
    }

    /// A text of several lines that may be missing or null; `characters` bounds its length.
    pub(crate) fn optional_lines(
        &mut self,
        name: &str,
        characters: RangeInclusive<usize>,
    ) -> Field<String> {
        let value = self.take(name, Value::clone);
        self.text(name, value, |text| {
            check_text(&text.replace(['\n', '\t'], " "), characters)
        })
    }

    /// A truth value that must be there; `false` if it is not, and then `finish` refuses.
    pub(crate) fn required_flag(&mut self, name: &str) -> bool {
        match self.take(name, Value::clone) {
            Some(Value::Bool(flag)) => return flag,
            None | Some(Value::Null) => self.error(name, "is required"),
            Some(_) => self.error(name, "must be true or false"),
        }
        false
    }

    /// A secret that may be missing or null, of which only that it was there is noted.
    pub(crate) fn optional_secret(
        &mut self,
        name: &str,
        check: impl FnOnce(&str) -> Result<(), String>,
    ) -> Field<String> {
        let value = self.take(name, |value| match value {
            Value::Null => Value::Null,
            _ => MASK.into(),
        });
        self.text(name, value, check)
    }

    /// An integer that may be missing or null.
    pub(crate) fn optional_number(&mut self, name: &str, range: RangeInclusive<u32>) -> Field<u32> {
        match self.take(name, Value::clone) {
            None => Field::Missing,
            Some(Value::Null) => Field::Null,
            Some(value) => {
                let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
                if let Some(number) = number.filter(|number| range.contains(number)) {
                    return Field::Given(number);
                }
                let (least, most) = (range.start(), range.end());
                self.error(name, format!("must be an integer from {least} to {most}"));
                Field::Missing
            }
        }
    }

    /// A field that must be a text; empty if it is not, and then `finish` refuses.
    pub(crate) fn required(&mut self, name: &str, characters: RangeInclusive<usize>) -> String {
        let field = self.optional(name, characters);
        self.must(name, field)
    }

    /// A name that must be there; empty if it is not, and then `finish` refuses.
    pub(crate) fn required_name(&mut self, name: &str, most: usize) -> String {
        let field = self.optional_name(name, most);
        self.must(name, field)
    }

    fn must(&mut self, name: &str, field: Field<String>) -> String {
        let text = field.given();
        if text.is_none() && !self.errors.contains_key(name) {
            self.error(name, "is required");
        }
        text.unwrap_or_default()
    }

    /// A secret that must be there, whatever it is; empty if it is not, and then
    /// `finish` refuses.
    pub(crate) fn required_secret(&mut self, name: &str) -> String {
        let field = self.optional_secret(name, |_| Ok(()));
        self.must(name, field)
    }

    /// An object that must be there, whose values are secrets: only its names are noted.
    /// Empty if it is not there, and then `finish` refuses.
    pub(crate) fn required_secrets(&mut self, name: &str) -> Map<String, Value> {
        let names = |value: &Value| match value {
            Value::Object(members) => members.keys().cloned().collect(),
            _ => MASK.into(),
        };
        match self.take(name, names) {
            Some(Value::Object(members)) => members,
            Some(_) => {
                self.error(name, "must be an object");
                Map::new()
            }
            None => {
                self.error(name, "is required");
                Map::new()
            }
        }
    }

    /// Notes what a caller found wrong with a field.
    pub(crate) fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.error(name, message);
    }

    /// What was taken, secrets masked.
    ///
    /// # Errors
    /// Refuses if anything was wrong or is left over.
    pub(crate) fn finish(mut self) -> Result<Map<String, Value>, Refusal> {
        let unknown: Vec<String> = self.object.keys().cloned().collect();
        for name in unknown {
            self.error(&name, "is not a field of this request");
        }
        if self.errors.is_empty() {
            Ok(self.taken)
        } else {
            Err(Refusal::fields(&self.errors))
        }
    }
}

/// U+0000 is refused everywhere, other control characters in names too.
pub(crate) fn check_text(text: &str, characters: RangeInclusive<usize>) -> Result<(), String> {
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

/// Names that look the same are no two names: white space at an end could not be seen.
fn check_name(text: &str, most: usize) -> Result<(), String> {
    check_text(text, 1..=most)?;
    if text.trim().len() != text.len() {
        return Err("must not begin or end with white space".to_owned());
    }
    Ok(())
}

/// Whether a request says that its body is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
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
        let mut fields = read(r#"{"name":"","owner":7,"limit":1.5,"other":1}"#).unwrap();
        assert_eq!(fields.required("name", 1..=3), "");
        assert_eq!(fields.optional("owner", 0..=3), Field::Missing);
        assert_eq!(fields.required("secret", 1..=3), "");
        assert_eq!(fields.optional_number("limit", 0..=9), Field::Missing);
        let errors = fields.errors.clone();
        assert_eq!(
            errors.keys().collect::<Vec<_>>(),
            ["limit", "name", "owner", "secret"]
        );
        assert!(fields.finish().is_err());
    }

    #[test]
    fn a_body_that_breaks_off_makes_no_line_in_the_log() {
        struct Broken;
        impl RequestBody for Broken {
            fn read(self, _: usize) -> Result<Vec<u8>, BodyError> {
                Err(BodyError::Broken("reset".to_owned()))
            }
        }
        let refusal = Fields::read_body(Broken).unwrap_err();
        assert_eq!(refusal.status().as_u16(), 400);
        assert_eq!(refusal.context(), None);
    }

    #[test]
    fn refuses_nul_and_too_long_texts() {
        let mut fields = read(r#"{"a":"x\u0000","b":"wxyz"}"#).unwrap();
        fields.required("a", 1..=3);
        fields.required("b", 1..=3);
        assert_eq!(fields.errors.len(), 2);
    }

    #[test]
    fn a_name_has_no_white_space_at_its_ends() {
        let cases = [
            ("a", true),
            ("a b", true),
            ("", false),
            (" ", false),
            (" a", false),
            ("a\u{a0}", false),
            ("a\tb", false),
            ("abcde", false),
        ];
        for (name, good) in cases {
            assert_eq!(check_name(name, 4).is_ok(), good, "{name:?}");
        }
    }

    #[test]
    fn gives_what_was_taken_with_secrets_masked() {
        let mut fields = read(r#"{"name":"a","secret":"s3cret","none":null,"n":7}"#).unwrap();
        fields.required("name", 1..=3);
        fields.optional_secret("secret", |_| Ok(()));
        fields.optional_secret("none", |_| Ok(()));
        assert_eq!(fields.optional_number("n", 0..=9), Field::Given(7));
        let taken = Value::Object(fields.finish().unwrap());
        let expected = serde_json::json!({"name": "a", "secret": "***", "none": null, "n": 7});
        assert_eq!(taken, expected);
    }
}
