//! One connection with its prepared statements, used by one thread.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use libsql::params::Params;
use libsql::{Builder, Connection};

use super::LocalOptions;
use super::authorizer::authorize;
use super::checkpoint::Mode;
use super::failure::Failure;
use super::prepared::Prepared;
use super::rows::collect;
use super::space;
use super::statistics::Counters;
use super::value::bind;
use super::watchdog::{Patrol, Post};
use crate::database::{Changed, Outcome};
use crate::statement::Kind;
use crate::{QueryResult, Value};

/// How long a checkpoint waits for each lock it needs.
const CHECKPOINT_TIMEOUT: Duration = Duration::from_millis(250);

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Writer,
    Reader,
    Transaction,
    Checkpoint,
}

/// What all sessions of a database share.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) options: LocalOptions,
    pub(super) patrol: Patrol,
    pub(super) counters: Arc<Counters>,
}

/// The connection. Statements come first, since a connection closes when nothing
/// refers to it any more.
pub(super) struct Session {
    prepared: Prepared,
    connection: Connection,
    post: Post,
    place: Place,
}

/// A connection that is set up but belongs to no thread yet.
pub(super) struct Opened {
    connection: Connection,
    place: Place,
}

/// How far a checkpoint came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// Whether someone was in its way.
    pub(super) is_busy: bool,
    /// Frames in the WAL, and those of them that were copied.
    pub(super) frames: u64,
    pub(super) copied: u64,
}

impl Opened {
    /// Opens a connection and sets it up.
    pub(super) fn open(place: &Place, role: Role) -> Result<Self, Failure> {
        let database = now(Builder::new_local(&place.path).build())?;
        let connection = database.connect()?;
        // SQLite itself waits for a lock of another process.
        connection.busy_timeout(match role {
            Role::Checkpoint => CHECKPOINT_TIMEOUT,
            _ => place.options.patience.mul_f32(0.8),
        })?;
        let synchronous = place.options.synchronous;
        // 16 MiB of cache hold the upper pages of large indexes.
        let writes = format!(
            "PRAGMA synchronous={synchronous}; PRAGMA wal_autocheckpoint=0; \
             PRAGMA cache_size=-16384;"
        );
        let settings = match role {
            Role::Writer => format!("PRAGMA journal_mode=WAL; {writes}"),
            Role::Reader => "PRAGMA query_only=ON;".to_owned(),
            Role::Transaction | Role::Checkpoint => writes,
        };
        now(connection.execute_batch(&format!("{settings} PRAGMA foreign_keys=ON;")))?;
        let opened = Self {
            connection,
            place: place.clone(),
        };
        let mode = opened.row("PRAGMA journal_mode", |row| {
            row.get_str(0).map(str::to_owned)
        })?;
        match mode.as_str() {
            "wal" => Ok(opened),
            mode => Err(Failure::new(format!(
                "its journal mode is `{mode}`, not `wal`"
            ))),
        }
    }

    /// Takes the connection into use on this thread.
    pub(super) fn begin(self) -> Result<Session, Failure> {
        let Self { connection, place } = self;
        connection.authorizer(Some(Arc::new(authorize)))?;
        Ok(Session {
            prepared: Prepared::new(place.options.prepared, place.counters.clone()),
            post: place.patrol.post(&connection),
            connection,
            place,
        })
    }

    /// Runs a checkpoint.
    pub(super) fn checkpoint(&self, mode: Mode) -> Result<Progress, Failure> {
        let sql = match mode {
            Mode::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
            Mode::Restart => "PRAGMA wal_checkpoint(RESTART)",
            Mode::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
        };
        self.row(sql, |row| {
            // Minus one when there is no WAL.
            let frames = |column| row.get::<i64>(column).map(|frames| frames.max(0) as u64);
            Ok(Progress {
                is_busy: row.get::<i64>(0)? != 0,
                frames: frames(1)?,
                copied: frames(2)?,
            })
        })
    }

    /// The one row of one of the host's own statements.
    fn row<T>(
        &self,
        sql: &str,
        read: impl FnOnce(&libsql::Row) -> libsql::Result<T>,
    ) -> Result<T, Failure> {
        let mut rows = now(self.connection.query(sql, ()))?;
        match now(rows.next())? {
            Some(row) => Ok(read(&row)?),
            None => Err(Failure::new(format!("`{sql}` gives no row"))),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.place.patrol.leave(&self.post);
    }
}

impl Session {
    pub(super) fn options(&self) -> &LocalOptions {
        &self.place.options
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.place.counters
    }

    /// Whether no transaction is open.
    pub(super) fn is_autocommit(&self) -> bool {
        self.connection.is_autocommit()
    }

    /// Runs one of the host's own statements, such as SAVEPOINT.
    pub(super) fn control(&mut self, sql: &str) -> Result<(), Failure> {
        self.step(sql).map_err(|failure| self.diagnose(failure))
    }

    /// Commits. Only SQLite itself can say that the disk is full and all is undone: the
    /// commit may have been written whole before its sync failed.
    pub(super) fn commit(&mut self) -> Result<(), Failure> {
        self.step("COMMIT").map_err(Failure::at_commit)
    }

    fn step(&mut self, sql: &str) -> Result<(), Failure> {
        let statement = self.prepared.get(&self.connection, sql)?;
        let result = now(statement.run(Params::None));
        statement.reset();
        Ok(result?)
    }

    /// Runs a guest's statement, for a limited time.
    pub(super) fn run(
        &mut self,
        sql: &str,
        kind: Kind,
        parameters: &[Value],
        limit: Duration,
    ) -> Result<Outcome, Failure> {
        let rows = self.query(sql, parameters, limit);
        let rows = rows.map_err(|failure| match kind {
            // It may end the transaction, as our own COMMIT does.
            Kind::Control(_) => failure.at_commit(),
            _ => self.diagnose(failure),
        })?;
        let changed = (kind == Kind::Change).then(|| Changed {
            rows: self.connection.changes(),
            last_insert_rowid: self.connection.last_insert_rowid(),
        });
        Ok(Outcome { rows, changed })
    }

    fn query(
        &mut self,
        sql: &str,
        parameters: &[Value],
        limit: Duration,
    ) -> Result<QueryResult, Failure> {
        let statement = self.prepared.get(&self.connection, sql)?;
        let expected = statement.parameter_count();
        if expected != parameters.len() {
            let given = parameters.len();
            return Err(Failure::new(format!(
                "the statement takes {expected} parameters, not {given}"
            )));
        }
        let parameters = parameters.iter().map(bind).collect::<Result<Vec<_>, _>>()?;
        let options = &self.place.options;
        // libsql panics on text that is not UTF-8; SQL can make such text.
        let result = catch_unwind(AssertUnwindSafe(|| {
            self.post.watch(limit, || {
                now(collect(&statement, Params::Positional(parameters), options))
            })
        }));
        statement.reset();
        result.unwrap_or_else(|_| Err(Failure::new("a value of the result is not valid text")))
    }

    /// Finds out whether a full disk is behind a failure.
    fn diagnose(&self, failure: Failure) -> Failure {
        match failure.may_be_full() && space::is_full(&self.place.path) {
            true => Failure::full(),
            false => failure,
        }
    }
}

/// Waits for a future that never really waits.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
}
