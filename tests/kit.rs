//! What other people compose: the examples of `examples/`, and gateways of other parts,
//! as `docs/compose.md` tells them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "kit/composed.rs"]
mod composed;
#[path = "kit/hosts.rs"]
mod hosts;
#[path = "kit/inputs.rs"]
mod inputs;
#[path = "kit/written.rs"]
mod written;
