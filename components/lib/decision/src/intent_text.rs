//! JSON flattened to lines that say what a request means to do (OB §8).

use crate::json::{Comments, Value, parse};

/// Keys that say nothing about meaning, normalised; what is below them is left out.
const NOISE: [&str; 6] = [
    "id",
    "request id",
    "trace id",
    "timestamp",
    "created at",
    "updated at",
];

/// How much longer than its source a flattened text may become: a long key above
/// many values is repeated on each of their lines.
const GROWTH: usize = 4;

/// Flattens a JSON text: one line per value, the keys above it in front, all in
/// lower case, keys split into words, identifiers and timestamps left out.
///
/// None if the text is not JSON (trailing commas are accepted, comments are not), is
/// nested deeper than 64 or would grow beyond bounds; the caller then takes the text
/// as it is. What this leaves out is hidden from a classifier only; rules and the
/// body's size see the whole body.
#[must_use]
pub fn intent_text(json: &str) -> Option<String> {
    let value = parse(json, Comments::Refused).ok()?;
    let mut lines = Lines {
        text: String::new(),
        limit: json.len().saturating_mul(GROWTH).saturating_add(1024),
    };
    lines.flatten(&value, None)?;
    Some(lines.text.trim().to_owned())
}

struct Lines {
    text: String,
    limit: usize,
}

impl Lines {
    /// None if the text grew beyond its limit.
    fn flatten(&mut self, value: &Value<'_>, prefix: Option<&str>) -> Option<()> {
        match value {
            Value::Object(properties) => {
                for (name, value) in properties {
                    let key = words(name);
                    if NOISE.contains(&key.as_str()) {
                        continue;
                    }
                    match prefix.filter(|prefix| !prefix.is_empty()) {
                        Some(prefix) => self.flatten(value, Some(&format!("{prefix} {key}")))?,
                        None => self.flatten(value, Some(&key))?,
                    }
                }
                Some(())
            }
            Value::Array(items) => {
                let simple: Vec<String> = items.iter().filter_map(simple).collect();
                match prefix {
                    Some(prefix) if !simple.is_empty() => self.line(prefix, &simple.join(", ")),
                    _ => items.iter().try_for_each(|item| self.flatten(item, prefix)),
                }
            }
            scalar => match (prefix, simple(scalar)) {
                (Some(prefix), Some(value)) => self.line(prefix, &value),
                _ => Some(()),
            },
        }
    }

    fn line(&mut self, prefix: &str, value: &str) -> Option<()> {
        if self.text.len() + prefix.len() + value.len() > self.limit {
            return None;
        }
        self.text.push_str(prefix);
        self.text.push(' ');
        self.text.push_str(value);
        self.text.push('\n');
        Some(())
    }
}

fn simple(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Text(text) if !text.is_empty() => Some(lower(text)),
        Value::Number(source) => Some((*source).to_owned()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// A key as words: `userName` and `user_name` become `user name`.
fn words(key: &str) -> String {
    if key.trim().is_empty() {
        return key.to_owned();
    }
    let mut spaced = String::with_capacity(key.len() + 4);
    let mut previous = ' ';
    for character in key.chars() {
        if previous.is_ascii_lowercase() && character.is_ascii_uppercase() {
            spaced.push(' ');
        }
        spaced.push(if character == '_' { ' ' } else { character });
        previous = character;
    }
    lower(&spaced)
}

/// Lower case, character by character: no context, no locale.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}
