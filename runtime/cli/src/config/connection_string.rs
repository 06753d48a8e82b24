//! Connection strings of ADO.NET: `Data Source=vectra.db`.

use thiserror::Error;

/// What is wrong with a connection string. Never shows it: it may hold a password.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum ConnectionStringError {
    #[error("is not of the form `Data Source=vectra.db`")]
    Form,
    #[error("names no `Data Source`")]
    NoFile,
    #[error("names the `Data Source` twice")]
    Twice,
    #[error("uses `{0}`, which is not supported")]
    Keyword(String),
    #[error("names a remote database, which is not supported yet: only files are")]
    Remote,
    #[error("names a database in memory: only files are supported")]
    Memory,
}

/// The file that a connection string for SQLite names.
pub(super) fn sqlite_file(text: &str) -> Result<String, ConnectionStringError> {
    if is_remote(text.trim()) {
        return Err(ConnectionStringError::Remote);
    }
    let mut file = None;
    for (keyword, value) in pairs(text)? {
        match keyword.to_ascii_lowercase().as_str() {
            "data source" | "datasource" | "filename" if file.is_some() => {
                return Err(ConnectionStringError::Twice);
            }
            "data source" | "datasource" | "filename" => file = Some(value),
            _ => return Err(ConnectionStringError::Keyword(keyword)),
        }
    }
    match file {
        None => Err(ConnectionStringError::NoFile),
        Some(file) if file.is_empty() => Err(ConnectionStringError::NoFile),
        Some(file) if is_remote(&file) => Err(ConnectionStringError::Remote),
        Some(file) if file.starts_with(":memory:") => Err(ConnectionStringError::Memory),
        Some(file) => Ok(file),
    }
}

fn is_remote(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// The pairs of `keyword=value;…`. A value in single or double quotes may hold
/// semicolons, and the quote itself twice.
fn pairs(text: &str) -> Result<Vec<(String, String)>, ConnectionStringError> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_matches([' ', ';']);
    while !rest.is_empty() {
        let (keyword, after) = rest.split_once('=').ok_or(ConnectionStringError::Form)?;
        let (value, after) = value(after.trim_start())?;
        pairs.push((keyword.trim().to_owned(), value));
        rest = after.trim_start_matches([' ', ';']);
    }
    Ok(pairs)
}

/// A value and what comes after it.
fn value(text: &str) -> Result<(String, &str), ConnectionStringError> {
    let Some(quote) = text
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))
    else {
        let (value, rest) = text.split_once(';').unwrap_or((text, ""));
        return Ok((value.trim().to_owned(), rest));
    };
    let mut value = String::new();
    let mut rest = text.strip_prefix(quote).unwrap_or_default();
    loop {
        let (part, after) = rest.split_once(quote).ok_or(ConnectionStringError::Form)?;
        value.push_str(part);
        match after.strip_prefix(quote) {
            Some(after) => {
                value.push(quote);
                rest = after;
            }
            None if after.trim_start().is_empty() => return Ok((value, "")),
            None => {
                let rest = after.trim_start().strip_prefix(';');
                return Ok((value, rest.ok_or(ConnectionStringError::Form)?));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_file() {
        for (text, file) in [
            ("Data Source=vectra.db", "vectra.db"),
            ("data source = /var/lib/vectra.db ;", "/var/lib/vectra.db"),
            ("DataSource=a b.db", "a b.db"),
            ("Filename='a;b.db'", "a;b.db"),
            ("Data Source=\"a\"\"b.db\"; ", "a\"b.db"),
            ("Data Source='it''s.db'", "it's.db"),
            (";Data Source=a=b.db;;", "a=b.db"),
        ] {
            assert_eq!(sqlite_file(text).as_deref(), Ok(file), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        use ConnectionStringError::{Form, Keyword, Memory, NoFile, Remote, Twice};
        for (text, error) in [
            ("", NoFile),
            ("vectra.db", Form),
            ("Data Source=", NoFile),
            ("Data Source='a", Form),
            ("Data Source='a'b", Form),
            ("Data Source=a;Filename=b", Twice),
            ("Data Source=a;Password=hush", Keyword("Password".into())),
            ("libsql://db.example.com", Remote),
            ("Data Source=libsql://db.example.com", Remote),
            ("Data Source=https://db.example.com", Remote),
            ("Data Source=:memory:", Memory),
        ] {
            assert_eq!(sqlite_file(text), Err(error), "{text}");
        }
    }
}
