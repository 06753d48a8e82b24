//! A configuration tree from which known keys are taken; what is left is unknown.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};
use vectra_decision::{DecisionType, PathMark};

use super::{Problem, Severity};
use crate::proxy::target::HostPort;

/// Most patterns that paths are searched for.
const MAX_MARKS: usize = 64;

/// Longest of them, in bytes.
const MAX_PATTERN: usize = 100;

/// The tree and what was wrong with it. Keys match in any case, as in the
/// original; numbers and flags may be written as text, as environment variables
/// are.
pub(super) struct Tree {
    root: Map<String, Value>,
    problems: Vec<Problem>,
}

impl Tree {
    pub(super) fn parse(text: &str) -> Self {
        let mut tree = Self {
            root: Map::new(),
            problems: Vec::new(),
        };
        match serde_json::from_str(text) {
            Ok(Value::Object(root)) => tree.root = root,
            Ok(_) => tree.refuse("", "the configuration must be a JSON object"),
            Err(error) => tree.refuse("", &format!("not JSON: {error}")),
        }
        tree
    }

    pub(super) fn refuse(&mut self, key: &str, message: &str) {
        self.problem(Severity::Error, key, message);
    }

    fn problem(&mut self, severity: Severity, key: &str, message: &str) {
        let (key, message) = (key.to_owned(), message.to_owned());
        self.problems.push(Problem {
            severity,
            key,
            message,
        });
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        let mut parts = key.split('.').peekable();
        let mut map = &mut self.root;
        while let Some(part) = parts.next() {
            let name = map
                .keys()
                .find(|name| name.eq_ignore_ascii_case(part))?
                .clone();
            if parts.peek().is_none() {
                return map.remove(&name);
            }
            map = map.get_mut(&name)?.as_object_mut()?;
        }
        None
    }

    /// Takes a key and reads it; on a wrong value notes `expected`.
    fn read<T>(
        &mut self,
        key: &str,
        expected: &str,
        default: T,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> T {
        match self.take(key) {
            None | Some(Value::Null) => default,
            Some(value) => read(&value).unwrap_or_else(|| {
                self.refuse(key, &format!("must be {expected}"));
                default
            }),
        }
    }

    pub(super) fn text(&mut self, key: &str, default: &str) -> String {
        self.read(
            key,
            "a text that is not empty",
            default.to_owned(),
            |value| {
                value
                    .as_str()
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned)
            },
        )
    }

    /// A text that may be missing.
    pub(super) fn optional_text(&mut self, key: &str) -> Option<String> {
        self.read(key, "a text that is not empty", None, |value| {
            let text = value.as_str().filter(|text| !text.is_empty())?;
            Some(Some(text.to_owned()))
        })
    }

    /// Takes a group out without reading it, and warns if something is in it.
    pub(super) fn leave_out(&mut self, group: &str, why: &str) {
        let Some(value) = self.take(group) else {
            return;
        };
        if value.as_object().is_none_or(|inner| !inner.is_empty()) {
            self.problem(Severity::Warning, group, why);
        }
    }

