//! End-to-end tests that are no data: what happens around requests.

// The lints spare only what stands in a test function; helpers of tests are tests too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "gateway/approvals.rs"]
mod approvals;
#[path = "gateway/circuits.rs"]
mod circuits;
#[path = "gateway/commands.rs"]
mod commands;
#[path = "gateway/concurrency.rs"]
mod concurrency;
#[path = "gateway/data.rs"]
mod data;
#[path = "gateway/explained.rs"]
mod explained;
#[path = "gateway/export.rs"]
mod export;
#[path = "gateway/fleet.rs"]
mod fleet;
#[path = "gateway/framing.rs"]
mod framing;
#[path = "gateway/full_disk.rs"]
mod full_disk;
#[path = "gateway/import.rs"]
mod import;
#[path = "gateway/issuer.rs"]
mod issuer;
#[path = "gateway/life.rs"]
mod life;
#[path = "gateway/limits.rs"]
mod limits;
#[path = "gateway/marked.rs"]
mod marked;
#[path = "gateway/notified.rs"]
mod notified;
#[path = "gateway/opa.rs"]
mod opa;
#[path = "gateway/policies.rs"]
mod policies;
#[path = "gateway/postgres.rs"]
mod postgres;
#[path = "gateway/roles.rs"]
mod roles;
#[path = "gateway/secrets.rs"]
mod secrets;
#[path = "gateway/semantic.rs"]
mod semantic;
#[path = "gateway/statements.rs"]
mod statements;
