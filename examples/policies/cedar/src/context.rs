//! The context that a policy sees: the facts as Cedar's values.
//!
//! * Cedar has no floating point: a number is a `decimal` of four places if it is a score or
//!   no integer. A score is rounded to the nearest.
//! * Cedar does not fold case: `context.lower` has `path`, `targetUrl` and `body` in lower
//!   case.
//! * Cedar has no `null`: it is not there. In a list, Cedar can hold none.

use serde_json::{Map, Value, json};
use vectra_example_policy::Facts;

/// The context; with the body as JSON if the policy speaks of it.
///
/// # Errors
/// Cedar cannot hold the body. Were it only left out, a `forbid` that asks whether it is there
/// would not apply, and whoever writes the body could see to that.
pub(crate) fn of(facts: &Facts<'_>, with_json: bool) -> Result<Value, String> {
    let mut context = facts.json();
    let Value::Object(fields) = &mut context else {
        return Ok(context);
    };
    let mut lower = Map::new();
    for name in ["path", "targetUrl", "body"] {
        if let Some(Value::String(text)) = fields.get(name) {
            lower.insert(name.to_owned(), json!(text.to_lowercase()));
        }
    }
    let body = fields
        .remove("json")
        .filter(|body| with_json && !body.is_null());
    if let Some(body) = body {
        let body = value(&body).ok_or("the body has values that Cedar has none like")?;
        fields.insert("json".to_owned(), body);
    }
    for name in ["agent", "risk", "intent"] {
        if let Some(part) = fields.get_mut(name) {
            scores(part);
        }
    }
    fields.insert("lower".to_owned(), Value::Object(lower));
    Ok(context)
}

/// Makes decimals of all numbers.
fn scores(part: &mut Value) {
    match part {
        Value::Number(number) => {
            *part = decimal(&format!("{:.4}", number.as_f64().unwrap_or_default()));
        }
        Value::Object(fields) => fields.values_mut().for_each(scores),
        _ => {}
    }
}

fn decimal(text: &str) -> Value {
    json!({ "__extn": { "fn": "decimal", "arg": text } })
}

/// A value of the body; none if Cedar has none like it.
fn value(json: &Value) -> Option<Value> {
    Some(match json {
        Value::Null => return None,
        Value::Number(number) if number.is_i64() => json.clone(),
        Value::Number(number) => number_as_it_is(&number.to_string())?,
        Value::Array(items) => items
            .iter()
            .map(value)
            .collect::<Option<Vec<Value>>>()?
            .into(),
        Value::Object(fields) => {
            let mut written = Map::new();
            for (name, inner) in fields {
                // `__extn` and `__entity` would be taken for Cedar's own.
                if name.starts_with("__") {
                    return None;
                }
                if !inner.is_null() {
                    written.insert(name.clone(), value(inner)?);
                }
            }
            written.into()
        }
        Value::Bool(_) | Value::String(_) => json.clone(),
    })
}

/// A decimal of exactly this number, if it has at most four places.
fn number_as_it_is(text: &str) -> Option<Value> {
    let (whole, places) = text.split_once('.')?;
    let is_short = whole.len() <= 15 && (1..=4).contains(&places.len());
    let is_plain = places.bytes().all(|byte| byte.is_ascii_digit());
    (is_short && is_plain).then(|| decimal(text))
}
