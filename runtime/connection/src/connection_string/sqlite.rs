//! `Data Source=vectra.db`.

use super::ConnectionStringError::{self, Form, Memory, Missing, Remote, Twice};
use super::{is_url, pairs, unknown};

const FORM: &str = "Data Source=vectra.db";
const FILE: &str = "Data Source";

/// The file that a connection string for SQLite names.
///
/// # Errors
/// [`ConnectionStringError`].
pub fn sqlite_file(text: &str) -> Result<String, ConnectionStringError> {
    if is_url(text.trim()) {
        return Err(Remote);
    }
    let mut file = None;
    let pairs = pairs(text).ok_or(Form(FORM))?;
    for (index, (keyword, value)) in pairs.iter().enumerate() {
        match keyword.as_str() {
            "data source" | "datasource" | "filename" if file.is_some() => return Err(Twice(FILE)),
            "data source" | "datasource" | "filename" => file = Some(value),
            _ => return Err(unknown(&pairs, index, FORM)),
        }
    }
    match file {
        None => Err(Missing(FILE)),
        Some(file) if file.is_empty() => Err(Missing(FILE)),
        Some(file) if is_url(file) => Err(Remote),
        Some(file) if file.starts_with(":memory:") => Err(Memory),
        Some(file) => Ok(file.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConnectionStringError::{AfterPassword, Keyword};

    #[test]
    fn finds_the_file() {
        for (text, file) in [
            ("Data Source=vectra.db", "vectra.db"),
            ("data source = /var/lib/vectra.db ;", "/var/lib/vectra.db"),
            ("DataSource=a b.db", "a b.db"),
            ("Filename='a;b.db'", "a;b.db"),
            ("Data Source=\"a\"\"b.db\"; ", "a\"b.db"),
            ("Data Source='it''s.db'", "it's.db"),
            (";Data  Source=a=b.db;;", "a=b.db"),
        ] {
            assert_eq!(sqlite_file(text).as_deref(), Ok(file), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, error) in [
            ("", Missing(FILE)),
            ("vectra.db", Form(FORM)),
            ("Data Source=", Missing(FILE)),
            ("Data Source='a", Form(FORM)),
            ("Data Source='a'b", Form(FORM)),
            ("Data Source=a;hush;b=c", Form(FORM)),
            ("Data Source=a;Filename=b", Twice(FILE)),
            ("Data Source=a;Password=hush", Keyword("password".into())),
            ("Data Source=a;Nonsense=b", Keyword("nonsense".into())),
            ("Data Source=';Password=a';hush=b", AfterPassword),
            ("postgres:/u:hush=b@h", Form(FORM)),
            ("libsql://db.example.com", Remote),
            ("Data Source=libsql://db.example.com", Remote),
            ("Data Source=https://db.example.com", Remote),
            ("Data Source=:memory:", Memory),
        ] {
            assert_eq!(sqlite_file(text), Err(error), "{text}");
        }
    }
}
