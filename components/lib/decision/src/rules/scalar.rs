//! Values that can be compared.

use std::cmp::Ordering;

use crate::json::Value;

/// A number as it compares.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    /// Exact.
    Integer(i128),
    /// Finite.
    Float(f64),
}

/// Longest spelling of a number that is read, in bytes: no float needs as much, and a
/// hostile one would be read again for each condition.
const DIGITS: usize = 1_024;

impl Number {
    /// Reads a JSON number; none if it is beyond what a float can hold, or spelt at
    /// excessive length.
    pub(super) fn parse(source: &str) -> Option<Self> {
        if source.len() > DIGITS {
            return None;
        }
        if let Ok(integer) = source.parse::<i128>() {
            return Some(Self::Integer(integer));
        }
        source
            .parse::<f64>()
            .ok()
            .filter(|float| float.is_finite())
            .map(Self::Float)
    }

    /// Order of two numbers, whatever their spelling: `1` equals `1.0`.
    pub(super) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => left.cmp(&right),
            // Both are finite, so they always have an order.
            (left, right) => left
                .float()
                .partial_cmp(&right.float())
                .unwrap_or(Ordering::Equal),
        }
    }

    /// The nearest float.
    pub(super) const fn float(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Float(float) => float,
        }
    }
}

/// A value without parts, `null` excepted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scalar<'a> {
    Bool(bool),
    Number(Number),
    Text(&'a str),
}

impl<'a> Scalar<'a> {
    /// The scalar of a JSON value; none for `null`, lists, objects and numbers that
    /// are too large.
    pub(super) fn of(value: &'a Value<'_>) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::Number(source) => Number::parse(source).map(Self::Number),
            Value::Text(text) => Some(Self::Text(text)),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// What kind of value this is, for messages.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
        }
    }

    /// Order of two scalars of one kind; none for different kinds. Texts are ordered
    /// by their code points.
    pub(super) fn compare(self, other: Scalar<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(left), Scalar::Bool(right)) => Some(left.cmp(&right)),
            (Self::Number(left), Scalar::Number(right)) => Some(left.compare(right)),
            (Self::Text(left), Scalar::Text(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }
}
