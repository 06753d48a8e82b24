//! The SQL of Vectra and its row mapping over a small database trait.
//!
//! [`Repositories`] implements every port of [`vectra_domain::repository`] over a
//! [`Database`], which is all a component shell or a test has to supply. What differs
//! between databases is in one [`Dialect`]. [`memory::Memory`] has the same behaviour
//! without a database.
//!
//! Each call is one SQL statement, so nothing is held open between calls; only
//! `schema.ensure` sends several, each of which may be repeated.

mod bind;
mod check;
pub mod database;
pub mod dialect;
mod filter;
mod mapping;
pub mod memory;
mod repository;
mod row;

pub use database::{Database, DatabaseError, Row, Value};
pub use dialect::Dialect;
pub use repository::Repositories;

/// Version of the tables this crate knows.
pub const SCHEMA_VERSION: u32 = 6;
