//! The port for circuits.

use super::Result;
use crate::{AgentId, CircuitChange, CircuitRule, Report, Timestamp, UpstreamCircuit};

/// Whether upstreams are worth a try (`vectra:persistence/circuits`, where the rule
/// stands by which they open and close).
pub trait CircuitRepository {
    /// Takes a report in.
    fn report(&self, report: &Report, rule: CircuitRule) -> Result<()>;
    /// One page in the order of origin, then agent; the one for all comes first.
    fn list(
        &self,
        after: Option<&(String, Option<AgentId>)>,
        limit: u32,
    ) -> Result<Vec<UpstreamCircuit>>;
    /// One page of changes before the one with this number, newest first.
    fn list_changes(&self, before: Option<u64>, limit: u32) -> Result<Vec<CircuitChange>>;
    /// Removes up to `limit` changes, and as many circuits that nobody has asked about,
    /// from before `before`.
    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32>;
}
