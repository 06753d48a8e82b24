//! Values on their way in and out.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use crate::bindings::exports::spin::sqlite::sqlite::Value;
use crate::failure::Failure;

/// What SQLite would silently change is refused: NaN becomes NULL, and text ends
/// at U+0000 when it is read again.
pub(crate) fn check(values: &[Value]) -> Result<(), Failure> {
    values.iter().try_for_each(|value| match value {
        Value::Real(value) if value.is_nan() => {
            Err(Failure::new("a parameter is not a number (NaN)"))
        }
        Value::Text(value) if value.contains('\0') => {
            Err(Failure::new("a text parameter holds U+0000"))
        }
        _ => Ok(()),
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

/// A value as the interface has it.
pub(crate) fn take(value: ValueRef<'_>) -> Result<Value, Failure> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Real(value) => Value::Real(value),
        ValueRef::Text(value) => match str::from_utf8(value) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => return Err(Failure::new("a text in the result is not UTF-8")),
        },
        ValueRef::Blob(value) => Value::Blob(value.to_vec()),
    })
}

/// About what a value takes in memory.
pub(crate) fn size(value: ValueRef<'_>) -> usize {
    size_of::<Value>()
        + match value {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => 0,
        }
}
