//! `spin:postgres` as a [`Database`].

use std::cell::OnceCell;

use spin_sdk::pg3::{Connection, DbValue, ParameterValue, PgError as Error};
use vectra_persistence::{Database, DatabaseError, Row, Value};

/// The variable that holds the server's address.
const ADDRESS: &str = "database_url";

/// A connection for one exported call, opened at its first statement and dropped at
/// its end: hosts lend connections, and whoever keeps one takes it from the others.
#[derive(Default)]
pub(crate) struct SpinDatabase {
    connection: OnceCell<Connection>,
}

impl SpinDatabase {
    fn connection(&self) -> Result<&Connection, DatabaseError> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection);
        }
        // Its error may hold the address, and that a password.
        let address = spin_sdk::variables::get(ADDRESS).map_err(|_| {
            DatabaseError::Unavailable(format!("the variable `{ADDRESS}` is not set"))
        })?;
        let connection = Connection::open(&address).map_err(error)?;
        Ok(self.connection.get_or_init(|| connection))
    }
}

impl Database for SpinDatabase {
    fn execute(&self, statement: &str, parameters: Vec<Value>) -> Result<Vec<Row>, DatabaseError> {
        let parameters: Vec<ParameterValue> = parameters.into_iter().map(to_spin).collect();
        let result = self
            .connection()?
            .query(statement, &parameters)
            .map_err(error)?;
        let rows = result.rows.into_iter();
        rows.map(|row| row.into_iter().map(from_spin).collect())
            .collect()
    }
}

fn to_spin(value: Value) -> ParameterValue {
    match value {
        Value::Null => ParameterValue::DbNull,
        Value::Integer(integer) => ParameterValue::Int64(integer),
        Value::Real(real) => ParameterValue::Floating64(real),
        Value::Text(text) => ParameterValue::Str(text),
        Value::Blob(bytes) => ParameterValue::Binary(bytes),
    }
}

/// Our statements cast every column to one of these.
fn from_spin(value: DbValue) -> Result<Value, DatabaseError> {
    Ok(match value {
        DbValue::DbNull => Value::Null,
        DbValue::Int64(integer) => Value::Integer(integer),
        DbValue::Floating64(real) => Value::Real(real),
        DbValue::Str(text) => Value::Text(text),
        DbValue::Binary(bytes) => Value::Blob(bytes),
        _ => return Err(DatabaseError::Io("a column has an unexpected type".into())),
    })
}

fn error(error: Error) -> DatabaseError {
    match error {
        Error::ConnectionFailed(message) => DatabaseError::Unavailable(message),
        Error::BadParameter(message) => DatabaseError::Refused(message),
        Error::QueryFailed(message)
        | Error::ValueConversionFailed(message)
        | Error::Other(message) => DatabaseError::Io(message),
    }
}
