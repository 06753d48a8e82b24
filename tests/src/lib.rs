//! The proof: a harness that drives the built binary over real sockets, and the
//! language in which the cases of `tests/conformance` are written.
//!
//! Everything here waits with a deadline and binds port 0.

pub mod agent;
pub mod bench;
pub mod client;
pub mod conformance;
pub mod crash;
pub mod database;
pub mod dist;
pub mod original;
pub mod process;
pub mod token;
pub mod upstream;

use std::time::Duration;

/// How long anything may take before a test fails. Generous: the machine may be
/// busy; nothing waits for it to pass.
pub const DEADLINE: Duration = Duration::from_secs(30);
