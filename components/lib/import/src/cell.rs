//! A value of the original, whatever it is: SQLite lets every column hold anything.

use crate::Value;
use crate::note::Notes;

/// Longest text that is brought over, in bytes.
pub(crate) const MAX_TEXT: usize = 16 * 1024;

/// A value with the type that SQLite gives it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    /// As bytes, one more than [`MAX_TEXT`] at most: nothing says that it is UTF-8,
    /// and hosts cut text at U+0000.
    Text(Vec<u8>),
    Blob,
}

impl Cell {
    /// What [`crate::table`] reads of a column: `typeof`, and the value.
    pub(crate) fn new(kind: &Value, value: Value) -> Self {
        match (kind, value) {
            (Value::Text(kind), Value::Blob(bytes)) if kind == "text" => Self::Text(bytes),
            (Value::Text(kind), _) if kind == "blob" => Self::Blob,
            (_, Value::Integer(integer)) => Self::Integer(integer),
            (_, Value::Real(real)) => Self::Real(real),
            (_, Value::Text(text)) => Self::Text(text.into_bytes()),
            (_, Value::Blob(_)) => Self::Blob,
            (_, Value::Null) => Self::Null,
        }
    }

    /// The value as text that every database can hold. What had to be replaced is
    /// noted; a blob is noted and is none.
    pub(crate) fn text(self, column: &str, notes: &mut Notes<'_>) -> Option<String> {
        let mut bytes = match self {
            Self::Null => return None,
            Self::Integer(integer) => return Some(integer.to_string()),
            Self::Real(real) => return Some(real.to_string()),
            Self::Blob => {
                notes.add(format!("`{column}` is a blob: left out"));
                return None;
            }
            Self::Text(bytes) => bytes,
        };
        if bytes.len() > MAX_TEXT {
            bytes.truncate(MAX_TEXT);
            drop_half_character(&mut bytes);
            notes.add(format!(
                "`{column}` is longer than {MAX_TEXT} bytes: cut there"
            ));
        }
        let text = String::from_utf8(bytes).unwrap_or_else(|error| {
            notes.add(format!(
                "`{column}` is not UTF-8: what is not was replaced by U+FFFD"
            ));
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        if !text.contains('\0') {
            return Some(text);
        }
        notes.add(format!("`{column}` holds U+0000: replaced by U+FFFD"));
        Some(text.replace('\0', "\u{FFFD}"))
    }

    /// The number, if it is one.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Real(real) => Some(*real),
            #[allow(clippy::cast_precision_loss)]
            Self::Integer(integer) => Some(*integer as f64),
            Self::Null | Self::Text(_) | Self::Blob => None,
        }
    }

    /// For a note, which makes it safe to print.
    pub(crate) fn described(&self) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Integer(integer) => integer.to_string(),
            Self::Real(real) => real.to_string(),
            Self::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Self::Blob => "a blob".to_owned(),
        }
    }
}

fn drop_half_character(bytes: &mut Vec<u8>) {
    if let Err(error) = std::str::from_utf8(bytes)
        && error.error_len().is_none()
    {
        bytes.truncate(error.valid_up_to());
    }
}
