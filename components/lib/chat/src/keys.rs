//! A section of the configuration whose keys are taken one by one; what is left is
//! unknown. Keys match in any case, and numbers and flags may be written as text, as
//! environment variables are.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};
use vectra_decision::ClassifierProblem;

/// A section under its name.
pub(crate) struct Section {
    /// With a dot at its end, or nothing.
    prefix: String,
    tree: Map<String, Value>,
    problems: Vec<ClassifierProblem>,
}

impl Section {
    pub fn root(text: &str) -> Self {
        let mut root = Self {
            prefix: String::new(),
            tree: Map::new(),
            problems: Vec::new(),
        };
        match serde_json::from_str(text) {
            Ok(Value::Object(tree)) => root.tree = tree,
            _ => root.refuse("", "must be an object"),
        }
        root
    }

    /// A section within this one; a missing one is empty.
    pub fn section(&mut self, name: &str) -> Self {
        let tree = match self.take(name) {
            Some(Value::Object(tree)) => tree,
            None => Map::new(),
            Some(_) => {
                self.refuse(name, "must be an object");
                Map::new()
            }
        };
        Self {
            prefix: format!("{}{name}.", self.prefix),
            tree,
            problems: Vec::new(),
        }
    }

    pub fn refuse(&mut self, name: &str, message: &str) {
        self.problems.push(ClassifierProblem {
            key: format!("{}{name}", self.prefix),
            message: message.to_owned(),
        });
    }

    /// Takes a key; a `null` is as good as none.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let mut keys = self.tree.keys();
        let key = keys.find(|key| key.eq_ignore_ascii_case(name))?.clone();
        self.tree.remove(&key).filter(|value| !value.is_null())
    }

    fn read<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(name)?;
        let read = read(&value);
        if read.is_none() {
            self.refuse(name, &format!("must be {expected}"));
        }
        read
    }

    /// A text that fits, as `expected` says.
    pub fn text(
        &mut self,
        name: &str,
        expected: &str,
        fits: impl FnOnce(&str) -> bool,
    ) -> Option<String> {
        self.read(name, expected, |value| {
            let text = value.as_str()?.trim();
            fits(text).then(|| text.to_owned())
        })
    }

    /// One of these words, in any case; its place among them.
    pub fn choice(&mut self, name: &str, words: &[&str]) -> Option<usize> {
        let expected = words.join(" or ");
        self.read(name, &expected, |value| {
            let text = value.as_str()?.trim();
            words
                .iter()
                .position(|word| word.eq_ignore_ascii_case(text))
        })
    }

    pub fn number(&mut self, name: &str, range: RangeInclusive<u32>, default: u32) -> u32 {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let number = self.read(name, &expected, |value| {
            let number = match value {
                Value::String(text) => text.trim().parse().ok()?,
                other => u32::try_from(other.as_u64()?).ok()?,
            };
            range.contains(&number).then_some(number)
        });
        number.unwrap_or(default)
    }

    pub fn decimal(&mut self, name: &str, range: RangeInclusive<f64>, default: f64) -> f64 {
        let expected = format!("a number from {} to {}", range.start(), range.end());
        let number = self.read(name, &expected, |value| {
            let number = match value {
                Value::String(text) => text.trim().parse().ok()?,
                other => other.as_f64()?,
            };
            range.contains(&number).then_some(number)
        });
        number.unwrap_or(default)
    }

    /// A flag that is off unless it is set.
    pub fn flag(&mut self, name: &str) -> bool {
        let flag = self.read(name, "true or false", |value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
            _ => None,
        });
        flag.unwrap_or(false)
    }

    /// All problems, those of what is left over included.
    pub fn end(mut self) -> Vec<ClassifierProblem> {
        for key in std::mem::take(&mut self.tree)
            .into_iter()
            .map(|(key, _)| key)
        {
            self.refuse(&key, "is not a known key");
        }
        self.problems
    }
}
