//! A connection while it is lent, and what happens when it comes back.

mod run;

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Object;
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::classify::{Kind, classify};
use crate::database::{Answer, Session};
use crate::failure::{Failure, Fate, unknown};
use crate::pool::{Rollback, Shared};
use crate::{Error, ParameterValue, RowSet};
use run::{Keep, Outcome, Task};

/// How much longer we wait than the server should take.
const GRACE: Duration = Duration::from_secs(1);

/// How long cleaning up may take, where nobody waits for it.
const CLEANING: Duration = Duration::from_secs(5);

/// A connection that is lent. Dropped, it is rolled back in the background and only
/// then lent again; if a statement was still running, or may have left something that
/// a rollback does not undo, it is closed instead.
pub struct Lent {
    /// None once it is lost.
    object: Option<Object>,
    shared: Arc<Shared>,
    runtime: Handle,
    /// A statement runs, or was given up.
    is_running: bool,
    /// There may be a transaction.
    in_transaction: bool,
    /// A rollback may not be enough.
    is_marked: bool,
}

impl Lent {
    pub(crate) fn new(object: Object, shared: Arc<Shared>, runtime: Handle) -> Self {
        Self {
            object: Some(object),
            shared,
            runtime,
            is_running: false,
            in_transaction: false,
            is_marked: false,
        }
    }

    /// Runs one statement and gives its rows.
    ///
    /// # Errors
    /// * `bad-parameter`: a parameter does not fit; nothing was sent.
    /// * `connection-failed`: the connection is lost; the statement was not carried
    ///   out.
    /// * `query-failed`: the server refused it and nothing is changed; or, where the
    ///   text begins with `outcome unknown: `, it may have been carried out.
    /// * `value-conversion-failed`: a value of the result cannot be expressed; the
    ///   statement was carried out.
    pub async fn query(
        &mut self,
        statement: &str,
        parameters: Vec<ParameterValue>,
    ) -> Result<RowSet, Error> {
        Ok(self.run(statement, &parameters, Keep::Rows).await?.rows)
    }

    /// Runs one statement and says how many rows it concerned.
    ///
    /// # Errors
    /// As [`Lent::query`].
    pub async fn execute(
        &mut self,
        statement: &str,
        parameters: Vec<ParameterValue>,
    ) -> Result<u64, Error> {
        Ok(self.run(statement, &parameters, Keep::Count).await?.count)
    }

    async fn run(
        &mut self,
        sql: &str,
        parameters: &[ParameterValue],
        keep: Keep,
    ) -> Result<Outcome, Error> {
        let kind = classify(sql);
        if kind == Kind::Copy {
            return Err(Error::QueryFailed("COPY is not supported".into()));
        }
        let Some(client) = self.object.as_ref().filter(|object| !object.is_closed()) else {
            return Err(Error::ConnectionFailed("the connection is closed".into()));
        };
        self.in_transaction |= kind == Kind::Transaction;
        self.is_marked |= kind == Kind::Other;
        // Should this future be dropped at any point from here on, it stays so.
        self.is_running = true;
        let options = &self.shared.options;
        let task = Task {
            client,
            sql,
            kind,
            parameters,
            keep,
            options,
        };
        let limit = options.statement_timeout.saturating_add(GRACE);
        let result = timeout(limit, task.run(self.in_transaction)).await;
        let result = result.unwrap_or_else(|_| {
            let error = Error::QueryFailed(unknown("no answer in time"));
            Err(Failure::given_up(error))
        });
        match result {
            Err(failure) if failure.connection == Fate::Lost => {
                self.give_up();
                Err(failure.error)
            }
            result => {
                self.is_running = false;
                result.map_err(|failure| failure.error)
            }
        }
    }

    /// Closes the connection, after asking the server to stop what it does there.
    fn give_up(&mut self) {
        let Some(object) = self.object.take() else {
            return;
        };
        // Its place in the pool is taken until this ends.
        let doomed = Doomed(Some(object));
        if doomed.0.as_ref().is_some_and(|object| object.is_closed()) {
            return;
        }
        let shared = self.shared.clone();
        self.runtime.spawn(async move {
            if let Some(object) = &doomed.0 {
                let token = object.cancel_token();
                let _ = timeout(CLEANING, shared.connector.cancel(&token)).await;
            }
        });
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.is_running {
            return self.give_up();
        }
        let doomed = Doomed(self.object.take());
        if self.is_marked || doomed.0.is_none() {
            return;
        }
        match self.shared.options.rollback {
            Rollback::AfterTransactions if !self.in_transaction => doomed.save(),
            _ => drop(self.runtime.spawn(clean(doomed))),
        }
    }
}

impl Session for Lent {
    fn query(&mut self, statement: String, parameters: Vec<ParameterValue>) -> Answer<'_, RowSet> {
        Box::pin(async move { Self::query(self, &statement, parameters).await })
    }

    fn execute(&mut self, statement: String, parameters: Vec<ParameterValue>) -> Answer<'_, u64> {
        Box::pin(async move { Self::execute(self, &statement, parameters).await })
    }
}

/// A connection that is closed when this is dropped, unless it was saved.
struct Doomed(Option<Object>);

impl Doomed {
    /// Gives it back to the pool.
    fn save(mut self) {
        drop(mem::take(&mut self.0));
    }
}

impl Drop for Doomed {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

/// Rolls back what may be open and gives the connection back.
async fn clean(doomed: Doomed) {
    let Some(client) = &doomed.0 else {
        return;
    };
    let cleaning = async {
        // A bare ROLLBACK outside of a transaction makes the server log a warning.
        // The first of the two fails in a transaction that has failed.
        client.batch_execute("BEGIN; ROLLBACK").await.is_ok()
            || client.batch_execute("ROLLBACK").await.is_ok()
    };
    if timeout(CLEANING, cleaning).await == Ok(true) {
        doomed.save();
    }
}
