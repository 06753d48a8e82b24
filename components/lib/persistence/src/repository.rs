//! The repositories over a [`Database`].

mod access;
mod acts;
mod agents;
mod audit;
pub(crate) mod circuits;
mod credentials;
mod held;
mod history;
pub(crate) mod intents;
mod issuers;
pub(crate) mod ledger;
pub(crate) mod lockouts;
pub(crate) mod notifications;
pub(crate) mod operators;
mod policies;
mod schema;

use vectra_domain::PersistenceError;
use vectra_domain::repository::Result;

use crate::bind::Bind;
use crate::row::Reader;
use crate::{Database, Dialect, Value, check};

/// Every port of [`vectra_domain::repository`] over one database.
pub struct Repositories<D> {
    database: D,
    dialect: &'static Dialect,
}

impl<D: Database> Repositories<D> {
    /// Takes a database that speaks `dialect`. Nothing is sent yet.
    pub const fn new(database: D, dialect: &'static Dialect) -> Self {
        Self { database, dialect }
    }

    /// The database.
    pub const fn database(&self) -> &D {
        &self.database
    }

    /// Sends one statement.
    fn rows(&self, statement: &str, parameters: Vec<Value>) -> Result<Vec<Reader>> {
        let rows = self
            .database
            .execute(statement, parameters)
            .map_err(|error| (self.dialect.error)(&error))?;
        Ok(rows.into_iter().map(Reader::new).collect())
    }

    /// Sends one statement and takes its first row, if there is one.
    fn first(&self, statement: &str, parameters: Vec<Value>) -> Result<Option<Reader>> {
        Ok(self.rows(statement, parameters)?.into_iter().next())
    }

    /// Sends a change that gives a row if there is what it changes.
    fn change(&self, statement: &str, bind: Bind) -> Result<()> {
        let row = self.first(statement, bind.finish()?)?;
        row.map(drop).ok_or(PersistenceError::NotFound)
    }

    /// Removes a bounded number of rows; `bind` holds what comes before the limit.
    fn prune(&self, statement: &str, bind: Bind, limit: u32) -> Result<u32> {
        let bind = bind.integer(check::limit(limit)?);
        let removed = self.rows(statement, bind.finish()?)?;
        Ok(u32::try_from(removed.len()).unwrap_or(u32::MAX))
    }

    /// Sends one statement and reads every row of it.
    fn all<T>(
        &self,
        statement: &str,
        parameters: Vec<Value>,
        read: fn(&mut Reader) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.rows(statement, parameters)?
            .iter_mut()
            .map(read)
            .collect()
    }
}
