//! The seam between the interface and a database.

use std::future::{Future, ready};
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

impl Outcome {
    /// No rows, and nothing changed.
    pub fn empty() -> Self {
        let rows = QueryResult {
            columns: Vec::new(),
            rows: Vec::new(),
        };
        Self {
            rows,
            changed: None,
        }
    }
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

/// A transaction that is on its way.
pub type Begun<'a> = Pin<Box<dyn Future<Output = Result<Box<dyn Transaction>, Error>> + Send + 'a>>;

/// A database that runs single statements.
pub trait Database: Send + Sync + 'static {
    /// Runs one statement, atomically. When it returns without an error, what it
    /// changed is durable; when it returns with one, nothing was changed, except
    /// if the error says that the outcome is unknown.
    fn execute(&self, statement: String, parameters: Vec<Value>) -> Answer<'_>;

    /// Opens a transaction with the statement that does (BEGIN or SAVEPOINT). A
    /// database that has none refuses.
    fn begin(&self, statement: String, parameters: Vec<Value>) -> Begun<'_> {
        drop((statement, parameters));
        Box::pin(ready(Err(Error::Io(
            "this database has no transactions".into(),
        ))))
    }
}

/// A transaction of one guest. It is rolled back when it is dropped.
pub trait Transaction: Send {
    /// Runs one statement in it. What it changed is durable when the statement
    /// that ends the transaction (COMMIT, or RELEASE of the outermost savepoint)
    /// returns without an error.
    fn execute(&mut self, statement: String, parameters: Vec<Value>) -> Answer<'_>;

    /// Whether the next statement belongs to it too. A transaction that was
    /// rolled back against its guest's will does not end before the guest has
    /// taken notice by ROLLBACK or COMMIT.
    fn is_open(&self) -> bool;
}
