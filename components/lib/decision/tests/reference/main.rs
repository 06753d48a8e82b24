//! Rules against a reference that was written apart from them, on random policies and
//! requests; against those who try to get by them; and the defects of the original.

// The lints that clippy.toml lifts inside of test functions, for what they share.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod agreement;
mod bypasses;
#[allow(dead_code, reason = "shared with the other tests")]
#[path = "../decisions/cases.rs"]
mod cases;
mod defects;
mod dice;
mod judge;
mod policy;
mod request;
mod tree;
