//! The interface's implementation.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use wasmtime::component::{HasData, Linker, Resource, ResourceTable};

use crate::bindings::spin::postgres::postgres::{self, Host, HostConnection};
use crate::database::{Database, Session};
use crate::{Error, ParameterValue, RowSet};

/// The databases there are, under the names guests open them by. Cheap to clone.
#[derive(Clone, Default)]
pub struct Postgres(Arc<Databases>);

#[derive(Default)]
struct Databases {
    by_name: HashMap<String, Arc<dyn Database>>,
    statements: AtomicU64,
}

impl Postgres {
    /// Takes names and databases. A name is opaque; any other address is refused.
    pub fn new(databases: impl IntoIterator<Item = (String, Arc<dyn Database>)>) -> Self {
        let by_name = databases.into_iter().collect();
        Self(Arc::new(Databases {
            by_name,
            statements: AtomicU64::new(0),
        }))
    }

    /// The state of one request.
    pub fn context(&self) -> PostgresCtx {
        PostgresCtx {
            databases: self.0.clone(),
            statements: 0,
            open: 0,
        }
    }

    /// How many statements were given to databases since the start.
    pub fn statements(&self) -> u64 {
        self.0.statements.load(Relaxed)
    }
}

/// State of one request. When it ends, the number of its statements is logged at
/// debug level with target `vectra::postgres`.
pub struct PostgresCtx {
    databases: Arc<Databases>,
    statements: u64,
    open: usize,
}

impl PostgresCtx {
    fn count(&mut self) {
        self.statements += 1;
        self.databases.statements.fetch_add(1, Relaxed);
    }
}

impl Drop for PostgresCtx {
    fn drop(&mut self) {
        tracing::debug!(target: "vectra::postgres", { postgres.statements = self.statements }, "request ended");
    }
}

/// An open connection, as a guest sees it: a real one, lent until it is dropped.
pub struct Connection(Box<dyn Session>);

/// The state, beside the table that connections live in.
pub struct PostgresView<'a> {
    context: &'a mut PostgresCtx,
    table: &'a mut ResourceTable,
}

impl<'a> PostgresView<'a> {
    /// Puts both together.
    pub fn new(context: &'a mut PostgresCtx, table: &'a mut ResourceTable) -> Self {
        Self { context, table }
    }
}

impl Host for PostgresView<'_> {}

impl HostConnection for PostgresView<'_> {
    async fn open(
        &mut self,
        address: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        // An address that we do not know may hold a password: it is not repeated.
        let Some(database) = self.context.databases.by_name.get(&address) else {
            let message = "there is no database of this name";
            return Ok(Err(Error::ConnectionFailed(message.into())));
        };
        if self.context.open >= database.per_request() {
            let message = "busy: the request holds too many connections";
            return Ok(Err(Error::ConnectionFailed(message.into())));
        }
        match database.connect().await {
            Ok(session) => {
                self.context.open += 1;
                Ok(Ok(self.table.push(Connection(session))?))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    async fn query(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<RowSet, Error>> {
        self.context.count();
        let session = &mut self.table.get_mut(&connection)?.0;
        Ok(session.query(statement, parameters).await)
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<u64, Error>> {
        self.context.count();
        let session = &mut self.table.get_mut(&connection)?.0;
        Ok(session.execute(statement, parameters).await)
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        self.context.open = self.context.open.saturating_sub(1);
        Ok(())
    }
}

struct HasPostgres;

impl HasData for HasPostgres {
    type Data<'a> = PostgresView<'a>;
}

/// Adds `spin:postgres/postgres@3.0.0` to a linker.
///
/// # Errors
/// If the interface is there already.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> PostgresView<'_>,
) -> wasmtime::Result<()> {
    postgres::add_to_linker::<T, HasPostgres>(linker, view)
}

#[cfg(test)]
mod tests;
