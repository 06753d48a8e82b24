//! Parameters of a statement.

use std::fmt::Display;

use vectra_domain::{PersistenceError, Timestamp};

use crate::Value;

/// Collects parameters in order and refuses what no database of ours may hold. The
/// first refusal is kept and comes out of [`Bind::finish`].
#[derive(Default)]
pub(crate) struct Bind {
    values: Vec<Value>,
    refused: Option<PersistenceError>,
}

impl Bind {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Appends a value that needs no check.
    pub(crate) fn value(mut self, value: Value) -> Self {
        self.values.push(value);
        self
    }

    /// Appends an id in its lower-case hyphenated form.
    pub(crate) fn id(self, id: impl Display) -> Self {
        self.value(Value::Text(id.to_string()))
    }

    /// Appends an id or NULL.
    pub(crate) fn optional_id(self, id: Option<impl Display>) -> Self {
        match id {
            Some(id) => self.id(id),
            None => self.value(Value::Null),
        }
    }

    /// Appends a time.
    pub(crate) fn time(self, time: Timestamp) -> Self {
        self.value(Value::Text(time.to_string()))
    }

    /// Appends a time or NULL.
    pub(crate) fn optional_time(self, time: Option<Timestamp>) -> Self {
        self.value(time.map_or(Value::Null, |time| Value::Text(time.to_string())))
    }

    /// Appends an integer.
    pub(crate) fn integer(self, integer: i64) -> Self {
        self.value(Value::Integer(integer))
    }

    /// Appends an integer or NULL.
    pub(crate) fn optional_integer(self, integer: Option<i64>) -> Self {
        self.value(integer.map_or(Value::Null, Value::Integer))
    }

    /// Appends a double that the caller knows to be finite.
    pub(crate) fn real(self, real: f64) -> Self {
        self.value(Value::Real(real))
    }

    /// Appends a double that the caller knows to be finite, or NULL.
    pub(crate) fn optional_real(self, real: Option<f64>) -> Self {
        self.value(real.map_or(Value::Null, Value::Real))
    }

    /// Appends bytes.
    pub(crate) fn blob(self, bytes: &[u8]) -> Self {
        self.value(Value::Blob(bytes.to_vec()))
    }

    /// Appends text; U+0000 in it is refused, naming the column.
    pub(crate) fn text(mut self, column: &str, text: &str) -> Self {
        if let Err(error) = crate::check::text(column, text) {
            self.refused.get_or_insert(error);
        }
        self.value(Value::Text(text.to_owned()))
    }

    /// Appends text or NULL; U+0000 in it is refused, naming the column.
    pub(crate) fn optional_text(self, column: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(column, text),
            None => self.value(Value::Null),
        }
    }

    /// How many parameters there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The parameters.
    ///
    /// # Errors
    /// [`PersistenceError::Invalid`] if one of them was refused.
    pub(crate) fn finish(self) -> Result<Vec<Value>, PersistenceError> {
        self.refused.map_or(Ok(self.values), Err)
    }
}
