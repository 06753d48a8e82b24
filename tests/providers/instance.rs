//! Instances of the providers, each in a store of its own.

use std::path::Path;
use std::sync::LazyLock;

use tokio::runtime::Runtime;
use vectra_tests::dist::dist;
use wasmtime::component::{Component, Linker, ResourceAny, ResourceTable};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::bindings::sqlite::Provider;
use crate::bindings::sqlite::exports::spin::sqlite::sqlite::{Error, QueryResult, Value};

pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&Config::new()).unwrap());
static SQLITE: LazyLock<Component> = LazyLock::new(|| component("sqlite-embedded"));

pub fn component(provider: &str) -> Component {
    let file = dist(&format!("components/{provider}.wasm")).unwrap();
    Component::from_file(&ENGINE, file).unwrap()
}

/// What an instance has: WASI.
pub struct State {
    table: ResourceTable,
    wasi: WasiCtx,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

pub fn store(wasi: &mut WasiCtxBuilder) -> (Store<State>, Linker<State>) {
    let state = State {
        table: ResourceTable::new(),
        wasi: wasi.build(),
    };
    let mut linker = Linker::new(&ENGINE);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
    (Store::new(&ENGINE, state), linker)
}

/// An instance of `sqlite-embedded`. Dropped, it is gone at once, with all that it holds.
pub struct Instance {
    store: Store<State>,
    provider: Provider,
}

/// A connection of an instance.
#[derive(Clone, Copy)]
pub struct Connection(ResourceAny);

impl Instance {
    /// One that sees this folder as `/data`.
    pub async fn over(folder: &Path) -> Self {
        let mut wasi = WasiCtxBuilder::new();
        wasi.preopened_dir(folder, "/data", FsPerms::ReadWrite)
            .unwrap();
        Self::new(wasi.env("VECTRA_DATABASES", "second, third")).await
    }

    pub async fn new(wasi: &mut WasiCtxBuilder) -> Self {
        let (mut store, linker) = store(wasi);
        let provider = Provider::instantiate_async(&mut store, &SQLITE, &linker)
            .await
            .unwrap();
        Self { store, provider }
    }

    pub async fn open(&mut self, name: &str) -> Result<Connection, Error> {
        let connections = self.provider.spin_sqlite_sqlite().connection();
        let opened = connections.call_open(&mut self.store, name);
        opened.await.unwrap().map(Connection)
    }

    pub async fn execute(
        &mut self,
        connection: Connection,
        sql: &str,
        parameters: &[Value],
    ) -> Result<QueryResult, Error> {
        let connections = self.provider.spin_sqlite_sqlite().connection();
        connections
            .call_execute(&mut self.store, connection.0, sql, parameters)
            .await
            .unwrap()
    }

    /// Its only row's only value.
    pub async fn integer(&mut self, connection: Connection, sql: &str) -> i64 {
        let found = self.execute(connection, sql, &[]).await.unwrap();
        match &found.rows[0].values[..] {
            [Value::Integer(value)] => *value,
            other => panic!("{other:?}"),
        }
    }

    /// The rows changed last, and the last row's id.
    pub async fn changed(&mut self, connection: Connection) -> (u64, i64) {
        let connections = self.provider.spin_sqlite_sqlite().connection();
        let rows = connections.call_changes(&mut self.store, connection.0);
        let rows = rows.await.unwrap();
        let rowid = connections.call_last_insert_rowid(&mut self.store, connection.0);
        (rows, rowid.await.unwrap())
    }

    pub async fn close(&mut self, connection: Connection) {
        let dropped = connection.0.resource_drop_async(&mut self.store);
        dropped.await.unwrap();
    }
}

/// What an error says.
pub fn text(error: &Error) -> &str {
    match error {
        Error::Io(text) => text,
        Error::NoSuchDatabase => "no such database",
        other => panic!("{other:?}"),
    }
}

/// What SQLite itself says of the file, once nobody uses it.
pub fn assert_intact(folder: &Path) {
    let checked = std::process::Command::new("sqlite3")
        .arg(folder.join("vectra.db"))
        .arg("PRAGMA integrity_check")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&checked.stdout), "ok\n");
}
