//! The contract against SQLite, and what only SQLite can show.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what tests share fails as they do"
)]

#[path = "sqlite/database.rs"]
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

#[path = "sqlite/callers.rs"]
mod caller_tables;
#[path = "sqlite/errors.rs"]
mod errors;
#[path = "sqlite/immutability.rs"]
mod immutability;
#[path = "sqlite/plans.rs"]
mod plans;
#[path = "sqlite/tables.rs"]
mod tables;

mod contract {
    mod without_foreign_keys {
        vectra_contract::contract!(crate::database::fresh);
    }

    mod with_foreign_keys {
        vectra_contract::contract!(crate::database::fresh_with_foreign_keys);
    }
}
