//! Headers that name another method than the request's own: read, kept for the explanation,
//! and read again from there. The form is that of the rules.

use std::collections::BTreeSet;

use crate::bindings::exports::vectra::decision::policy::Request;
use crate::bindings::vectra::decision::types::{LookedAt, Shown};

/// The headers.
const NAMES: [&str; 3] = [
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];
/// What begins the name of a header among what was looked at.
const HEADERS: &str = "headers.";
/// The field of an entry that says something of the list itself.
const MARK: &str = "*";
/// Longest JSON of a value that is kept, in bytes.
const PLAIN: usize = 256;

/// Most of them, and most ways to read one request, as for the rules.
pub(crate) const MOST: usize = 64;

/// Names in lower case and values, each pair once.
pub(crate) fn named(request: &Request) -> BTreeSet<(String, &str)> {
    let headers = request.headers.iter();
    headers
        .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()))
        .filter(|(name, _)| NAMES.contains(&name.as_str()))
        .collect()
}

/// What is kept of them.
pub(crate) fn looked_at(request: &Request) -> Vec<LookedAt> {
    let named = named(request);
    if named.len() > MOST {
        return vec![LookedAt {
            field: MARK.to_owned(),
            value: Shown::Unreadable("the evaluation was stopped".to_owned()),
        }];
    }
    let kept = named.into_iter().map(|(name, value)| LookedAt {
        field: format!("{HEADERS}{name}"),
        value: match serde_json::to_string(value) {
            Ok(json) if json.len() <= PLAIN => Shown::Plain(json),
            _ => Shown::Unreadable("it is too long to be kept".to_owned()),
        },
    });
    kept.collect()
}

/// The headers that were kept.
///
/// # Errors
/// All that was not, each with a word on why.
pub(crate) fn recalled(looked_at: &[LookedAt]) -> Result<Vec<(String, String)>, Vec<String>> {
    let mut headers = Vec::new();
    let mut missing = Vec::new();
    for LookedAt { field, value } in looked_at {
        if field == MARK {
            missing.push("method: not all headers that name one were kept".to_owned());
        }
        let Some(name) = field.strip_prefix(HEADERS) else {
            continue;
        };
        if !NAMES.contains(&name) {
            continue;
        }
        let kept = match value {
            Shown::Absent => Some(None),
            Shown::Plain(json) => serde_json::from_str::<Option<String>>(json).ok(),
            Shown::Digest(_) | Shown::Unreadable(_) => None,
        };
        match kept {
            Some(value) => headers.extend(value.map(|value| (name.to_owned(), value))),
            None => missing.push(format!("{field}: it was not kept")),
        }
    }
    if missing.is_empty() {
        Ok(headers)
    } else {
        Err(missing)
    }
}
