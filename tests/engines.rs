//! Policy engines in place of the rules: the bundles of `examples/policies` pass the
//! conformance cases on policies, and the cases beside the policies of `policies/`, with
//! each policy written in the engine's own language. `cargo xtask test --all` builds them
//! and runs this.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "engines/cases.rs"]
mod cases;
#[path = "engines/past.rs"]
mod past;
#[path = "engines/surface.rs"]
mod surface;
#[path = "engines/traps.rs"]
mod traps;

/// The engines, as `examples/policies` names them.
const ENGINES: [&str; 2] = ["cedar", "rego"];
