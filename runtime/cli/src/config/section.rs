//! A section whose keys are taken one by one; what is left is unknown.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use serde_json::Value;

use super::{Mistake, Severity, Tree, find, span};

/// A section of the configuration under its name.
pub(super) struct Section<'a> {
    name: String,
    tree: Tree,
    known: Vec<&'static str>,
    mistakes: &'a mut Vec<Mistake>,
}

impl<'a> Section<'a> {
    /// Takes the section out of the tree above it. A missing one is empty.
    pub(super) fn take(
        above: &mut Tree,
        prefix: &str,
        name: &'static str,
        mistakes: &'a mut Vec<Mistake>,
    ) -> Self {
        let key = find(above, name).unwrap_or(name).to_owned();
        let full = format!("{prefix}{name}");
        let tree = match above.remove(&key) {
            Some(Value::Object(tree)) => tree,
            None | Some(Value::Null) => Tree::new(),
            Some(_) => {
                mistakes.push(error(&full, "must be an object"));
                Tree::new()
            }
        };
        Self {
            name: full,
            tree,
            known: Vec::new(),
            mistakes,
        }
    }

    /// A section within this one.
    pub(super) fn section(&mut self, name: &'static str) -> Section<'_> {
        self.known.push(name);
        Section::take(
            &mut self.tree,
            &format!("{}.", self.name),
            name,
            self.mistakes,
        )
    }

    /// The full name of a key.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.name)
    }

    /// Says that a key's value is wrong.
    pub(super) fn refuse(&mut self, name: &str, message: impl Into<String>) {
        let key = self.key(name);
        self.mistakes.push(error(&key, message));
    }

    /// Says something about a key's value, and no more.
    pub(super) fn warn(&mut self, name: &str, message: impl Into<String>) {
        self.mistakes.push(Mistake {
            severity: Severity::Warning,
            key: self.key(name),
            message: message.into(),
        });
    }

    /// Says that a key, if it is there, does nothing.
    pub(super) fn inert(&mut self, name: &'static str) {
        if self.value(name).is_some() {
            self.warn(name, "has no effect in this version");
        }
    }

    fn value(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        let key = find(&self.tree, name)?.to_owned();
        self.tree.remove(&key).filter(|value| !value.is_null())
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) if !text.trim().is_empty() => Some(text),
            _ => {
                self.refuse(name, "must be a text that is not empty");
                None
            }
        }
    }

    /// A text; an empty one counts as none.
    pub(super) fn text_or_nothing(&mut self, name: &'static str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text).filter(|text| !text.trim().is_empty()),
            _ => {
                self.refuse(name, "must be a text");
                None
            }
        }
    }

    /// True or false.
    pub(super) fn flag(&mut self, name: &'static str, default: bool) -> bool {
        let value = match self.value(name) {
            None => return default,
            Some(Value::Bool(flag)) => Some(flag),
            Some(Value::String(text)) => text.trim().to_ascii_lowercase().parse().ok(),
            Some(_) => None,
        };
        value.unwrap_or_else(|| {
            self.refuse(name, "must be true or false");
            default
        })
    }

    /// A whole number within a range.
    pub(super) fn number<N>(
        &mut self,
        name: &'static str,
        range: RangeInclusive<N>,
        default: N,
    ) -> N
    where
        N: Copy + PartialOrd + std::fmt::Display + TryFrom<u64>,
    {
        let Some(value) = self.value(name) else {
            return default;
        };
        whole(&value, &range).unwrap_or_else(|message| {
            self.refuse(name, message);
            default
        })
    }

    /// Every entry of the section, whatever its name: a whole number within a range.
    pub(super) fn numbers<N>(mut self, range: RangeInclusive<N>) -> Vec<(String, N)>
    where
        N: Copy + PartialOrd + std::fmt::Display + TryFrom<u64>,
    {
        let mut numbers = Vec::new();
        for (name, value) in std::mem::take(&mut self.tree) {
            match whole(&value, &range) {
                _ if value.is_null() => {}
                Ok(number) => numbers.push((name, number)),
                Err(message) => self.refuse(&name, message),
            }
        }
        numbers
    }

    /// A list of texts that can be read as something; `what` says as what.
    pub(super) fn list<T: FromStr>(&mut self, name: &'static str, what: &str) -> Vec<T> {
        let list = match self.value(name) {
            None => return Vec::new(),
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.refuse(name, "must be a list");
                return Vec::new();
            }
        };
        let mut read = Vec::new();
        for (at, item) in list.iter().enumerate() {
            match item.as_str().map(str::parse) {
                Some(Ok(item)) => read.push(item),
                _ => self.refuse(&format!("{name}[{at}]"), what),
            }
        }
        read
    }

    /// A time span within a range.
    pub(super) fn span(
        &mut self,
        name: &'static str,
        range: RangeInclusive<Duration>,
        default: Duration,
    ) -> Duration {
        let span = match self.value(name) {
            None => return default,
            Some(Value::String(text)) => span::parse(text.trim()),
            Some(_) => None,
        };
        span.filter(|span| range.contains(span)).unwrap_or_else(|| {
            let (low, high) = (span::write(*range.start()), span::write(*range.end()));
            self.refuse(
                name,
                format!("must be a time span `[d.]hh:mm:ss` from {low} to {high}"),
            );
            default
        })
    }

    /// Everything that nobody has taken is a mistake.
    pub(super) fn end(self) {
        for key in self.tree.keys() {
            let near = self.known.iter().find(|known| is_near(key, known));
            let hint = near
                .map(|near| format!(", did you mean `{near}`?"))
                .unwrap_or_default();
            let full = format!("{}.{key}", self.name);
            self.mistakes
                .push(error(&full, format!("is not a known key{hint}")));
        }
    }
}

/// A whole number within a range, also as text.
fn whole<N>(value: &Value, range: &RangeInclusive<N>) -> Result<N, String>
where
    N: Copy + PartialOrd + std::fmt::Display + TryFrom<u64>,
{
    let number = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .and_then(|number| N::try_from(number).ok())
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            let (low, high) = (range.start(), range.end());
            format!("must be a whole number from {low} to {high}")
        })
}

pub(super) fn error(key: &str, message: impl Into<String>) -> Mistake {
    Mistake {
        severity: Severity::Error,
        key: key.to_owned(),
        message: message.into(),
    }
}

/// Whether two names differ by two letters at most.
fn is_near(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let other: Vec<char> = other.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in (1..).zip(one.chars().take(64)) {
        let mut diagonal = line - 1;
        let mut left = line;
        let mut next = vec![line];
        for (above, against) in row.iter().skip(1).zip(&other) {
            left = (diagonal + usize::from(letter != *against))
                .min(above + 1)
                .min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().is_some_and(|distance| *distance <= 2)
}
