//! The interface over a real PostgreSQL. Needs `VECTRA_TEST_POSTGRES`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "postgres_host/bounds.rs"]
mod bounds;
#[path = "postgres_host/encryption.rs"]
mod encryption;
#[path = "postgres_host/errors.rs"]
mod errors;
#[path = "postgres_host/fixture.rs"]
mod fixture;
#[path = "postgres_host/leftovers.rs"]
mod leftovers;
#[path = "postgres_host/metrics.rs"]
mod metrics;
#[path = "postgres_host/outages.rs"]
mod outages;
#[path = "postgres_host/parameters.rs"]
mod parameters;
#[path = "postgres_host/prepared.rs"]
mod prepared;
#[path = "postgres_host/transactions.rs"]
mod transactions;
#[path = "postgres_host/values.rs"]
mod values;
