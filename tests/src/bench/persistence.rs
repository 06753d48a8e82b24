//! What durable decisions cost, side by side in one run: the ledger's statements through
//! the host's own databases, without wasm. No thresholds: it prints what it measures.

mod bridge;
mod flat;
mod throughput;

use std::time::Duration;

use anyhow::Result;

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How long each way is measured.
    pub duration: Duration,
    /// Rows of history that one agent has in the large database.
    pub rows: u64,
}

/// Measures and prints.
///
/// # Errors
/// If a database does not come up or refuses a decision.
pub fn run(plan: Plan) -> Result<()> {
    throughput::run(plan.duration)?;
    flat::run(plan.rows)
}
