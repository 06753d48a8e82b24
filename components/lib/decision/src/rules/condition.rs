//! Whether one condition holds.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::facts::{Actual, Digest, Of};
use super::operator::Operator;
use super::pattern::fold;
use super::scalar::Scalar;
use super::seen;
use super::source::Condition;
use crate::json::Value;

/// Whether something holds, or why that cannot be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Truth {
    /// It does.
    Holds,
    /// It does not.
    Fails,
    /// A type error.
    Unclear(Cow<'static, str>),
    /// It depends on what is not known (any more, or yet); why that is so.
    Unknown(Cow<'static, str>),
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

/// How many of a field's values must satisfy a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantifier {
    /// Rules that deny or hold.
    Any,
    /// Rules that allow.
    All,
}

/// Whether a condition holds for the values its field has.
pub(super) fn holds(
    condition: &Condition<'_>,
    values: &[Actual<'_>],
    quantifier: Quantifier,
) -> Truth {
    let decisive = match quantifier {
        Quantifier::Any => Truth::Holds,
        Quantifier::All => Truth::Fails,
    };
    let (mut unclear, mut unknown) = (None, None);
    for value in values {
        match single(condition, value) {
            truth if truth == decisive => return truth,
            truth @ Truth::Unclear(_) if unclear.is_none() => unclear = Some(truth),
            truth @ Truth::Unknown(_) if unknown.is_none() => unknown = Some(truth),
            _ => {}
        }
    }
    match quantifier {
        Quantifier::Any => unknown.or(unclear).unwrap_or(Truth::Fails),
        // What is unclear does not allow, whatever else is not known.
        Quantifier::All => unclear.or(unknown).unwrap_or(Truth::Holds),
    }
}

fn single(condition: &Condition<'_>, actual: &Actual<'_>) -> Truth {
    let expected = &condition.value;
    let scalar = match actual {
        Actual::Unreadable(why) => return Truth::Unclear((*why).to_owned().into()),
        Actual::Unknown(why) => return Truth::Unknown((*why).to_owned().into()),
        Actual::Missing => return missing(condition.operator, expected),
        Actual::Digest(digest) => return digested(condition, digest),
        Actual::Start(start) => return begun(condition, start),
        Actual::List(items) => return listed(items, expected),
        Actual::Scalar(scalar) => Some(*scalar),
        Actual::Json(value) => Scalar::of(value),
    };
    if matches!(expected, Value::Null) {
        return (condition.operator == Operator::Ne).into();
    }
    match (condition.operator, scalar, actual) {
        (Operator::Contains, None, Actual::Json(Value::Array(items))) => contains(items, expected),
        (_, None, Actual::Json(value)) => Truth::Unclear(format!("it is {}", found(value)).into()),
        (_, Some(scalar), _) => compare(condition, scalar),
        (_, None, _) => Truth::Unclear("it cannot be compared".into()),
    }
}

/// A missing field makes every operator false except `ne` and `eq null`.
fn missing(operator: Operator, expected: &Value<'_>) -> Truth {
    let null = matches!(expected, Value::Null);
    match operator {
        Operator::Eq => null.into(),
        Operator::Ne => (!null).into(),
        _ => Truth::Fails,
    }
}

/// Unclear if it is not found and an element is none of what can be compared.
fn contains(items: &[Value<'_>], expected: &Value<'_>) -> Truth {
    let Some(expected) = Scalar::of(expected) else {
        return Truth::Unclear("a list or an object is not looked for".into());
    };
    let mut strange = None;
    for item in items {
        match Scalar::of(item) {
            Some(scalar) if scalar.compare(expected) == Some(Ordering::Equal) => {
                return Truth::Holds;
            }
            None if !matches!(item, Value::Null) => strange = strange.or(Some(item)),
            _ => {}
        }
    }
    strange.map_or(Truth::Fails, |item| {
        Truth::Unclear(format!("{} is in the list", found(item)).into())
    })
}

/// What was found that cannot be compared.
const fn found(value: &Value<'_>) -> &'static str {
    match value {
        Value::Number(_) => "too large a number",
        other => other.kind(),
    }
}

fn listed(items: &[String], expected: &Value<'_>) -> Truth {
    match expected {
        Value::Text(expected) => items.iter().any(|item| item == expected).into(),
        other => Truth::Unclear(format!("it is a list, not {}", other.kind()).into()),
    }
}

/// Of a digest it can be said whether it is that of a text; and what kind of value it
/// was made of.
fn digested(condition: &Condition<'_>, digest: &Digest<'_>) -> Truth {
    const KEPT: &str = "only its digest was kept";
    let is = |text: &str| seen::digest(text) == digest.hex;
    match (digest.of, condition.operator, &condition.value) {
        (_, operator, Value::Null) => (operator == Operator::Ne).into(),
        (Of::List, Operator::Contains, _) | (Of::Number, _, _) => Truth::Unknown(KEPT.into()),
        (Of::List, _, _) => Truth::Unclear("it is a list".into()),
        (Of::Object, _, _) => Truth::Unclear("it is an object".into()),
        (Of::Text, Operator::Eq, Value::Text(text)) => is(text).into(),
        (Of::Text, Operator::Ne, Value::Text(text)) => (!is(text)).into(),
        (Of::Text, Operator::In, Value::Array(list)) => {
            let mut texts = list
                .iter()
                .filter_map(|item| match item {
                    Value::Text(text) => Some(text),
                    _ => None,
                })
                .peekable();
            if texts.peek().is_none() {
                return Truth::Unclear(unlike_all("text"));
            }
            texts.any(|text| is(text)).into()
        }
        (Of::Text, _, Value::Text(_)) => Truth::Unknown(KEPT.into()),
        (Of::Text, _, other) => Truth::Unclear(unlike("text", other.kind())),
    }
}

/// What can be said of a text that begins like this.
fn begun(condition: &Condition<'_>, start: &str) -> Truth {
    let unknown = || Truth::Unknown("values in its query were masked".into());
    let may_be = |value: &Value<'_>| match value {
        Value::Text(text) => text.starts_with(start),
        _ => false,
    };
    let decided = match (condition.operator, &condition.value) {
        (Operator::Eq, value) => (!may_be(value)).then_some(false),
        (Operator::Ne, value) => (!may_be(value)).then_some(true),
        (Operator::In, Value::Array(list)) => (!list.iter().any(may_be)).then_some(false),
        (Operator::Contains, Value::Text(part)) => {
            fold(start).contains(&fold(part)).then_some(true)
        }
        (Operator::StartsWith, Value::Text(part)) => {
            let (start, part) = (fold(start), fold(part));
            if start.starts_with(&part) {
                Some(true)
            } else {
                (!part.starts_with(&start)).then_some(false)
            }
        }
        _ => None,
    };
    decided.map_or_else(unknown, Truth::from)
}

fn unlike(found: &str, expected: &str) -> Cow<'static, str> {
    format!("it is {found}, not {expected}").into()
}

fn unlike_all(found: &str) -> Cow<'static, str> {
    format!("it is {found}, unlike all of the list").into()
}

fn compare(condition: &Condition<'_>, actual: Scalar<'_>) -> Truth {
    match (&condition.value, condition.operator) {
        (Value::Array(list), Operator::In) => among(actual, list),
        (_, operator) if operator.is_search() => search(condition, actual),
        (expected, operator) => match order(actual, expected) {
            Ok(order) => relates(operator, order).into(),
            Err(unclear) => unclear,
        },
    }
}

fn order(actual: Scalar<'_>, expected: &Value<'_>) -> Result<Ordering, Truth> {
    Scalar::of(expected)
        .and_then(|expected| actual.compare(expected))
        .ok_or_else(|| Truth::Unclear(unlike(actual.kind(), expected.kind())))
}

fn relates(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Eq => order.is_eq(),
        Operator::Ne => order.is_ne(),
        Operator::Gt => order.is_gt(),
        Operator::Lt => order.is_lt(),
        Operator::Ge => order.is_ge(),
        Operator::Le => order.is_le(),
        _ => false,
    }
}

