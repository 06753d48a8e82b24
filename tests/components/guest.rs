//! An instance of a repositories component for each thread, over a real database.

use std::any::Any;
use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::runtime::Runtime;
use vectra_domain::repository::Schema;
use vectra_postgres::{
    Postgres, PostgresCtx, PostgresDatabase, PostgresOptions, PostgresView, Target,
};
use vectra_sqlite::{LocalDatabase, LocalOptions, Sqlite, SqliteCtx, SqliteView};
use vectra_tests::dist::dist;
use wasmtime::component::{Component, HasSelf, Linker, ResourceTable};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};

use crate::bindings::exported::Repositories as Exports;
use crate::bindings::variables::fermyon::spin::variables;
use crate::persistence::Repositories;

/// Hundreds of callers wait in line, on whatever machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the component calls its database.
const DATABASE: &str = "default";

pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&Config::new()).unwrap());
static SQLITE: LazyLock<Component> = LazyLock::new(|| component("sqlite"));
static POSTGRES: LazyLock<Component> = LazyLock::new(|| component("postgres"));

/// The example in `examples/repositories-memory`.
static MEMORY: LazyLock<Component> = LazyLock::new(|| file("examples/repositories-memory.wasm"));

/// SQLite inside the sandbox: the provider composed in, and a folder for it.
static EMBEDDED: LazyLock<Component> = LazyLock::new(|| file("guests/repositories-embedded.wasm"));

fn component(database: &str) -> Component {
    file(&format!("components/repositories-{database}.wasm"))
}

fn file(relative: &str) -> Component {
    Component::from_file(&ENGINE, dist(relative).unwrap()).unwrap()
}

/// A database that several threads may share, removed with its last user.
#[derive(Clone)]
pub struct Shared {
    component: &'static Component,
    sqlite: Sqlite,
    postgres: Postgres,
    /// What an instance sees as `/data`.
    folder: Option<PathBuf>,
    _database: Arc<dyn Any + Send + Sync>,
}

impl Shared {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = LocalOptions {
            patience: PATIENCE,
            ..LocalOptions::default()
        };
        let database = LocalDatabase::open(&folder.path().join("vectra.db"), options).unwrap();
        Self {
            component: &SQLITE,
            sqlite: Sqlite::new([(DATABASE.to_owned(), Arc::new(database) as _)]),
            postgres: Postgres::default(),
            folder: None,
            _database: Arc::new(folder),
        }
    }

    pub fn postgres() -> Self {
        let database = vectra_cluster::Database::fresh().unwrap();
        let target = Target::parse(database.url()).unwrap();
        let _runtime = RUNTIME.enter();
        // Many tests share one server.
        let options = PostgresOptions {
            connections: 4,
            patience: PATIENCE,
            ..PostgresOptions::default()
        };
        let pool = PostgresDatabase::open(&target, options).unwrap();
        Self {
            component: &POSTGRES,
            sqlite: Sqlite::default(),
            postgres: Postgres::new([(DATABASE.to_owned(), Arc::new(pool) as _)]),
            folder: None,
            _database: Arc::new(database),
        }
    }

    /// No database: an instance's rows are its own.
    pub fn memory() -> Self {
        Self {
            component: &MEMORY,
            sqlite: Sqlite::default(),
            postgres: Postgres::default(),
            folder: None,
            _database: Arc::new(()),
        }
    }

    /// A folder with what `ensure` makes, made once and copied: it takes hundreds of commits.
    pub fn embedded() -> Self {
        static MADE: LazyLock<Shared> = LazyLock::new(|| {
            let empty = Shared::embedded_empty();
            empty.repositories().ensure().unwrap();
            empty
        });
        let shared = Self::embedded_empty();
        let (made, folder) = (
            MADE.folder.as_ref().unwrap(),
            shared.folder.as_ref().unwrap(),
        );
        std::fs::copy(made.join("vectra.db"), folder.join("vectra.db")).unwrap();
        shared
    }

    fn embedded_empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            component: &EMBEDDED,
            sqlite: Sqlite::default(),
            postgres: Postgres::default(),
            folder: Some(folder.path().to_path_buf()),
            _database: Arc::new(folder),
        }
    }

    /// An instance for this thread; the one before is gone then.
    pub fn repositories(&self) -> Repositories {
        let guest = RUNTIME.block_on(Guest::new(self.clone()));
        CURRENT.with(|current| *current.borrow_mut() = Some(guest));
        Repositories
    }
}

pub fn fresh_sqlite() -> Repositories {
    Shared::sqlite().repositories()
}

pub fn fresh_postgres() -> Repositories {
    Shared::postgres().repositories()
}

pub fn fresh_memory() -> Repositories {
    Shared::memory().repositories()
}

pub fn bare_embedded() -> Repositories {
    Shared::embedded_empty().repositories()
}

pub fn fresh_embedded() -> Repositories {
    Shared::embedded().repositories()
}

struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    sqlite: SqliteCtx,
    postgres: PostgresCtx,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl variables::Host for State {
    fn get(&mut self, name: String) -> Result<String, variables::Error> {
        match name.as_str() {
            "database_url" => Ok(DATABASE.to_owned()),
            _ => Err(variables::Error::Undefined(name)),
        }
    }
}

/// An instance in a store of its own.
pub struct Guest {
    pub store: Store<WithState>,
    pub exports: Exports,
}

/// Hides what only this file needs to know.
pub struct WithState(
    State,
    #[expect(dead_code, reason = "the last to go")] Shared,
);

thread_local! {
    pub static CURRENT: RefCell<Option<Guest>> = const { RefCell::new(None) };
}

/// Calls an export of this thread's instance.
macro_rules! call {
    (|$exports:ident, $store:ident| $call:expr) => {
        $crate::guest::CURRENT.with(|current| {
            let mut current = current.borrow_mut();
            let $crate::guest::Guest {
                store,
                exports: $exports,
            } = current.as_mut().unwrap();
            let $store = store;
            $crate::guest::RUNTIME
                .block_on(async { $call.await })
                .unwrap()
        })
    };
}
pub(crate) use call;

impl Guest {
    async fn new(database: Shared) -> Self {
        let mut linker: Linker<WithState> = Linker::new(&ENGINE);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
        vectra_sqlite::add_to_linker(&mut linker, |state: &mut WithState| {
            SqliteView::new(&mut state.0.sqlite, &mut state.0.table)
        })
        .unwrap();
        vectra_postgres::add_to_linker(&mut linker, |state: &mut WithState| {
            PostgresView::new(&mut state.0.postgres, &mut state.0.table)
        })
        .unwrap();
        variables::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| &mut state.0).unwrap();
        let mut wasi = WasiCtx::builder();
        if let Some(folder) = &database.folder {
            wasi.preopened_dir(folder, "/data", FsPerms::ReadWrite)
                .unwrap();
        }
        let state = State {
            table: ResourceTable::new(),
            wasi: wasi.build(),
            sqlite: database.sqlite.context(),
            postgres: database.postgres.context(),
        };
        let component = database.component;
        let mut store = Store::new(&ENGINE, WithState(state, database));
        let exports = Exports::instantiate_async(&mut store, component, &linker);
        let exports = exports.await.unwrap();
        Self { store, exports }
    }
}

impl WasiView for WithState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.0.ctx()
    }
}
