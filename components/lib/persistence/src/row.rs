//! Reading a row, column by column.

use std::str::FromStr;

use vectra_domain::{PersistenceError, Timestamp};

use crate::{Row, Value};

type Result<T> = std::result::Result<T, PersistenceError>;

/// Takes the values of a row in order. What does not fit is an error that names the
/// column: the database holds what we did not write, and no guess is made.
pub(crate) struct Reader {
    values: std::vec::IntoIter<Value>,
}

impl Reader {
    pub(crate) fn new(row: Row) -> Self {
        Self {
            values: row.into_iter(),
        }
    }

    fn next(&mut self) -> Value {
        self.values.next().unwrap_or(Value::Null)
    }

    /// Passes over `count` columns.
    pub(crate) fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.next();
        }
    }

    /// Whether the next column is NULL, as the key of a row that an outer join did not
    /// find.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.values.as_slice().first(), None | Some(Value::Null))
    }

    pub(crate) fn optional_text(&mut self, column: &str) -> Result<Option<String>> {
        match self.next() {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            _ => Err(unexpected(column)),
        }
    }

    pub(crate) fn text(&mut self, column: &str) -> Result<String> {
        self.optional_text(column)?
            .ok_or_else(|| unexpected(column))
    }

    /// An id or anything else that is kept as text.
    pub(crate) fn parsed<T: FromStr>(&mut self, column: &str) -> Result<T> {
        self.text(column)?.parse().map_err(|_| unexpected(column))
    }

    /// As [`Self::parsed`], or NULL.
    pub(crate) fn optional_parsed<T: FromStr>(&mut self, column: &str) -> Result<Option<T>> {
        if self.is_null() {
            self.next();
            return Ok(None);
        }
        self.parsed(column).map(Some)
    }

    pub(crate) fn time(&mut self, column: &str) -> Result<Timestamp> {
        self.parsed(column)
    }

    pub(crate) fn optional_time(&mut self, column: &str) -> Result<Option<Timestamp>> {
        self.optional_parsed(column)
    }

    pub(crate) fn integer(&mut self, column: &str) -> Result<i64> {
        match self.next() {
            Value::Integer(integer) => Ok(integer),
            _ => Err(unexpected(column)),
        }
    }

    pub(crate) fn optional_integer(&mut self, column: &str) -> Result<Option<i64>> {
        if self.is_null() {
            self.next();
            return Ok(None);
        }
        self.integer(column).map(Some)
    }

    /// A number that is never negative and held at the largest `u32`.
    pub(crate) fn count(&mut self, column: &str) -> Result<u32> {
        let count = self.integer(column)?;
        if count < 0 {
            return Err(unexpected(column));
        }
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// A number that is never negative.
    pub(crate) fn large_count(&mut self, column: &str) -> Result<u64> {
        u64::try_from(self.integer(column)?).map_err(|_| unexpected(column))
    }

    /// As [`Self::count`], or NULL.
    pub(crate) fn optional_count(&mut self, column: &str) -> Result<Option<u32>> {
        if self.is_null() {
            self.next();
            return Ok(None);
        }
        self.count(column).map(Some)
    }

    /// The integer of an enum.
    pub(crate) fn code<T>(&mut self, column: &str, read: fn(i64) -> Option<T>) -> Result<T> {
        read(self.integer(column)?).ok_or_else(|| unexpected(column))
    }

    /// A double, or an integer that stands for one.
    pub(crate) fn real(&mut self, column: &str) -> Result<f64> {
        match self.next() {
            Value::Real(real) => Ok(real),
            #[allow(clippy::cast_precision_loss)]
            Value::Integer(integer) => Ok(integer as f64),
            _ => Err(unexpected(column)),
        }
    }

    pub(crate) fn blob(&mut self, column: &str) -> Result<Vec<u8>> {
        match self.next() {
            Value::Blob(bytes) => Ok(bytes),
            _ => Err(unexpected(column)),
        }
    }
}

/// A value that a column does not hold.
pub(crate) fn unexpected(column: &str) -> PersistenceError {
    PersistenceError::Other(format!("`{column}` holds an unexpected value"))
}
