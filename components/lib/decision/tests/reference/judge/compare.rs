//! The eleven operators.

use std::cmp::Ordering;

use regex::Regex;
use serde_json::Value;

use super::Is;
use super::fields::Seen;

/// A number: whole ones exactly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Whole(i128),
    Float(f64),
}

impl Number {
    /// Reads one; none if it is larger than numbers are.
    pub fn read(spelt: &str) -> Option<Self> {
        if let Ok(whole) = spelt.parse() {
            return Some(Self::Whole(whole));
        }
        let float: f64 = spelt.parse().ok()?;
        float.is_finite().then_some(Self::Float(float))
    }

    /// The generator makes no fractions so large that this loses anything.
    fn compare(self, other: Self) -> Ordering {
        let float = |number| match number {
            Self::Whole(whole) => whole as f64,
            Self::Float(float) => float,
        };
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => one.cmp(&other),
            _ => float(self).partial_cmp(&float(other)).expect("not NaN"),
        }
    }
}

/// Whether an operator holds between a value of the request and one of the policy.
pub fn compare<'r>(
    operator: &str,
    seen: &Seen,
    value: &Value,
    expression: impl FnOnce() -> &'r Regex,
) -> Is {
    match operator {
        "eq" => equal(seen, value),
        "ne" => match equal(seen, value) {
            Is::True => Is::False,
            Is::False => Is::True,
            other => other,
        },
        _ if *seen == Seen::Absent => Is::False,
        "gt" => ordered(seen, value, &[Ordering::Greater]),
        "lt" => ordered(seen, value, &[Ordering::Less]),
        "ge" => ordered(seen, value, &[Ordering::Greater, Ordering::Equal]),
        "le" => ordered(seen, value, &[Ordering::Less, Ordering::Equal]),
        "in" => one_of(seen, value.as_array().expect("a list")),
        "contains" => match seen {
            Seen::List(items) => {
                let strange =
                    |item: &Seen| matches!(item, Seen::List(_) | Seen::Object | Seen::Huge);
                if items.iter().any(|item| equal(item, value) == Is::True) {
                    Is::True
                } else if items.iter().any(strange) {
                    Is::Unclear
                } else {
                    Is::False
                }
            }
            _ => folded(seen, value, |text, part| text.contains(part)),
        },
        "startswith" => folded(seen, value, |text, part| text.starts_with(part)),
        "endswith" => folded(seen, value, |text, part| text.ends_with(part)),
        "regex" => match seen {
            Seen::Text(text) => is(expression().is_match(text)),
            _ => Is::Unclear,
        },
        other => panic!("no operator `{other}`"),
    }
}

const fn is(holds: bool) -> Is {
    if holds { Is::True } else { Is::False }
}

fn equal(seen: &Seen, value: &Value) -> Is {
    match (seen, value) {
        (Seen::Unreadable | Seen::Unasked, _) => Is::Unclear,
        (Seen::Absent, value) => is(value.is_null()),
        (_, Value::Null) => Is::False,
        (Seen::Bool(one), Value::Bool(other)) => is(one == other),
        _ => order(seen, value).map_or(Is::Unclear, |order| is(order == Ordering::Equal)),
    }
}

fn ordered(seen: &Seen, value: &Value, wanted: &[Ordering]) -> Is {
    order(seen, value).map_or(Is::Unclear, |order| is(wanted.contains(&order)))
}

/// Order among numbers, and among texts; between others there is none.
fn order(seen: &Seen, value: &Value) -> Option<Ordering> {
    match (seen, value) {
        (Seen::Number(one), Value::Number(other)) => {
            Some(one.compare(Number::read(&other.to_string())?))
        }
        (Seen::Text(one), Value::String(other)) => Some(one.chars().cmp(other.chars())),
        _ => None,
    }
}

/// Unclear only if it can be compared with none of them.
fn one_of(seen: &Seen, values: &[Value]) -> Is {
    let each: Vec<Is> = values.iter().map(|value| equal(seen, value)).collect();
    let order = [Is::True, Is::False, Is::Unclear];
    let first = order.into_iter().find(|is| each.contains(is));
    first.expect("a list that is not empty")
}

/// A comparison of texts without regard to case.
fn folded(seen: &Seen, value: &Value, holds: impl FnOnce(&str, &str) -> bool) -> Is {
    match (seen, value) {
        (Seen::Text(text), Value::String(part)) => is(holds(&fold(text), &fold(part))),
        _ => Is::Unclear,
    }
}

/// Each character without its case, if that is one character too.
fn fold(text: &str) -> String {
    let single = |mut changed: Box<dyn Iterator<Item = char>>| {
        changed.next().filter(|_| changed.next().is_none())
    };
    text.chars()
        .map(|character| {
            let upper = single(Box::new(character.to_uppercase())).unwrap_or(character);
            single(Box::new(upper.to_lowercase())).unwrap_or(upper)
        })
        .collect()
}
