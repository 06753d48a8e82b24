//! `spin:sqlite` as a [`Database`].

use std::cell::OnceCell;

use spin_sdk::sqlite3::{Connection, Error, Value as SpinValue};
use vectra_persistence::{Database, DatabaseError, Row, Value};

/// The host's database of this name.
const DATABASE: &str = "default";

/// A connection for one exported call, opened at its first statement and dropped at
/// its end, so that nothing is kept between requests.
#[derive(Default)]
pub(crate) struct SpinDatabase {
    connection: OnceCell<Connection>,
}

impl SpinDatabase {
    fn connection(&self) -> Result<&Connection, DatabaseError> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection);
        }
        let connection = Connection::open(DATABASE).map_err(error)?;
        Ok(self.connection.get_or_init(|| connection))
    }
}

impl Database for SpinDatabase {
    fn execute(&self, statement: &str, parameters: Vec<Value>) -> Result<Vec<Row>, DatabaseError> {
        let parameters: Vec<SpinValue> = parameters.into_iter().map(to_spin).collect();
        let result = self
            .connection()?
            .execute(statement, &parameters)
            .map_err(error)?;
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

fn error(error: Error) -> DatabaseError {
    match error {
        Error::NoSuchDatabase => DatabaseError::NoSuchDatabase,
        Error::AccessDenied => DatabaseError::AccessDenied,
        Error::InvalidConnection => DatabaseError::InvalidConnection,
        Error::DatabaseFull => DatabaseError::DatabaseFull,
        Error::Io(message) => DatabaseError::Io(message),
    }
}
