//! The seam between the interface and a database.

use std::future::Future;
use std::pin::Pin;

use crate::{Error, ParameterValue, RowSet};

/// An answer that is on its way.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A database that guests can connect to.
pub trait Database: Send + Sync + 'static {
    /// Gives a connection to one guest, until it is dropped.
    fn connect(&self) -> Answer<'_, Box<dyn Session>>;

    /// How many connections a request may hold at a time.
    fn per_request(&self) -> usize {
        4
    }
}

/// A connection that belongs to one guest.
pub trait Session: Send {
    /// Runs one statement and gives its rows.
    fn query(&mut self, statement: String, parameters: Vec<ParameterValue>) -> Answer<'_, RowSet>;

    /// Runs one statement and says how many rows it concerned.
    fn execute(&mut self, statement: String, parameters: Vec<ParameterValue>) -> Answer<'_, u64>;
}
