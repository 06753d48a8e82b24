//! Whether one condition holds.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::operator::Operator;
use super::pattern::{Pattern, fold};
use super::scalar::Scalar;
use super::source::Condition;
use super::view::Actual;
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
    let mut unclear = None;
    for value in values {
        match single(condition, value) {
            truth if truth == decisive => return truth,
            truth @ Truth::Unclear(_) if unclear.is_none() => unclear = Some(truth),
            _ => {}
        }
    }
    unclear.unwrap_or(match quantifier {
        Quantifier::Any => Truth::Fails,
        Quantifier::All => Truth::Holds,
    })
}

fn single(condition: &Condition<'_>, actual: &Actual<'_>) -> Truth {
    let expected = &condition.value;
    let scalar = match actual {
        Actual::Unreadable(why) => return Truth::Unclear(Cow::Borrowed(why)),
        Actual::Missing => return missing(condition.operator, expected),
        Actual::Scalar(scalar) => Some(*scalar),
        Actual::Json(value) => Scalar::of(value),
    };
    if matches!(expected, Value::Null) {
        return (condition.operator == Operator::Ne).into();
    }
    match (condition.operator, scalar, actual) {
        (Operator::Contains, None, Actual::Json(Value::Array(items))) => contains(items, expected),
        (_, None, Actual::Json(value)) => {
            let found = match value {
                Value::Number(_) => "too large a number",
                other => other.kind(),
            };
            Truth::Unclear(format!("it is {found}").into())
        }
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

fn contains(items: &[Value<'_>], expected: &Value<'_>) -> Truth {
    let Some(expected) = Scalar::of(expected) else {
        return Truth::Unclear("a list or an object is not looked for".into());
    };
    items
        .iter()
        .filter_map(Scalar::of)
        .any(|item| item.compare(expected) == Some(Ordering::Equal))
        .into()
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
        .ok_or_else(|| {
            let message = format!("it is {}, not {}", actual.kind(), expected.kind());
            Truth::Unclear(message.into())
        })
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
        let message = format!("it is {}, unlike all of the list", actual.kind());
        return Truth::Unclear(message.into());
    }
    orders.contains(&Ordering::Equal).into()
}

fn search(condition: &Condition<'_>, actual: Scalar<'_>) -> Truth {
    let (Scalar::Text(text), Value::Text(part)) = (actual, &condition.value) else {
        let message = format!("it is {}, not text", actual.kind());
        return Truth::Unclear(message.into());
    };
    match condition.operator {
        Operator::Contains => fold(text).contains(&fold(part)).into(),
        Operator::StartsWith => fold(text).starts_with(&fold(part)).into(),
        Operator::EndsWith => fold(text).ends_with(&fold(part)).into(),
        _ => match condition.pattern.get_or_init(|| Pattern::new(part)) {
            Ok(pattern) => pattern.finds(text).into(),
            Err(why) => Truth::Unclear(why.clone().into()),
        },
    }
}
