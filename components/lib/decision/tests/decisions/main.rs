//! The decision logic against the data of `tests/decisions`.

// The lints that clippy.toml lifts inside of test functions, for what they share.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod cases;
mod compiled;
#[allow(dead_code, reason = "shared with the other tests")]
#[path = "../reference/dice.rs"]
mod dice;
mod engine;
mod golden;
mod meaning;
mod policies;
mod problems;
mod recall;
mod rules;
mod seen;
mod semantic;
mod shadow;
mod totality;
