//! Whether an operator can compare a field with a value, and ever with success.

use crate::json::Value;
use crate::rules::field::{Field, Kind, Presence};
use crate::rules::limits;
use crate::rules::operator::Operator;
use crate::rules::pattern::Work;
use crate::rules::scalar::Scalar;
use crate::rules::source::{Condition, unfit};

/// Headers that never reach a policy: those of one connection, of the framing (RFC 9110
/// §7.6.1), and those that the gateway takes for itself.
const GONE: [&str; 14] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vectra-authorization",
];

/// What is wrong, and with which property of the condition.
type Wrong = (&'static str, String);

/// Checks one condition; making its pattern ready takes of the policy's work.
pub(super) fn check(condition: &Condition<'_>, work: &Work) -> Result<(), Wrong> {
    let wrong = |message| ("value", message);
    let name = &condition.name;
    if let Field::Header(header) = &condition.field
        && (GONE.contains(&header.as_str()) || header.starts_with("spin-"))
    {
        let message = format!("`{header}` never reaches a policy: the gateway keeps it");
        return Err(("field", message));
    }
    match (&condition.value, condition.operator) {
        (Value::Null, Operator::Eq | Operator::Ne) => match condition.field.presence() {
            Presence::Sometimes => Ok(()),
            Presence::Always => Err(wrong(format!("`{name}` is never null"))),
        },
        (Value::Array(items), Operator::In) => {
            (condition.field.kind() != Kind::List)
                .then_some(())
                .ok_or_else(|| ("operator", tags(condition)))?;
            list(condition, items).map_err(wrong)
        }
        (other, Operator::In) => Err(wrong(format!("`in` needs a list, found {}", other.kind()))),
        (Value::Array(_), operator) => Err(wrong(format!(
            "`{}` cannot compare with a list: use `in`",
            operator.name()
        ))),
        (value, _) => {
            kinds(condition, value)?;
            possible(condition, value).map_err(wrong)?;
            pattern(condition, work).map_err(wrong)
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
    if kind == Kind::List && operator != Operator::Contains {
        return Err(("operator", tags(condition)));
    }
    if operator.is_search() && kind == Kind::Number {
        let message = format!(
            "`{}` looks into text, `{name}` is a number",
            operator.name()
        );
        return Err(("operator", message));
    }
    let expected = match (kind, operator) {
        (Kind::Number, _) => "a number",
        (Kind::Text | Kind::List, _) => "text",
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

fn tags(condition: &Condition<'_>) -> String {
    format!("`{}` is a list: use `contains`", condition.name)
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
        Field::TrustScore | Field::RiskScore | Field::RiskFactor(_) | Field::IntentConfidence => {
            (0.0, 1.0, false)
        }
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
        Field::Method if whole && !is_method(text) => {
            never("methods are words in upper case, without spaces")
        }
        Field::Method if operator.is_plain_search() && !text.bytes().all(is_token) => {
            never("no method has such a character in it")
        }
        Field::Path if start && !text.starts_with('/') => never("it begins with `/`"),
        Field::Path | Field::TargetUrl
            if (whole || operator.is_plain_search()) && !text.bytes().all(is_path) =>
        {
            never("no `#`, no space and nothing beyond ASCII is in it unless as `%` and digits")
        }
        Field::IntentStatus if whole && !["classified", "failed"].contains(&text) => {
            never("it is `classified`")
        }
        Field::IntentStatus if operator == Operator::Eq && text == "failed" => {
            never("a classification that failed cannot be read, and a rule that denies denies then")
        }
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

fn pattern(condition: &Condition<'_>, work: &Work) -> Result<(), String> {
    if condition.operator != Operator::Regex {
        return Ok(());
    }
    match condition.pattern_within(work) {
        Ok(_) => Ok(()),
        Err(message) => Err(message.clone()),
    }
}

/// Rules see methods in upper case too, so only such a value can decide anything.
fn is_method(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| is_token(byte) && !byte.is_ascii_lowercase())
}

/// A character of a token (RFC 9110 §5.6.2).
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'"' | b'(' | b')' | b',' | b'/' | b':'..=b'@' | b'[' | b'\\' | b']' | b'{' | b'}'
        )
}

/// What may stand in the path and the query of a target.
const fn is_path(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'#'
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
