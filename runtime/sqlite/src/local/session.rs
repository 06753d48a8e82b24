//! One connection with its prepared statements, used by one thread.

use std::collections::HashMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use libsql::params::Params;
use libsql::{AuthAction, AuthContext, Authorization, Builder, Connection, Statement};

use super::LocalOptions;
use super::failure::Failure;
use super::value::{bind, size, take};
use super::watchdog::{Patrol, Post};
use crate::database::{Changed, Outcome};
use crate::statement::{Kind, pragma_reads};
use crate::{QueryResult, RowResult, Value};

/// How long SQLite itself waits for a lock of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(4);

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Writer,
    Reader,
}

/// The connection. Statements come first, since a connection closes when nothing
/// refers to it any more.
pub(super) struct Session {
    prepared: HashMap<String, Prepared>,
    clock: u64,
    connection: Connection,
    post: Post,
    patrol: Patrol,
    options: LocalOptions,
}

struct Prepared {
    statement: Rc<Statement>,
    used: u64,
}

/// A connection that is set up but belongs to no thread yet.
pub(super) struct Opened {
    connection: Connection,
    patrol: Patrol,
    options: LocalOptions,
}

impl Opened {
    /// Opens a connection and sets it up.
    ///
    /// # Errors
    /// SQLite's message.
    pub(super) fn open(
        path: &Path,
        role: Role,
        options: LocalOptions,
        patrol: Patrol,
    ) -> Result<Self, String> {
        let text = |error: libsql::Error| Failure::from(error).message;
        let database = now(Builder::new_local(path).build()).map_err(text)?;
        let connection = database.connect().map_err(text)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(text)?;
        let settings = match role {
            Role::Writer => {
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            }
            Role::Reader => "PRAGMA query_only=ON; PRAGMA foreign_keys=ON;",
        };
        now(connection.execute_batch(settings)).map_err(text)?;
        Ok(Self {
            connection,
            patrol,
            options,
        })
    }

    /// Takes the connection into use on this thread.
    ///
    /// # Errors
    /// SQLite's message.
    pub(super) fn begin(self) -> Result<Session, Failure> {
        let Self {
            connection,
            patrol,
            options,
        } = self;
        connection.authorizer(Some(Arc::new(authorize)))?;
        let post = patrol.post(&connection);
        Ok(Session {
            prepared: HashMap::new(),
            clock: 0,
            connection,
            post,
            patrol,
            options,
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.patrol.leave(&self.post);
    }
}

/// The second net below [`crate::statement`]: no other files, no PRAGMA that
/// writes, however it is written.
fn authorize(context: &AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => Authorization::Deny,
        AuthAction::Pragma {
            pragma_name,
            pragma_value,
        } => match pragma_reads(pragma_name, pragma_value) {
            true => Authorization::Allow,
            false => Authorization::Deny,
        },
        _ => Authorization::Allow,
    }
}

impl Session {
    pub(super) fn options(&self) -> &LocalOptions {
        &self.options
    }

    /// Whether no transaction is open.
    pub(super) fn is_autocommit(&self) -> bool {
        self.connection.is_autocommit()
    }

    /// Runs one of the host's own statements, such as COMMIT.
    pub(super) fn control(&mut self, sql: &str) -> Result<(), Failure> {
        let statement = self.prepare(sql)?;
        let result = now(statement.run(Params::None));
        statement.reset();
        Ok(result?)
    }

    /// Runs a guest's statement.
    pub(super) fn run(
        &mut self,
        sql: &str,
        kind: Kind,
        parameters: &[Value],
    ) -> Result<Outcome, Failure> {
        let statement = self.prepare(sql)?;
        let expected = statement.parameter_count();
        if expected != parameters.len() {
            let given = parameters.len();
            return Err(Failure::new(format!(
                "the statement takes {expected} parameters, not {given}"
            )));
        }
        let parameters = parameters.iter().map(bind).collect::<Result<Vec<_>, _>>()?;
        let (post, options) = (self.post.clone(), self.options);
        // libsql panics on text that is not UTF-8; SQL can make such text.
        let result = catch_unwind(AssertUnwindSafe(|| {
            post.watch(options.patience, || {
                now(collect(
                    &statement,
                    Params::Positional(parameters),
                    &options,
                ))
            })
        }));
        statement.reset();
        let rows = result
            .unwrap_or_else(|_| Err(Failure::new("a value of the result is not valid text")))?;
        let changed = (kind == Kind::Change).then(|| Changed {
            rows: self.connection.changes(),
            last_insert_rowid: self.connection.last_insert_rowid(),
        });
        Ok(Outcome { rows, changed })
    }

    /// A prepared statement, from those that are kept or anew.
    fn prepare(&mut self, sql: &str) -> Result<Rc<Statement>, Failure> {
        self.clock += 1;
        if let Some(prepared) = self.prepared.get_mut(sql) {
            prepared.used = self.clock;
            prepared.statement.reset();
            return Ok(prepared.statement.clone());
        }
        let statement = Rc::new(now(self.connection.prepare(sql))?);
        if self.prepared.len() >= self.options.prepared.max(1) {
            let oldest = self
                .prepared
                .iter()
                .min_by_key(|(_, prepared)| prepared.used);
            if let Some(oldest) = oldest.map(|(sql, _)| sql.clone()) {
                self.prepared.remove(&oldest);
            }
        }
        let prepared = Prepared {
            statement: statement.clone(),
            used: self.clock,
        };
        self.prepared.insert(sql.to_owned(), prepared);
        Ok(statement)
    }
}

/// Steps a statement to its end and takes its rows, within bounds.
async fn collect(
    statement: &Statement,
    parameters: Params,
    options: &LocalOptions,
) -> Result<QueryResult, Failure> {
    let mut rows = statement.query(parameters).await?;
    let width = rows.column_count();
    let columns = (0..width)
        .map(|column| rows.column_name(column).unwrap_or_default().to_owned())
        .collect();
    let (mut found, mut bytes) = (Vec::new(), 0_usize);
    while let Some(row) = rows.next().await? {
        if found.len() >= options.rows {
            return Err(Failure::new(format!(
                "the result has more than {} rows",
                options.rows
            )));
        }
        let mut values = Vec::new();
        for column in 0..width {
            let value = take(row.get_value(column)?);
            bytes = bytes.saturating_add(size(&value));
            values.push(value);
        }
        if bytes > options.bytes {
            return Err(Failure::new(format!(
                "the result has more than {} bytes",
                options.bytes
            )));
        }
        found.push(RowResult { values });
    }
    Ok(QueryResult {
        columns,
        rows: found,
    })
}

/// Waits for a future that never really waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
}
