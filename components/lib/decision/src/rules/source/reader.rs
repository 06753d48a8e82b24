//! Properties of objects, read by name, with the problems they have.

use std::borrow::Cow;

use crate::json::Value;
use crate::rules::limits;
use crate::{DecisionType, Problem};

/// The problems found so far.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) problems: Vec<Problem>,
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

/// Whether a text has the shape of RFC 3339's dates or date-times.
fn is_date(text: &str) -> bool {
    let fits = |pattern: &str, text: &str| {
        pattern.len() == text.len()
            && pattern
                .bytes()
                .zip(text.bytes())
                .all(|(expected, byte)| match expected {
                    b'0' => byte.is_ascii_digit(),
                    other => byte.eq_ignore_ascii_case(&other),
                })
    };
    let Some((day, time)) = text.split_at_checked(10) else {
        return false;
    };
    if !fits("0000-00-00", day) {
        return false;
    }
    if time.is_empty() {
        return true;
    }
    let Some((clock, rest)) = time.split_at_checked(9) else {
        return false;
    };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|digit: char| digit.is_ascii_digit());
            if zone.len() == fraction.len() {
                return false;
            }
            zone
        }
        None => rest,
    };
    fits("T00:00:00", clock)
        && (zone.is_empty()
            || zone.eq_ignore_ascii_case("z")
            || fits("+00:00", zone)
            || fits("-00:00", zone))
}

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn knows_dates_by_their_shape() {
        for (text, expected) in [
            ("2026-01-31", true),
            ("2026-01-31T12:00:00Z", true),
            ("2026-01-31t12:00:00.123456z", true),
            ("2026-01-31T12:00:00+02:00", true),
            ("2026-01-31T12:00:00", true),
            ("2026-01-31T12:00", false),
            ("2026-01-31T12:00:00.Z", false),
            ("2026-01-31 x", false),
            ("31.01.2026", false),
            ("2026-1-31", false),
            ("äääääääääää", false),
            ("", false),
        ] {
            assert_eq!(is_date(text), expected, "{text}");
        }
    }
}
