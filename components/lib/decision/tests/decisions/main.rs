//! The decision logic against the data of `tests/decisions`.

// The lints that clippy.toml lifts inside of test functions, for what they share.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod cases;
mod engine;
mod golden;
mod policies;
mod problems;
mod rules;
mod semantic;
mod totality;
