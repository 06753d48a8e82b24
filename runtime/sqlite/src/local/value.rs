//! Values on their way in and out.

use super::failure::Failure;
use crate::Value;

/// What SQLite would silently change is refused: NaN becomes NULL, and text ends
/// at U+0000 when it is read again.
pub(super) fn bind(value: &Value) -> Result<libsql::Value, Failure> {
    Ok(match value {
        Value::Null => libsql::Value::Null,
        Value::Integer(value) => libsql::Value::Integer(*value),
        Value::Real(value) if value.is_nan() => {
            return Err(Failure::new("a parameter is not a number (NaN)"));
        }
        Value::Real(value) => libsql::Value::Real(*value),
        Value::Text(value) if value.contains('\0') => {
            return Err(Failure::new("a text parameter holds U+0000"));
        }
        Value::Text(value) => libsql::Value::Text(value.clone()),
        Value::Blob(value) => libsql::Value::Blob(value.clone()),
    })
}

/// A value as the interface has it.
pub(super) fn take(value: libsql::Value) -> Value {
    match value {
        libsql::Value::Null => Value::Null,
        libsql::Value::Integer(value) => Value::Integer(value),
        libsql::Value::Real(value) => Value::Real(value),
        libsql::Value::Text(value) => Value::Text(value),
        libsql::Value::Blob(value) => Value::Blob(value),
    }
}

/// About what a value takes in memory.
pub(super) fn size(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Text(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
            Value::Null | Value::Integer(_) | Value::Real(_) => 0,
        }
}
