//! The port to a SQL database.

/// A value that goes into a statement or comes out of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// A double.
    Real(f64),
    /// UTF-8 text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// The values of a row, in the order of the statement's columns.
pub type Row = Vec<Value>;

/// What a database interface may answer instead of rows; the cases of
/// `spin:sqlite/sqlite.error` and of `spin:postgres/postgres.error`. Those with text
/// carry what the host said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// The host has no database of that name.
    #[error("no such database")]
    NoSuchDatabase,
    /// The component may not use that database.
    #[error("access denied")]
    AccessDenied,
    /// The connection cannot be used (any more).
    #[error("invalid connection")]
    InvalidConnection,
    /// The database has reached its capacity.
    #[error("database full")]
    DatabaseFull,
    /// No connection: nothing was sent, and the call may be repeated.
    #[error("no connection: {0}")]
    Unavailable(String),
    /// A parameter was refused before anything was sent.
    #[error("a parameter was refused: {0}")]
    Refused(String),
    /// Anything else, in the words of the database.
    #[error("{0}")]
    Io(String),
}

/// Something that executes SQL.
pub trait Database {
    /// Executes exactly one statement, by itself, and gives all its rows. A statement
    /// that fails changes nothing.
    ///
    /// # Errors
    /// [`DatabaseError`], with the database's own words where it has some.
    fn execute(&self, statement: &str, parameters: Vec<Value>) -> Result<Vec<Row>, DatabaseError>;
}

impl<D: Database + ?Sized> Database for &D {
    fn execute(&self, statement: &str, parameters: Vec<Value>) -> Result<Vec<Row>, DatabaseError> {
        (**self).execute(statement, parameters)
    }
}
