//! Whether an operator can compare a field with a value, and ever with success.

use crate::json::Value;
use crate::rules::field::{Field, Kind, Presence};
use crate::rules::limits;
use crate::rules::operator::Operator;
use crate::rules::pattern::Pattern;
use crate::rules::scalar::Scalar;
use crate::rules::source::{Condition, unfit};

/// What is wrong, and with which property of the condition.
type Wrong = (&'static str, String);

/// Checks one condition; gives the pattern if it has one.
pub(super) fn check(condition: &Condition<'_>) -> Result<Option<Pattern>, Wrong> {
    let wrong = |message| ("value", message);
    let name = &condition.name;
    match (&condition.value, condition.operator) {
        (Value::Null, Operator::Eq | Operator::Ne) => match condition.field.presence() {
            Presence::Sometimes => Ok(None),
            Presence::Always => Err(wrong(format!("`{name}` is never null"))),
        },
        (Value::Array(items), Operator::In) => {
            list(condition, items).map_err(wrong)?;
            Ok(None)
        }
        (other, Operator::In) => Err(wrong(format!("`in` needs a list, found {}", other.kind()))),
        (Value::Array(_), operator) => Err(wrong(format!(
            "`{}` cannot compare with a list: use `in`",
            operator.name()
        ))),
        (value, _) => {
            kinds(condition, value)?;
            possible(condition, value).map_err(wrong)?;
            pattern(condition).map_err(wrong)
        }
    }
}

fn list(condition: &Condition<'_>, items: &[Value<'_>]) -> Result<(), String> {
    if items.is_empty() {
        return Err("an empty list matches nothing".to_owned());
    }
    if items.len() > limits::LIST {
        return Err(format!(
            "{} values are more than {}",
            items.len(),
            limits::LIST
        ));
    }
    for item in items {
        if matches!(item, Value::Null) {
            return Err("null in a list matches nothing: use `eq` with null".to_owned());
        }
        kinds(condition, item).map_err(|(_, message)| message)?;
        possible(condition, item)?;
    }
    Ok(())
}

/// Whether field, operator and value are of kinds that go together.
fn kinds(condition: &Condition<'_>, value: &Value<'_>) -> Result<(), Wrong> {
    let (name, operator) = (&condition.name, condition.operator);
    let Some(scalar) = Scalar::of(value) else {
        let message = match value {
            Value::Number(source) => format!("`{source}` is too large a number"),
            other => format!("`{}` cannot compare with {}", operator.name(), other.kind()),
        };
        return Err(("value", message));
    };
    let kind = condition.field.kind();
    if operator.is_search() && kind == Kind::Number {
        let message = format!(
            "`{}` looks into text, `{name}` is a number",
            operator.name()
        );
        return Err(("operator", message));
    }
    let expected = match (kind, operator) {
        (Kind::Number, _) => "a number",
        (Kind::Text, _) => "text",
        (Kind::Json, Operator::StartsWith | Operator::EndsWith | Operator::Regex) => "text",
        (Kind::Json, operator) if operator.is_order() && matches!(scalar, Scalar::Bool(_)) => {
            "a number or text"
        }
        (Kind::Json, _) => return Ok(()),
    };
    if scalar.kind() == expected {
        return Ok(());
    }
    let message = format!("expected {expected} for `{name}`, found {}", value.kind());
    Err(("value", message))
}

/// Whether a request could have such a value.
fn possible(condition: &Condition<'_>, value: &Value<'_>) -> Result<(), String> {
    match Scalar::of(value) {
        Some(Scalar::Text(text)) => possible_text(condition, text),
        Some(Scalar::Number(number)) => possible_number(condition, number.float()),
        _ => Ok(()),
    }
}

fn possible_number(condition: &Condition<'_>, number: f64) -> Result<(), String> {
    let (lowest, highest, whole) = match condition.field {
        Field::TrustScore | Field::RiskScore => (0.0, 1.0, false),
        Field::TargetPort => (1.0, 65_535.0, true),
        _ => return Ok(()),
    };
    if !(lowest..=highest).contains(&number) || whole && number.trunc() != number {
        let whole = if whole { "a whole number " } else { "" };
        return Err(format!(
            "`{}` is {whole}from {lowest} to {highest}",
            condition.name
        ));
    }
    Ok(())
}

fn possible_text(condition: &Condition<'_>, text: &str) -> Result<(), String> {
    if let Some(message) = unfit(text, limits::VALUE) {
        return Err(message);
    }
    let (name, operator) = (&condition.name, condition.operator);
    if operator.is_search() && text.is_empty() {
        return Err("an empty text is found in every text".to_owned());
    }
    let whole = matches!(operator, Operator::Eq | Operator::Ne | Operator::In);
    let start = whole || operator == Operator::StartsWith;
    let never = |why: &str| Err(format!("`{name}` is never `{text}`: {why}"));
    match condition.field {
        Field::Method if whole && !is_method(text) => never("methods are in upper case"),
        Field::Path if start && !text.starts_with('/') => never("it begins with `/`"),
        Field::TargetUrl if start && !is_url_start(text, operator) => {
            never("it begins with `http://` or `https://`")
        }
        Field::TargetScheme if whole && !["http", "https"].contains(&text) => {
            never("it is `http` or `https`")
        }
        Field::TargetHost if whole && !is_host(text) => {
            never("it is a host in lower case, without a port")
        }
        Field::AgentId if whole && !is_agent_id(text) => {
            never("it is a GUID in lower case with hyphens")
        }
        _ => Ok(()),
    }
}

fn pattern(condition: &Condition<'_>) -> Result<Option<Pattern>, String> {
    match (&condition.value, condition.operator) {
        (Value::Text(source), Operator::Regex) => Pattern::new(source).map(Some),
        _ => Ok(None),
    }
}

/// Rules see methods in upper case too, so only such a value can decide anything.
fn is_method(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_lowercase())
}

fn is_url_start(text: &str, operator: Operator) -> bool {
    let text = text.to_ascii_lowercase();
    ["http://", "https://"].iter().any(|start| {
        text.starts_with(start) || operator == Operator::StartsWith && start.starts_with(&text)
    })
}

fn is_host(text: &str) -> bool {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    !bare.is_empty()
        && (bare.len() < text.len() || !text.contains(':'))
        && bare.bytes().all(|byte| {
            byte.is_ascii_graphic() && !byte.is_ascii_uppercase() && !b"/?#@\\".contains(&byte)
        })
}

fn is_agent_id(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}
