//! What the host offers beside its own: the databases.

use std::sync::{Arc, OnceLock};

use vectra_host::{Capabilities, RequestState};
use vectra_metrics::Exposition;
use vectra_postgres::{Postgres, PostgresCtx, PostgresDatabase, PostgresView};
use vectra_sqlite::{LocalDatabase, Sqlite, SqliteCtx, SqliteView};
use wasmtime::component::Linker;

/// `spin:sqlite` and `spin:postgres`. Both can be imported; only the configured one
/// has a database, once it is open.
#[derive(Clone, Default)]
pub struct Databases(Arc<Open>);

#[derive(Default)]
struct Open {
    sqlite: OnceLock<Sqlite>,
    postgres: OnceLock<Postgres>,
    /// Those whose numbers are shown.
    file: OnceLock<Arc<LocalDatabase>>,
    server: OnceLock<Arc<PostgresDatabase>>,
}

impl Databases {
    /// Offers these from now on; the first ones count.
    pub fn offer_sqlite(&self, sqlite: Sqlite) {
        let _ = self.0.sqlite.set(sqlite);
    }

    /// As `offer_sqlite`.
    pub fn offer_postgres(&self, postgres: Postgres) {
        let _ = self.0.postgres.set(postgres);
    }

    /// Shows the numbers of this database; the first one counts.
    pub fn show_sqlite(&self, database: Arc<LocalDatabase>) {
        let _ = self.0.file.set(database);
    }

    /// As `show_sqlite`.
    pub fn show_postgres(&self, database: Arc<PostgresDatabase>) {
        let _ = self.0.server.set(database);
    }

    /// Writes the numbers of the databases that are shown.
    pub fn write_metrics(&self, into: &mut Exposition) {
        if let Some(database) = self.0.file.get() {
            database.write_metrics(into);
        }
        if let Some(database) = self.0.server.get() {
            database.write_metrics(into);
        }
    }

    /// Whether an SQLite database is open.
    pub fn has_sqlite(&self) -> bool {
        self.0.sqlite.get().is_some()
    }
}

/// The databases' states of one request.
pub struct DatabasesState {
    sqlite: SqliteCtx,
    postgres: PostgresCtx,
}

impl Capabilities for Databases {
    type State = DatabasesState;

    fn link(linker: &mut Linker<RequestState<DatabasesState>>) -> wasmtime::Result<()> {
        vectra_sqlite::add_to_linker(linker, |state| {
            let (context, table) = state.capabilities();
            SqliteView::new(&mut context.sqlite, table)
        })?;
        vectra_postgres::add_to_linker(linker, |state| {
            let (context, table) = state.capabilities();
            PostgresView::new(&mut context.postgres, table)
        })
    }

    fn state(&self) -> DatabasesState {
        let none = Sqlite::default;
        DatabasesState {
            sqlite: self.0.sqlite.get().cloned().unwrap_or_else(none).context(),
            postgres: self.0.postgres.get().cloned().unwrap_or_default().context(),
        }
    }
}
