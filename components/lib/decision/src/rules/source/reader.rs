//! Properties of objects, read by name, with the problems they have.

use std::borrow::Cow;

use super::date::is_date;
use crate::json::Value;
use crate::rules::limits;
use crate::{DecisionType, Problem};

/// The problems found so far.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
}

impl Reader {
    /// Notes a problem, unless there are too many to be read.
    pub(super) fn problem(&mut self, place: &str, message: impl Into<String>) {
        if self.problems.len() < limits::PROBLEMS {
            self.problems.push(Problem {
                place: place.to_owned(),
                message: message.into(),
            });
        }
    }

    /// A value, or a problem and none.
    pub(super) fn accept<T>(&mut self, place: &str, value: Result<T, String>) -> Option<T> {
        value.map_err(|message| self.problem(place, message)).ok()
    }
}

/// The properties of one object that nobody has asked for yet.
pub(super) struct Properties<'a> {
    place: String,
    properties: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl<'a> Properties<'a> {
    /// The properties of an object; repeated ones are problems.
    pub(super) fn of(reader: &mut Reader, place: &str, value: Value<'a>) -> Option<Self> {
        let Value::Object(properties) = value else {
            let message = format!("expected an object, found {}", value.kind());
            reader.problem(if place.is_empty() { "$" } else { place }, message);
            return None;
        };
        let properties = Self {
            place: place.to_owned(),
            properties,
        };
        let mut names: Vec<String> = properties
            .properties
            .iter()
            .map(|(name, _)| name.to_ascii_lowercase())
            .collect();
        names.sort_unstable();
        for pair in names.windows(2) {
            if let [first, second] = pair
                && first == second
            {
                reader.problem(&properties.at(first), "this property is given twice");
            }
        }
        Some(properties)
    }

    fn at(&self, name: &str) -> String {
        if self.place.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.place)
        }
    }

    fn take(&mut self, name: &str) -> Option<Value<'a>> {
        let index = self
            .properties
            .iter()
            .position(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(self.properties.swap_remove(index).1)
    }

    fn unexpected(&self, reader: &mut Reader, name: &str, expected: &str, found: &Value<'_>) {
        let message = format!("expected {expected}, found {}", found.kind());
        reader.problem(&self.at(name), message);
    }

    /// A text; `null` counts as absent.
    pub(super) fn text(
        &mut self,
        reader: &mut Reader,
        name: &str,
        longest: usize,
    ) -> Option<Cow<'a, str>> {
        match self.take(name)? {
            Value::Null => None,
            Value::Text(text) => {
                if let Some(message) = unfit(&text, longest) {
                    reader.problem(&self.at(name), message);
                }
                Some(text)
            }
            other => {
                self.unexpected(reader, name, "text", &other);
                None
            }
        }
    }

    /// A date or a date with its time; `null` counts as absent.
    pub(super) fn date(&mut self, reader: &mut Reader, name: &str) -> Option<Cow<'a, str>> {
        let text = self.text(reader, name, limits::NAME)?;
        if !is_date(&text) {
            let message =
                format!("`{text}` is not a date such as `2026-01-31` or `2026-01-31T12:00:00Z`");
            reader.problem(&self.at(name), message);
        }
        Some(text)
    }

    /// Whether a policy is only tried out.
    pub(super) fn mode(&mut self, reader: &mut Reader, name: &str) -> bool {
        match self.take(name) {
            None => false,
            Some(Value::Text(text)) if text.eq_ignore_ascii_case("shadow") => true,
            Some(Value::Text(text)) if text.eq_ignore_ascii_case("enforce") => false,
            Some(other) => {
                let message = format!("{other} is neither Enforce nor Shadow");
                reader.problem(&self.at(name), shortened(message));
                false
            }
        }
    }

    /// Names the properties that nobody asked for, which may be misspelt.
    pub(super) fn end(self, reader: &mut Reader) {
        for (name, _) in &self.properties {
            if reader.warnings.len() >= limits::PROBLEMS {
                return;
            }
            reader.warnings.push(Problem {
                place: if self.place.is_empty() {
                    "$".to_owned()
                } else {
                    self.place.clone()
                },
                message: shortened(format!("the unknown property `{name}` is ignored")),
            });
        }
    }

    /// An outcome, by its name or its integer.
    pub(super) fn effect(&mut self, reader: &mut Reader, name: &str) -> Option<DecisionType> {
        const KNOWN: [(&str, &str, DecisionType); 3] = [
            ("allow", "0", DecisionType::Allow),
            ("deny", "1", DecisionType::Deny),
            ("hitl", "2", DecisionType::Hitl),
        ];
        let value = self.take(name)?;
        let effect = KNOWN.iter().find(|(known, code, _)| match &value {
            Value::Text(text) => text.eq_ignore_ascii_case(known),
            Value::Number(source) => source == code,
            _ => false,
        });
        if effect.is_none() {
            let message = format!("{value} is none of Allow (0), Deny (1), Hitl (2)");
            reader.problem(&self.at(name), shortened(message));
        }
        effect.map(|(_, _, effect)| *effect)
    }

    /// A whole number of 32 bits.
    pub(super) fn integer(&mut self, reader: &mut Reader, name: &str) -> Option<i32> {
        let value = self.take(name)?;
        let number = match &value {
            Value::Number(source) => source.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            let message = format!(
                "{value} is not a whole number from {} to {}",
                i32::MIN,
                i32::MAX
            );
            reader.problem(&self.at(name), shortened(message));
        }
        number
    }

    /// A list; empty if absent.
    pub(super) fn list(&mut self, reader: &mut Reader, name: &str) -> Vec<Value<'a>> {
        match self.take(name) {
            None => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.unexpected(reader, name, "a list", &other);
                Vec::new()
            }
        }
    }

    /// Any value; it must be there.
    pub(super) fn any(&mut self, reader: &mut Reader, name: &str) -> Option<Value<'a>> {
        let value = self.take(name);
        if value.is_none() {
            reader.problem(&self.at(name), "a value is missing");
        }
        value
    }
}

/// Why a text cannot be kept, if it cannot.
pub(in crate::rules) fn unfit(text: &str, longest: usize) -> Option<String> {
    if text.contains('\0') {
        return Some("U+0000 is not allowed".to_owned());
    }
    let length = text.chars().count();
    (length > longest).then(|| format!("{length} characters are more than {longest}"))
}

fn shortened(message: String) -> String {
    if message.chars().count() <= 200 {
        return message;
    }
    let start: String = message.chars().take(200).collect();
    start + "…"
}