/// Unclear only if the value can be compared with none of the list.
fn among(actual: Scalar<'_>, list: &[Value<'_>]) -> Truth {
    let orders: Vec<Ordering> = list
        .iter()
        .filter_map(|expected| order(actual, expected).ok())
        .collect();
    if orders.is_empty() {
        return Truth::Unclear(unlike_all(actual.kind()));
    }
    orders.contains(&Ordering::Equal).into()
}

fn search(condition: &Condition<'_>, actual: Scalar<'_>) -> Truth {
    let (text, part) = match (actual, &condition.value) {
        (Scalar::Text(text), Value::Text(part)) => (text, part),
        (Scalar::Text(_), other) => return Truth::Unclear(unlike("text", other.kind())),
        (other, _) => return Truth::Unclear(unlike(other.kind(), "text")),
    };
    match condition.operator {
        Operator::Contains => fold(text).contains(&fold(part)).into(),
        Operator::StartsWith => fold(text).starts_with(&fold(part)).into(),
        Operator::EndsWith => fold(text).ends_with(&fold(part)).into(),
        _ => match condition.pattern() {
            Ok(pattern) => match pattern.finds(text) {
                Some(found) => found.into(),
                None => Truth::Unclear("the expression is damaged".into()),
            },
            Err(why) => Truth::Unclear(why.clone().into()),
        },
    }
}
