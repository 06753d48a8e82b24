//! What must agree with each other: the routes and `openapi.yaml`, the components
//! and their golden imports, `spin.toml` and the bundle, the vendored WIT and its
//! hashes.

// The lints spare only what stands in a test function; helpers of tests are tests too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "shape/deploy.rs"]
mod deploy;
#[path = "shape/documented.rs"]
mod documented;
#[path = "shape/imports.rs"]
mod imports;
#[path = "shape/openapi.rs"]
mod openapi;
#[path = "shape/portable_sql.rs"]
mod portable_sql;
#[path = "shape/spin.rs"]
mod spin;
#[path = "shape/stamped.rs"]
mod stamped;
#[path = "shape/vendored.rs"]
mod vendored;
