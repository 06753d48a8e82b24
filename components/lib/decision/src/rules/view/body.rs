//! The body as JSON.

use std::cell::OnceCell;

use super::Actual;
use crate::PolicyQuestion;
use crate::json::{Comments, Value, parse};

/// The body, parsed when a condition first wants that.
pub(in crate::rules) struct Body<'q> {
    text: Option<&'q str>,
    json: OnceCell<Option<Value<'q>>>,
}

impl<'q> Body<'q> {
    /// The body of a request.
    pub(in crate::rules) fn new(question: &'q PolicyQuestion) -> Self {
        Self {
            text: question.request.body.as_deref(),
            json: OnceCell::new(),
        }
    }

    /// Its text, if there is one.
    pub(super) const fn text(&self) -> Option<&'q str> {
        self.text
    }

    /// The values a path leads to; none if there is no body.
    pub(super) fn at(&self, path: &[String]) -> Vec<Actual<'_>> {
        let Some(text) = self.text.filter(|text| !text.trim().is_empty()) else {
            return Vec::new();
        };
        // Lenient, since the upstream may be; what is not JSON even so is unreadable.
        let json = self
            .json
            .get_or_init(|| parse(text, Comments::Accepted).ok());
        let mut values = Vec::new();
        match json {
            Some(json) => walk(json, path, &mut values),
            None => values.push(Actual::Unreadable("the body is not JSON")),
        }
        values
    }
}

/// Collects what a path leads to: every repeated name, every element of a list that is
/// not asked for by its number, and a missing value for each branch that ends early.
fn walk<'v>(value: &'v Value<'v>, path: &[String], found: &mut Vec<Actual<'v>>) {
    let Some((name, rest)) = path.split_first() else {
        found.push(match value {
            Value::Null => Actual::Missing,
            other => Actual::Json(other),
        });
        return;
    };
    match value {
        Value::Object(properties) => {
            let before = found.len();
            for (_, value) in properties.iter().filter(|(known, _)| known == name) {
                walk(value, rest, found);
            }
            if found.len() == before {
                found.push(Actual::Missing);
            }
        }
        Value::Array(items) => match name.parse::<usize>() {
            Ok(index) => match items.get(index) {
                Some(item) => walk(item, rest, found),
                None => found.push(Actual::Missing),
            },
            Err(_) => items.iter().for_each(|item| walk(item, path, found)),
        },
        _ => found.push(Actual::Missing),
    }
}
