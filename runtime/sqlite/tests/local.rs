//! A local database, on a real file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "local/backups.rs"]
mod backups;
#[path = "local/checkpoints.rs"]
mod checkpoints;
#[path = "local/failures.rs"]
mod failures;
#[path = "local/fixture.rs"]
mod fixture;
#[path = "local/groups.rs"]
mod groups;
#[path = "local/metrics.rs"]
mod metrics;
#[path = "local/statements.rs"]
mod statements;
#[path = "local/transactions.rs"]
mod transactions;
