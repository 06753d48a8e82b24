//! The body as JSON.

use std::cell::OnceCell;

use super::Actual;
use crate::json::{Comments, Value, parse};
use crate::rules::budget::Budget;

/// The body, looked through and parsed once, when a condition first wants that.
pub(super) struct Body<'q> {
    text: Option<&'q str>,
    json: OnceCell<Content<'q>>,
}

/// What a body is.
enum Content<'q> {
    /// There is none, or nothing but white space.
    Blank,
    Json(Value<'q>),
    Other,
}

impl<'q> Content<'q> {
    fn of(text: Option<&'q str>) -> Self {
        match text {
            Some(text) if !text.trim().is_empty() => {
                // Lenient, since the upstream may be; what is not JSON even so is unreadable.
                parse(text, Comments::Accepted).map_or(Self::Other, Self::Json)
            }
            _ => Self::Blank,
        }
    }
}

impl<'q> Body<'q> {
    /// The body of a request.
    pub(super) const fn new(text: Option<&'q str>) -> Self {
        Self {
            text,
            json: OnceCell::new(),
        }
    }

    /// Its text, if there is one.
    pub(super) const fn text(&self) -> Option<&'q str> {
        self.text
    }

    /// The values a path leads to; none if there is no body. Not all of them, if there
    /// is no budget for that.
    pub(super) fn at(&self, path: &[String], budget: &Budget) -> Vec<Actual<'_>> {
        let mut values = Vec::new();
        match self.json.get_or_init(|| Content::of(self.text)) {
            Content::Json(json) => walk(json, path, budget, &mut values),
            Content::Blank => {}
            Content::Other => values.push(Actual::Unreadable("the body is not JSON")),
        }
        values
    }
}

/// Collects what a path leads to: every repeated name, every element of a list that is
/// not asked for by its number, and a missing value for each branch that ends early.
fn walk<'v>(value: &'v Value<'v>, path: &[String], budget: &Budget, found: &mut Vec<Actual<'v>>) {
    if !budget.spend(1) {
        return;
    }
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
            for (known, value) in properties {
                if !budget.spend(1) {
                    return;
                }
                if known == name {
                    walk(value, rest, budget, found);
                }
            }
            if found.len() == before {
                found.push(Actual::Missing);
            }
        }
        Value::Array(items) => match name.parse::<usize>() {
            Ok(index) => match items.get(index) {
                Some(item) => walk(item, rest, budget, found),
                None => found.push(Actual::Missing),
            },
            Err(_) => items
                .iter()
                .for_each(|item| walk(item, path, budget, found)),
        },
        _ => found.push(Actual::Missing),
    }
}
