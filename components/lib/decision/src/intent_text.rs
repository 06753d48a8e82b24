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

/// Longest text under a key of [`NOISE`] that is taken for an identifier or a timestamp.
const IDENTIFIER: usize = 64;

/// A flattened text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flattened {
    /// Its lines.
    pub text: String,
    /// Nothing was left out that may say something: no object, list or long text under a
    /// key that says nothing, no object or list beside simple values, no value without a
    /// key, and no empty object, which is an operator in some query languages.
    pub whole: bool,
}

/// Flattens a JSON text: one line per value, the keys above it in front, all in
/// lower case, keys split into words, identifiers and timestamps left out.
///
/// None if the text is not JSON (trailing commas are accepted, comments are not), is
/// nested deeper than 64 or would grow beyond bounds; the caller then takes the text
/// as it is, and had better do so if it is not [whole](Flattened::whole). What this
/// leaves out is hidden from a classifier only; rules and the body's size see the whole
/// body.
#[must_use]
pub fn intent_text(json: &str) -> Option<Flattened> {
    let value = parse(json, Comments::Refused).ok()?;
    let mut lines = Lines {
        text: String::new(),
        whole: true,
        copied: 0,
        limit: json.len().saturating_mul(GROWTH).saturating_add(1024),
    };
    lines.flatten(&value, None)?;
    Some(Flattened {
        text: lines.text.trim().to_owned(),
        whole: lines.whole,
    })
}

struct Lines {
    text: String,
    whole: bool,
    /// Bytes of keys that were put together, of which nothing else need come.
    copied: usize,
    limit: usize,
}

impl Lines {
    /// None if the text, or the work for it, grew beyond its limit.
    fn flatten(&mut self, value: &Value<'_>, prefix: Option<&str>) -> Option<()> {
        match value {
            Value::Object(properties) => {
                self.whole &= prefix.is_none() || !properties.is_empty();
                for (name, value) in properties {
                    self.property(&words(name), value, prefix)?;
                }
                Some(())
            }
            Value::Array(items) => {
                let simple: Vec<String> = items.iter().filter_map(simple).collect();
                match prefix {
                    Some(prefix) if !simple.is_empty() => {
                        self.whole &= !items.iter().any(has_parts);
                        self.line(prefix, &simple.join(", "))
                    }
                    _ => items.iter().try_for_each(|item| self.flatten(item, prefix)),
                }
            }
            scalar => match (prefix, simple(scalar)) {
                (Some(prefix), Some(value)) => self.line(prefix, &value),
                (None, Some(_)) => {
                    self.whole = false;
                    Some(())
                }
                _ => Some(()),
            },
        }
    }

    fn property(&mut self, key: &str, value: &Value<'_>, prefix: Option<&str>) -> Option<()> {
        if NOISE.contains(&key) {
            let is_long = matches!(value, Value::Text(text) if text.len() > IDENTIFIER);
            self.whole &= !is_long && !has_parts(value);
            return Some(());
        }
        match prefix.filter(|prefix| !prefix.is_empty()) {
            Some(prefix) => {
                self.copied += prefix.len() + key.len() + 1;
                if self.copied > self.limit {
                    return None;
                }
                self.flatten(value, Some(&format!("{prefix} {key}")))
            }
            None => self.flatten(value, Some(key)),
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

/// Whether it is an object or a list with something in it.
const fn has_parts(value: &Value<'_>) -> bool {
    match value {
        Value::Object(properties) => !properties.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
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
