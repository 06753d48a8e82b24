//! `spin:postgres/postgres@3.0.0` for wasmtime, over tokio-postgres.
//!
//! Like any host capability: a state per request ([`PostgresCtx`]), a view of it
//! beside the resource table ([`PostgresView`]), and [`add_to_linker`]. Behind it
//! are the traits [`Database`] and [`Session`]; [`PostgresDatabase`] implements
//! them with a pool of connections to a server.
//!
//! ```no_run
//! use std::sync::Arc;
//! use vectra_postgres::{
//!     Postgres, PostgresCtx, PostgresDatabase, PostgresOptions, PostgresView, Target, add_to_linker,
//! };
//! use wasmtime::component::{Linker, ResourceTable};
//!
//! struct State { postgres: PostgresCtx, table: ResourceTable }
//!
//! # fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let target = Target::parse("postgres://vectra:secret@db.example/vectra?sslmode=verify-full")?;
//! let database = PostgresDatabase::open(&target, PostgresOptions::default())?;
//! let postgres = Postgres::new([("default".to_owned(), Arc::new(database) as _)]);
//!
//! let engine = wasmtime::Engine::default();
//! let mut linker: Linker<State> = Linker::new(&engine);
//! add_to_linker(&mut linker, |state| PostgresView::new(&mut state.postgres, &mut state.table))?;
//! let state = State { postgres: postgres.context(), table: ResourceTable::new() };
//! # let _ = state; Ok(())
//! # }
//! ```
//!
//! # What a guest may rely on
//! * One statement per call; a connection belongs to one guest at a time, and what
//!   it left open is rolled back before the next one gets it. Whether there is a
//!   transaction is what the server says with each answer, however the statements were
//!   written; where there is none, nothing is sent. What a rollback does not undo
//!   (`SET`, temporary tables, session-level advisory locks) ends with the connection,
//!   which is closed then.
//! * Commits wait for the log (`synchronous_commit`), and transactions are `read
//!   committed`, whatever the server, the database or the role is set to.
//! * Every wait ends: for a connection, for the server, for a statement.
//! * A `query-failed` that begins with `outcome unknown: ` says that the statement may
//!   have been carried out; after a `value-conversion-failed` it was; after any other
//!   error it was not.
//!
//! # Where Spin differs (4.1)
//! * Spin gives 64 connections per component and address and waits for ever for
//!   one; here the number is configured, and the wait ends with
//!   `connection-failed("busy: …")`.
//! * Spin hands a transaction that a request left open to the next request.
//! * Guests of Spin give the server's URL; here a name that means nothing elsewhere.
//! * A parameter of the wrong type is `query-failed` in Spin, `bad-parameter` here.
//! * In Spin a result without rows has no columns either; here it has.
//! * A `timestamptz`, and a date that is not representable, fails the whole query
//!   in Spin; here the first is `unsupported` (cast it to text) and the second
//!   `value-conversion-failed`. Spin reads `24:00` as `00:00`.
//! * The types `name` and `"char"` are unsupported in Spin; here they are a `str`
//!   and an `int8`.
//! * Spin's error texts are long and hold the server's DETAIL; both have
//!   `SqlState(E23505)` in them.

mod bindings;
mod classify;
mod connect;
mod database;
mod failure;
mod host;
mod metrics;
mod parameter;
mod pool;
mod session;
mod status;
mod tls;
mod transport;
mod value;

pub use bindings::spin::postgres::postgres::{
    Column, DbDataType, DbValue, Error, ParameterValue, RowSet,
};
pub use database::{Answer, Database, Session};
pub use host::{Connection, Postgres, PostgresCtx, PostgresView, add_to_linker};
pub use pool::{OpenError, PostgresDatabase};
pub use session::Lent;
pub use vectra_connection::{PostgresOptions, SslMode, Target, TargetError};
