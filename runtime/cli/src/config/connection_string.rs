//! Connection strings of ADO.NET: `Data Source=vectra.db`,
//! `Host=localhost;Database=vectra`.

mod postgres;
mod sqlite;

use thiserror::Error;

pub(super) use postgres::postgres;
pub(super) use sqlite::sqlite_file;

/// What is wrong with a connection string. Never shows a value: it may be a
/// password, or a piece of one.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum ConnectionStringError {
    #[error("is not of the form `{0}`")]
    Form(&'static str),
    #[error("names no `{0}`")]
    Missing(&'static str),
    #[error("names the `{0}` twice")]
    Twice(&'static str),
    #[error("uses `{0}`, which is not supported")]
    Keyword(String),
    #[error(
        "has a keyword after `Password` that is unknown: a password with `;` in it must be quoted"
    )]
    AfterPassword,
    #[error("names a remote database, which is not supported yet: only files are")]
    Remote,
    #[error("names a database in memory: only files are supported")]
    Memory,
    #[error("needs a `{keyword}` that is {expected}")]
    Value {
        keyword: &'static str,
        expected: &'static str,
    },
    #[error("{0}")]
    Unsupported(&'static str),
    #[error("{0}")]
    Url(String),
}

/// Whether a text is a URL of some scheme.
fn is_url(text: &str) -> bool {
    scheme(text).is_some()
}

/// The scheme of a URL, in lower case.
fn scheme(text: &str) -> Option<String> {
    let (scheme, _) = text.split_once("://")?;
    let valid = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    valid.then(|| scheme.to_ascii_lowercase())
}

/// The pairs of `keyword=value;…`; keywords in lower case, with single spaces. A
/// value in single or double quotes may hold semicolons, and the quote itself
/// twice. Nothing if it has another form.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_matches(is_separator);
    while !rest.is_empty() {
        let (keyword, after) = rest.split_once('=')?;
        if keyword.contains(';') {
            return None;
        }
        let (value, after) = value(after.trim_start())?;
        let words: Vec<_> = keyword.split_whitespace().collect();
        pairs.push((words.join(" ").to_ascii_lowercase(), value));
        rest = after.trim_start_matches(is_separator);
    }
    Some(pairs)
}

fn is_separator(character: char) -> bool {
    character == ';' || character.is_whitespace()
}

/// A value and what comes after it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quote) = text
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))
    else {
        let (value, rest) = text.split_once(';').unwrap_or((text, ""));
        return Some((value.trim().to_owned(), rest));
    };
    let mut value = String::new();
    let mut rest = text.strip_prefix(quote)?;
    loop {
        let (part, after) = rest.split_once(quote)?;
        value.push_str(part);
        match after.strip_prefix(quote) {
            Some(after) => {
                value.push(quote);
                rest = after;
            }
            None if after.trim_start().is_empty() => return Some((value, "")),
            None => return Some((value, after.trim_start().strip_prefix(';')?)),
        }
    }
}
