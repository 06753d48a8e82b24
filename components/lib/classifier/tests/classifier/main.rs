//! The shipped model: what it is worth, that its twin agrees, and that nothing upsets it.

// The lints that clippy.toml lifts inside of test functions, for what they share.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod answers;
mod long;
mod report;
mod rows;
mod totality;
