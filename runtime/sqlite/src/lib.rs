//! `spin:sqlite/sqlite@3.0.0` for wasmtime, over libsql.
//!
//! Like any host capability: a state per request ([`SqliteCtx`]), a view of it
//! beside the resource table ([`SqliteView`]), and [`add_to_linker`]. Behind it is
//! the trait [`Database`]; [`LocalDatabase`] implements it with a file.
//!
//! ```no_run
//! use std::sync::Arc;
//! use vectra_sqlite::{LocalDatabase, LocalOptions, Sqlite, SqliteCtx, SqliteView, add_to_linker};
//! use wasmtime::component::{Linker, ResourceTable};
//!
//! struct State { sqlite: SqliteCtx, table: ResourceTable }
//!
//! # fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let database = LocalDatabase::open("vectra.db".as_ref(), LocalOptions::default())?;
//! let sqlite = Sqlite::new([("default".to_owned(), Arc::new(database) as _)]);
//!
//! let engine = wasmtime::Engine::default();
//! let mut linker: Linker<State> = Linker::new(&engine);
//! add_to_linker(&mut linker, |state| SqliteView::new(&mut state.sqlite, &mut state.table))?;
//! let state = State { sqlite: sqlite.context(), table: ResourceTable::new() };
//! # let _ = state; Ok(())
//! # }
//! ```
//!
//! What a guest may rely on: a statement that returned without an error is
//! durable (with [`Synchronous::Normal`], unless the power fails); a statement that
//! failed left nothing behind. There is exactly one statement per call; a second
//! one is an error, where Spin runs the first and silently drops the rest.
//!
//! A guest that opens a transaction has a connection of its own until it ends it,
//! drops its connection, or its time is up; see [`LocalOptions::patience`].

mod backup;
mod bindings;
mod database;
mod host;
mod local;
mod statement;

pub use backup::{BackupError, BackupReport, backup};
pub use bindings::spin::sqlite::sqlite::{Error, QueryResult, RowResult, Value};
pub use database::{Answer, Begun, Changed, Database, Outcome, Transaction};
pub use host::{Connection, Sqlite, SqliteCtx, SqliteView, add_to_linker};
pub use local::{
    LocalDatabase, LocalOptions, OpenError, Statistics, Synchronous, UnknownSynchronous,
};
