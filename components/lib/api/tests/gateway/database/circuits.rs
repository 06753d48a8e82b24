//! Circuits.

use vectra_domain::repository::{CircuitRepository, Result};
use vectra_domain::{AgentId, CircuitChange, CircuitRule, Report, Timestamp, UpstreamCircuit};

use super::Database;

impl CircuitRepository for Database {
    fn report(&self, report: &Report, rule: CircuitRule) -> Result<()> {
        self.call("circuits.report", |memory| memory.report(report, rule))
    }

    fn list(
        &self,
        after: Option<&(String, Option<AgentId>)>,
        limit: u32,
    ) -> Result<Vec<UpstreamCircuit>> {
        self.call("circuits.list", |memory| {
            CircuitRepository::list(memory, after, limit)
        })
    }

    fn list_changes(&self, before: Option<u64>, limit: u32) -> Result<Vec<CircuitChange>> {
        self.call("circuits.list_changes", |memory| {
            memory.list_changes(before, limit)
        })
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        self.call("circuits.prune", |memory| {
            CircuitRepository::prune(memory, before, limit)
        })
    }
}
