//! The seam between the interface and a database.

use std::future::Future;
use std::pin::Pin;

use crate::{Error, QueryResult, Value};

/// What a statement came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its rows.
    pub rows: QueryResult,
    /// What it changed, if it is a statement that changes rows.
    pub changed: Option<Changed>,
}

/// What a statement changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// How many rows, those changed by triggers left out.
    pub rows: u64,
    /// Id of the row inserted last.
    pub last_insert_rowid: i64,
}

/// An outcome that is on its way.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Outcome, Error>> + Send + 'a>>;

/// A database that runs single statements.
pub trait Database: Send + Sync + 'static {
    /// Runs one statement, atomically. When it returns without an error, what it
    /// changed is durable; when it returns with one, nothing was changed, except
    /// if the error says that the outcome is unknown.
    fn execute(&self, statement: String, parameters: Vec<Value>) -> Answer<'_>;
}
