//! The interface's implementation.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use wasmtime::component::{HasData, Linker, Resource, ResourceTable};

use crate::bindings::spin::sqlite::sqlite::{self, Host, HostConnection};
use crate::database::{Changed, Database, Outcome, Transaction};
use crate::statement::opens_transaction;
use crate::{Error, QueryResult, Value};

/// The databases there are, under the names guests open them by. Cheap to clone.
#[derive(Clone, Default)]
pub struct Sqlite(Arc<Databases>);

#[derive(Default)]
struct Databases {
    by_name: HashMap<String, Arc<dyn Database>>,
    statements: AtomicU64,
}

impl Sqlite {
    /// Takes names and databases. Any other name is no such database.
    pub fn new(databases: impl IntoIterator<Item = (String, Arc<dyn Database>)>) -> Self {
        let by_name = databases.into_iter().collect();
        Self(Arc::new(Databases {
            by_name,
            statements: AtomicU64::new(0),
        }))
    }

    /// The state of one request.
    pub fn context(&self) -> SqliteCtx {
        SqliteCtx {
            databases: self.0.clone(),
            statements: 0,
        }
    }

    /// How many statements were given to databases since the start.
    pub fn statements(&self) -> u64 {
        self.0.statements.load(Relaxed)
    }
}

/// State of one request. When it ends, the number of its statements is logged at
/// debug level with target `vectra::sqlite`.
pub struct SqliteCtx {
    databases: Arc<Databases>,
    statements: u64,
}

impl Drop for SqliteCtx {
    fn drop(&mut self) {
        tracing::debug!(target: "vectra::sqlite", { sqlite.statements = self.statements }, "request ended");
    }
}

/// An open connection, as a guest sees it. The database's own connections are
/// shared; this only remembers what its last change came to, and has the transaction
/// that its guest opened, which is rolled back with it.
pub struct Connection {
    database: Arc<dyn Database>,
    changed: Changed,
    transaction: Option<Box<dyn Transaction>>,
}

/// The state, beside the table that connections live in.
pub struct SqliteView<'a> {
    context: &'a mut SqliteCtx,
    table: &'a mut ResourceTable,
}

impl<'a> SqliteView<'a> {
    /// Puts both together.
    pub fn new(context: &'a mut SqliteCtx, table: &'a mut ResourceTable) -> Self {
        Self { context, table }
    }
}

impl SqliteView<'_> {
    /// Runs a statement in the connection's transaction, if it has one or opens one.
    async fn run(
        &mut self,
        connection: &Resource<Connection>,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<Outcome, Error>> {
        let held = self.table.get_mut(connection)?;
        let database = held.database.clone();
        let (transaction, result) = match held.transaction.take() {
            Some(mut transaction) => {
                let result = transaction.execute(statement, parameters).await;
                (transaction, result)
            }
            None if opens_transaction(&statement) => {
                match database.begin(statement, parameters).await {
                    Ok(transaction) => (transaction, Ok(Outcome::empty())),
                    Err(error) => return Ok(Err(error)),
                }
            }
            None => return Ok(database.execute(statement, parameters).await),
        };
        if transaction.is_open() {
            self.table.get_mut(connection)?.transaction = Some(transaction);
        }
        Ok(result)
    }
}

impl Host for SqliteView<'_> {}

impl HostConnection for SqliteView<'_> {
    async fn open(
        &mut self,
        name: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let Some(database) = self.context.databases.by_name.get(&name) else {
            return Ok(Err(Error::NoSuchDatabase));
        };
        let changed = Changed {
            rows: 0,
            last_insert_rowid: 0,
        };
        Ok(Ok(self.table.push(Connection {
            database: database.clone(),
            changed,
            transaction: None,
        })?))
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<QueryResult, Error>> {
        self.context.statements += 1;
        self.context.databases.statements.fetch_add(1, Relaxed);
        let outcome = match self.run(&connection, statement, parameters).await? {
            Ok(outcome) => outcome,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(changed) = outcome.changed {
            self.table.get_mut(&connection)?.changed = changed;
        }
        Ok(Ok(outcome.rows))
    }

    async fn last_insert_rowid(
        &mut self,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<i64> {
        Ok(self.table.get(&connection)?.changed.last_insert_rowid)
    }

    async fn changes(&mut self, connection: Resource<Connection>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&connection)?.changed.rows)
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

struct HasSqlite;

impl HasData for HasSqlite {
    type Data<'a> = SqliteView<'a>;
}

/// Adds `spin:sqlite/sqlite@3.0.0` to a linker.
///
/// # Errors
/// If the interface is there already.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> SqliteView<'_>,
) -> wasmtime::Result<()> {
    sqlite::add_to_linker::<T, HasSqlite>(linker, view)
}

#[cfg(test)]
mod tests;
