//! `System.Metrics` and `System.Logging`: how it is watched.

use std::net::SocketAddr;

use serde_json::Value;

use super::section::{Section, error};
use super::{Mistake, Tree, find};
use crate::logging::{Format, UnknownFormat};

/// Where metrics are shown; nowhere if nothing is said.
pub(super) fn metrics(system: &mut Tree, mistakes: &mut Vec<Mistake>) -> Option<SocketAddr> {
    let mut metrics = Section::take(system, "System.", "Metrics", mistakes);
    let listen = metrics.text_or_nothing("Listen").and_then(|text| {
        let text = text.trim();
        let local = text
            .strip_prefix("localhost:")
            .map(|port| format!("127.0.0.1:{port}"));
        let address = local.as_deref().unwrap_or(text).parse();
        if address.is_err() {
            let message = "must be an IP address with a port, as in `127.0.0.1:9464`";
            metrics.refuse("Listen", message);
        }
        address.ok()
    });
    metrics.end();
    listen
}

/// How log lines are written. The other keys of the section are the component's.
pub(super) fn log_format(system: &mut Tree, mistakes: &mut Vec<Mistake>) -> Format {
    let Some(key) = find(system, "Logging").map(str::to_owned) else {
        return Format::default();
    };
    // Whatever else it may be, the component says that it is wrong.
    let Some(Value::Object(logging)) = system.get_mut(&key) else {
        return Format::default();
    };
    let format = find(logging, "Format").map(str::to_owned);
    let format = format.and_then(|key| logging.remove(&key));
    if logging.is_empty() {
        system.remove(&key);
    }
    let read = match format {
        None | Some(Value::Null) => return Format::default(),
        Some(Value::String(text)) => text.trim().parse(),
        Some(other) => other.to_string().parse(),
    };
    read.unwrap_or_else(|unknown: UnknownFormat| {
        mistakes.push(error("System.Logging.Format", unknown.to_string()));
        Format::default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree(value: Value) -> Tree {
        match value {
            Value::Object(tree) => tree,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn metrics_are_shown_where_it_says_and_nowhere_by_default() {
        for (section, address, wrong) in [
            (json!({}), None, false),
            (json!({ "Metrics": { "Listen": "" } }), None, false),
            (
                json!({ "Metrics": { "Listen": "127.0.0.1:9464" } }),
                Some("127.0.0.1:9464"),
                false,
            ),
            (
                json!({ "metrics": { "listen": "localhost:0" } }),
                Some("127.0.0.1:0"),
                false,
            ),
            (
                json!({ "Metrics": { "Listen": "[::1]:9464" } }),
                Some("[::1]:9464"),
                false,
            ),
            (json!({ "Metrics": { "Listen": "9464" } }), None, true),
            (json!({ "Metrics": { "Listen": "127.0.0.1" } }), None, true),
            (json!({ "Metrics": { "Listen": true } }), None, true),
            (json!({ "Metrics": { "Lisen": "127.0.0.1:1" } }), None, true),
            (json!({ "Metrics": 1 }), None, true),
        ] {
            let mut mistakes = Vec::new();
            let found = metrics(&mut tree(section.clone()), &mut mistakes);
            let found = found.map(|address| address.to_string());
            assert_eq!(
                (found.as_deref(), !mistakes.is_empty()),
                (address, wrong),
                "{section}"
            );
        }
    }

    #[test]
    fn only_the_format_of_the_logging_section_is_taken() {
        for (section, format, left, wrong) in [
            (json!({}), Format::Text, json!({}), false),
            (
                json!({ "Logging": { "Format": "json" } }),
                Format::Json,
                json!({}),
                false,
            ),
            (
                json!({ "logging": { "format": "TEXT" } }),
                Format::Text,
                json!({}),
                false,
            ),
            (
                json!({ "Logging": { "Format": "json", "Requests": false } }),
                Format::Json,
                json!({ "Logging": { "Requests": false } }),
                false,
            ),
            (
                json!({ "Logging": { "Format": "xml" } }),
                Format::Text,
                json!({}),
                true,
            ),
            (
                json!({ "Logging": { "Format": 1 } }),
                Format::Text,
                json!({}),
                true,
            ),
            (
                json!({ "Logging": 1 }),
                Format::Text,
                json!({ "Logging": 1 }),
                false,
            ),
        ] {
            let (mut mistakes, mut system) = (Vec::new(), tree(section.clone()));
            assert_eq!(log_format(&mut system, &mut mistakes), format, "{section}");
            assert_eq!(Value::Object(system), left, "{section}");
            assert_eq!(!mistakes.is_empty(), wrong, "{section}");
        }
    }
}
