//! Compares what is with what must be.
//!
//! An expected document holds at least these members; arrays are compared item by
//! item. A text may be a matcher: `${any}` (anything but null), `${uuid}`,
//! `${time}` (RFC 3339, UTC, microseconds), `${text:…}` (a text that holds this),
//! `${risk:a..b}` (a number from a to b).

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// Fails unless `actual` is at least `expected`; names the place.
///
/// # Errors
/// At the first difference.
pub fn holds(actual: &Value, expected: &Value, place: &str) -> Result<()> {
    match expected {
        Value::Object(members) => {
            for (name, expected) in members {
                let actual = actual.get(name).unwrap_or(&Value::Null);
                holds(actual, expected, &format!("{place}/{name}"))?;
            }
            ensure!(actual.is_object(), "{place}: {actual} is no object");
            Ok(())
        }
        Value::Array(items) => {
            let actual = actual
                .as_array()
                .with_context(|| format!("{place}: {actual} is no array"))?;
            ensure!(
                actual.len() == items.len(),
                "{place}: {} items instead of {}: {actual:?}",
                actual.len(),
                items.len()
            );
            for (at, (actual, expected)) in actual.iter().zip(items).enumerate() {
                holds(actual, expected, &format!("{place}/{at}"))?;
            }
            Ok(())
        }
        Value::String(text) => matches_text(actual, text)
            .with_context(|| format!("{place}: {actual} instead of `{text}`")),
        other => {
            ensure!(actual == other, "{place}: {actual} instead of {other}");
            Ok(())
        }
    }
}

fn matches_text(actual: &Value, expected: &str) -> Result<()> {
    let Some(matcher) = expected
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
    else {
        ensure!(actual.as_str() == Some(expected), "another text");
        return Ok(());
    };
    if matcher == "any" {
        ensure!(!actual.is_null(), "it is null or missing");
        return Ok(());
    }
    if let Some(range) = matcher.strip_prefix("risk:") {
        let (low, high) = range.split_once("..").context("a range is written a..b")?;
        let (low, high): (f64, f64) = (low.parse()?, high.parse()?);
        let number = actual.as_f64().context("it is no number")?;
        ensure!((low..=high).contains(&number), "it is outside");
        return Ok(());
    }
    let text = actual.as_str().context("it is no text")?;
    if let Some(part) = matcher.strip_prefix("text:") {
        ensure!(text.contains(part), "it does not hold `{part}`");
        return Ok(());
    }
    let shape = match matcher {
        "uuid" => "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
        "time" => "9999-99-99T99:99:99.999999Z",
        other => bail!("no matcher `{other}`"),
    };
    ensure!(has_shape(text, shape), "it is not shaped like `{shape}`");
    Ok(())
}

/// `x` is a lower-case hexadecimal digit, `9` a decimal one, the rest itself.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(byte, shape)| match shape {
                b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
                b'9' => byte.is_ascii_digit(),
                other => byte == other,
            })
}

/// Compares the values of a header: a text for the only one, an array for all.
///
/// # Errors
/// At the first difference.
pub fn header(name: &str, actual: &[&str], expected: &Value) -> Result<()> {
    let expected = match expected {
        Value::Array(_) => expected.clone(),
        one => Value::Array(vec![one.clone()]),
    };
    let actual = Value::Array(actual.iter().map(|value| Value::from(*value)).collect());
    holds(&actual, &expected, &format!("header {name}"))
}

/// Compares bytes and says where they differ without printing a megabyte.
///
/// # Errors
/// If they differ.
pub fn bytes(what: &str, actual: &[u8], expected: &[u8]) -> Result<()> {
    if actual == expected {
        return Ok(());
    }
    let place = actual
        .iter()
        .zip(expected)
        .take_while(|(actual, expected)| actual == expected)
        .count();
    let start: Vec<u8> = actual.iter().take(200).copied().collect();
    bail!(
        "{what}: {} bytes instead of {}, the first difference at {place}; it begins {:?}",
        actual.len(),
        expected.len(),
        String::from_utf8_lossy(&start)
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn holds_what_is_at_least_there() {
        let id = "0190163d-8694-739b-aea5-966c26f8ad91";
        let actual = json!({"a": 1, "b": {"c": [id, 0.25]}, "d": "2026-01-31T12:00:00.000000Z"});
        let good = [
            json!({"a": 1}),
            json!({"b": {"c": ["${uuid}", "${risk:0.2..0.3}"]}, "d": "${time}"}),
            json!({"d": "${text:01-31}", "x": null, "a": "${any}"}),
        ];
        for expected in good {
            holds(&actual, &expected, "").unwrap();
        }
        let bad = [
            json!({"a": 2}),
            json!({"x": "${any}"}),
            json!({"b": {"c": [id]}}),
            json!({"d": "${uuid}"}),
            json!({"b": {"c": [id, "${risk:0.3..1}"]}}),
            json!({"a": "${unknown}"}),
        ];
        for expected in bad {
            assert!(holds(&actual, &expected, "").is_err(), "{expected}");
        }
    }
}
