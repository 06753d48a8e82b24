//! The providers, each alone in a host that gives it nothing but WASI, over real folders.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs
)]

#[path = "providers/bindings.rs"]
mod bindings;
#[path = "providers/instance.rs"]
mod instance;

#[path = "providers/full_disk.rs"]
mod full_disk;
#[path = "providers/locking.rs"]
mod locking;
#[path = "providers/statements.rs"]
mod statements;
#[path = "providers/variables.rs"]
mod variables;
