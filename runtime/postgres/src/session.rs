//! A connection while it is lent, and what happens when it comes back.

mod run;

use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::Object;
use tokio::runtime::Handle;
use tokio::time::timeout;
use vectra_connection::PostgresOptions;

use crate::classify::{Kind, classify};
use crate::connect::Server;
use crate::database::{Answer, Session};
use crate::failure::{Failure, Fate, unknown};
use crate::metrics::Counters;
use crate::status::State;
use crate::{Error, ParameterValue, RowSet};
use run::{Keep, Outcome, Task};

/// How much longer we wait than the server should take.
const GRACE: Duration = Duration::from_secs(1);

/// How long cleaning up may take, where nobody waits for it.
const CLEANING: Duration = Duration::from_secs(5);

/// A connection that is lent. Dropped, it is lent again at once if the server says that
/// there is no transaction; if there is one, it is rolled back in the background and
/// only then lent again. If a statement was still running, or may have left something
/// that a rollback does not undo, it is closed instead.
pub struct Lent {
    /// None once it is lost.
    object: Option<Object<Server>>,
    options: PostgresOptions,
    runtime: Handle,
    counters: Arc<Counters>,
    /// A statement runs, or was given up.
    is_running: bool,
    /// The last statement did not fail, so what the server said includes it. After an
    /// error it may have more to say.
    is_settled: bool,
    /// A rollback may not be enough.
    is_marked: bool,
}

impl Lent {
    pub(crate) fn new(
        object: Object<Server>,
        options: PostgresOptions,
        runtime: Handle,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            object: Some(object),
            options,
            runtime,
            counters,
            is_running: false,
            is_settled: true,
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
        self.is_marked |= kind == Kind::Other;
        // Should this future be dropped at any point from here on, it stays so.
        self.is_running = true;
        self.is_settled = false;
        let options = &self.options;
        let task = Task {
            client,
            sql,
            kind,
            parameters,
            keep,
            options,
        };
        let limit = options.statement_timeout.saturating_add(GRACE);
        let begun = Instant::now();
        let result = timeout(limit, task.run()).await;
        let result = result.unwrap_or_else(|_| {
            let error = Error::QueryFailed(unknown("no answer in time"));
            Err(Failure::given_up(error))
        });
        self.counters.statements.observe(begun.elapsed());
        if result.is_err() {
            self.counters.failed.add(1);
        }
        match result {
            Err(failure) if failure.connection == Fate::Lost => {
                self.counters.lost.add(1);
                self.give_up();
                Err(failure.error)
            }
            result => {
                self.is_running = false;
                self.is_settled = result.is_ok();
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
        self.runtime.spawn(async move {
            if let Some(object) = &doomed.0 {
                let _ = timeout(CLEANING, object.cancel()).await;
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
        let Some(object) = doomed.0.as_ref().filter(|_| !self.is_marked) else {
            return;
        };
        if self.is_settled && object.state() == State::Idle {
            return doomed.save();
        }
        self.runtime.spawn(clean(doomed));
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
struct Doomed(Option<Object<Server>>);

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

/// Rolls back what is open and gives the connection back.
async fn clean(doomed: Doomed) {
    let Some(backend) = &doomed.0 else {
        return;
    };
    let cleaning = async {
        // The answer comes after all that the server still has to say.
        backend.check_connection().await.ok()?;
        if matches!(backend.state(), State::Open | State::Failed) {
            backend.batch_execute("ROLLBACK").await.ok()?;
        }
        Some(backend.state())
    };
    if timeout(CLEANING, cleaning).await == Ok(Some(State::Idle)) {
        doomed.save();
    }
}
