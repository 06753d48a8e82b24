//! Connection strings of ADO.NET: `Data Source=vectra.db`,
//! `Host=localhost;Database=vectra`.

mod postgres;
mod sqlite;

use thiserror::Error;

use crate::TargetError;

pub use postgres::postgres;
pub use sqlite::sqlite_file;

/// What a password may stand behind: its keyword in all spellings, and a URL.
const TELLING: [&str; 4] = ["password", "pwd", "psw", "://"];

/// What is wrong with a connection string. Never shows a value: it may be a
/// password, or a piece of one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConnectionStringError {
    /// Neither pairs nor a URL; the form is shown.
    #[error("is not of the form `{0}`")]
    Form(&'static str),
    /// A keyword that is needed.
    #[error("names no `{0}`")]
    Missing(&'static str),
    /// A keyword, in one spelling or two.
    #[error("names the `{0}` twice")]
    Twice(&'static str),
    /// A keyword of another program, or of none.
    #[error("uses `{0}`, which is not supported")]
    Keyword(String),
    /// An unknown keyword that may be a piece of a password, and so is not shown.
    #[error("has an unknown keyword behind a password: one with `;` in it must be quoted")]
    AfterPassword,
    /// Of libsql, by URL.
    #[error("names a remote database, which is not supported yet: only files are")]
    Remote,
    /// `:memory:`.
    #[error("names a database in memory: only files are supported")]
    Memory,
    /// A keyword that is known, with something else in it.
    #[error("needs a `{keyword}` that is {expected}")]
    Value {
        /// The keyword.
        keyword: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// Something Npgsql can do and this program cannot.
    #[error("{0}")]
    Unsupported(&'static str),
    /// A URL that is not usable.
    #[error(transparent)]
    Url(#[from] TargetError),
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

/// What is wrong with the pair at `index`, whose keyword nobody knows. The keyword is
/// shown only if it is made of words, as in no URL that lost a slash, and if nothing
/// before it speaks of a password: one with `;` or a quote in it that is not quoted
/// ends too early, and its rest looks like keywords.
fn unknown(pairs: &[(String, String)], index: usize, form: &'static str) -> ConnectionStringError {
    let is_telling = |text: &str| {
        let text = text.to_ascii_lowercase();
        TELLING.iter().any(|spelling| text.contains(spelling))
    };
    let mut before = pairs.iter().take(index);
    if before.any(|(keyword, value)| is_telling(keyword) || is_telling(value)) {
        return ConnectionStringError::AfterPassword;
    }
    let is_word = |byte: u8| byte.is_ascii_alphabetic() || b" _-".contains(&byte);
    match pairs.get(index) {
        Some((keyword, _)) if keyword.bytes().all(is_word) => {
            ConnectionStringError::Keyword(keyword.clone())
        }
        _ => ConnectionStringError::Form(form),
    }
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
