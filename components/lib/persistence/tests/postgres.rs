//! The contract against PostgreSQL, and what only PostgreSQL can show. The server is
//! that of `VECTRA_TEST_POSTGRES`; `cargo xtask test` starts one.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what tests share fails as they do"
)]

#[path = "postgres/database.rs"]
mod database;
#[path = "shared/sql.rs"]
mod sql;

#[path = "shared/callers.rs"]
mod callers;
#[path = "shared/circuits.rs"]
mod circuits;
#[path = "shared/concurrency.rs"]
mod concurrency;
#[path = "shared/held.rs"]
mod held;
#[path = "shared/model.rs"]
mod model;
#[path = "shared/races.rs"]
mod races;
#[path = "shared/statements.rs"]
mod statements;
#[path = "shared/upgrades.rs"]
mod upgrades;

#[path = "postgres/callers.rs"]
mod caller_tables;
#[path = "postgres/immutability.rs"]
mod immutability;
#[path = "postgres/locks.rs"]
mod locks;
#[path = "postgres/plans.rs"]
mod plans;
#[path = "postgres/tables.rs"]
mod tables;

mod contract {
    vectra_contract::contract!(crate::database::fresh);
}
