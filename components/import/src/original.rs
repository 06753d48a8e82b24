//! `spin:sqlite` as an [`Original`].

use spin_sdk::sqlite3::{Connection, Value as SpinValue};
use vectra_import::{Original, Value};

/// The host's name for the original's database.
const DATABASE: &str = "original";

/// A connection for one step.
pub(crate) struct SpinOriginal(Connection);

impl SpinOriginal {
    /// Opens the database.
    pub(crate) fn open() -> Result<Self, String> {
        Connection::open(DATABASE)
            .map(Self)
            .map_err(|error| format!("cannot open the database `{DATABASE}`: {error}"))
    }
}

impl Original for SpinOriginal {
    fn query(&self, statement: &str, parameters: Vec<Value>) -> Result<Vec<Vec<Value>>, String> {
        let parameters: Vec<SpinValue> = parameters.into_iter().map(to_spin).collect();
        let result = self
            .0
            .execute(statement, &parameters)
            .map_err(|error| error.to_string())?;
        let rows = result.rows.into_iter();
        Ok(rows
            .map(|row| row.values.into_iter().map(from_spin).collect())
            .collect())
    }
}

fn to_spin(value: Value) -> SpinValue {
    match value {
        Value::Null => SpinValue::Null,
        Value::Integer(integer) => SpinValue::Integer(integer),
        Value::Real(real) => SpinValue::Real(real),
        Value::Text(text) => SpinValue::Text(text),
        Value::Blob(bytes) => SpinValue::Blob(bytes),
    }
}

fn from_spin(value: SpinValue) -> Value {
    match value {
        SpinValue::Null => Value::Null,
        SpinValue::Integer(integer) => Value::Integer(integer),
        SpinValue::Real(real) => Value::Real(real),
        SpinValue::Text(text) => Value::Text(text),
        SpinValue::Blob(bytes) => Value::Blob(bytes),
    }
}