    pub(super) fn flag(&mut self, key: &str, default: bool) -> bool {
        self.read(key, "true or false", default, |value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => text.to_ascii_lowercase().parse().ok(),
            _ => None,
        })
    }

    pub(super) fn number<N>(&mut self, key: &str, range: RangeInclusive<u32>, default: N) -> N
    where
        N: TryFrom<u32>,
    {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.read(key, &expected, default, |value| {
            let number = match value {
                Value::String(text) => text.trim().parse().ok()?,
                other => other.as_u64()?,
            };
            let number = u32::try_from(number)
                .ok()
                .filter(|number| range.contains(number))?;
            N::try_from(number).ok()
        })
    }

    /// A number from 0 to 1.
    pub(super) fn share(&mut self, key: &str, default: f64) -> f64 {
        self.read(key, "a number from 0 to 1", default, |value| {
            let number = match value {
                Value::String(text) => text.trim().parse().ok()?,
                other => other.as_f64()?,
            };
            (0.0..=1.0).contains(&number).then_some(number)
        })
    }

    pub(super) fn outcome(&mut self, key: &str, default: DecisionType) -> DecisionType {
        self.read(key, "Allow, Deny or Hitl", default, |value| {
            match value.as_str()?.to_ascii_lowercase().as_str() {
                "allow" => Some(DecisionType::Allow),
                "deny" => Some(DecisionType::Deny),
                "hitl" => Some(DecisionType::Hitl),
                _ => None,
            }
        })
    }

    /// A time span `[d.]hh:mm:ss`, in seconds.
    pub(super) fn span(&mut self, key: &str, range: RangeInclusive<i64>, default: i64) -> i64 {
        let expected = format!(
            "a time span [d.]hh:mm:ss from {} to {} seconds",
            range.start(),
            range.end()
        );
        self.read(key, &expected, default, |value| {
            parse_span(value.as_str()?).filter(|seconds| range.contains(seconds))
        })
    }

    /// A share in a whole: a number from 0 to 1,000.
    pub(super) fn weight(&mut self, key: &str, default: f64) -> f64 {
        self.read(key, "a number from 0 to 1000", default, |value| {
            let number = match value {
                Value::String(text) => text.trim().parse().ok()?,
                other => other.as_f64()?,
            };
            (0.0..=1_000.0).contains(&number).then_some(number)
        })
    }

    /// One of these words, in any case; its place among them, the first by default.
    pub(super) fn choice(&mut self, key: &str, words: &[&str]) -> usize {
        let expected = words.join(" or ");
        self.read(key, &expected, 0, |value| {
            let text = value.as_str()?;
            words
                .iter()
                .position(|word| word.eq_ignore_ascii_case(text))
        })
    }

    /// What paths are searched for: objects of `Pattern` and `Score`.
    pub(super) fn path_marks(&mut self, key: &str) -> Option<Vec<PathMark>> {
        let expected = format!(
            "a list of at most {MAX_MARKS} objects of a `Pattern` of 1 to {MAX_PATTERN} bytes \
and a `Score` from 0 to 1"
        );
        self.read(key, &expected, None, |value| {
            let items = value.as_array().filter(|items| items.len() <= MAX_MARKS)?;
            items.iter().map(path_mark).collect::<Option<_>>().map(Some)
        })
    }

    /// Takes what is left of a group, without the keys named; its JSON.
    pub(super) fn take_group(&mut self, group: &str, without: &[&str]) -> String {
        for name in without {
            self.take(&format!("{group}.{name}"));
        }
        match self.take(group) {
            Some(value @ Value::Object(_)) => value.to_string(),
            Some(_) => {
                self.refuse(group, "must be an object");
                "{}".to_owned()
            }
            None => "{}".to_owned(),
        }
    }

    /// A list of texts; none if the key is not there.
    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        self.read(key, "a list of texts", None, |value| {
            let items = value.as_array()?.iter();
            items
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<_>>()
                .map(Some)
        })
    }

    /// A list of `host:port`.
    pub(super) fn hosts(&mut self, key: &str) -> Vec<HostPort> {
        let mut hosts = Vec::new();
        for (at, text) in self.texts(key).unwrap_or_default().iter().enumerate() {
            match HostPort::parse(text) {
                Some(host) => hosts.push(host),
                None => {
                    let key = format!("{key}[{at}]");
                    self.refuse(&key, &format!("`{text}` is not of the form host:port"));
                }
            }
        }
        hosts
    }

    /// All problems, those of what is left over included.
    pub(super) fn finish(mut self, inert: &[&str], secrets: &[(&str, &str)]) -> Vec<Problem> {
        let mut left = Vec::new();
        leaves(&self.root, "", &mut left);
        for key in left {
            let same = |known: &str| known.eq_ignore_ascii_case(&key);
            let within = |group: &str| {
                group.ends_with('.')
                    && key
                        .get(..group.len())
                        .is_some_and(|head| head.eq_ignore_ascii_case(group))
            };
            if let Some((_, variable)) = secrets.iter().find(|(secret, _)| same(secret)) {
                let message =
                    format!("a secret does not belong here; give it as the variable `{variable}`");
                self.refuse(&key, &message);
            } else if inert.iter().any(|known| same(known) || within(known)) {
                self.problem(Severity::Warning, &key, "has no effect in this version");
            } else {
                self.refuse(&key, "is not a known key");
            }
        }
        self.problems
    }
}

fn path_mark(value: &Value) -> Option<PathMark> {
    let object = value.as_object().filter(|object| object.len() == 2)?;
    let field = |name: &str| {
        let mut fields = object.iter();
        fields.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    };
    let pattern = field("Pattern")?.as_str()?;
    let score = match field("Score")? {
        Value::String(text) => text.trim().parse().ok()?,
        other => other.as_f64()?,
    };
    let usable = (1..=MAX_PATTERN).contains(&pattern.len()) && (0.0..=1.0).contains(&score);
    usable.then(|| PathMark {
        pattern: pattern.to_owned(),
        score,
    })
}

fn leaves(map: &Map<String, Value>, prefix: &str, found: &mut Vec<String>) {
    for (name, value) in map {
        let key = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            Value::Object(inner) => leaves(inner, &key, found),
            _ => found.push(key),
        }
    }
}

fn parse_span(text: &str) -> Option<i64> {
    let (days, clock) = text.split_once('.').unwrap_or(("0", text));
    let mut parts = clock
        .split(':')
        .map(|part| part.parse::<i64>().ok().filter(|n| *n >= 0));
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let days = days
        .parse::<i64>()
        .ok()
        .filter(|days| (0..=10_000).contains(days))?;
    Some(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
}
