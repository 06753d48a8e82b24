//! Circuits as a port.

use vectra_domain::repository::{CircuitRepository, Result};
use vectra_domain::{
    AgentId, CircuitChange, CircuitRule, CircuitState, Errand, Fate, Origin, Report, Timestamp,
    UpstreamCircuit,
};

use super::Repositories;
use super::records::{error, id_in, time_in, times_in};
use crate::bindings::vectra::persistence::{circuits as wit, types};

impl CircuitRepository for Repositories {
    fn report(&self, report: &Report, rule: CircuitRule) -> Result<()> {
        let report = wit::RequestReport {
            origin: origin_to(&report.origin),
            agent_id: report.agent_id.to_string(),
            fate: match report.fate {
                Fate::Answered => wit::Fate::Answered,
                Fate::Failed => wit::Fate::Failed,
            },
            errand: match report.errand {
                Errand::Ordinary => wit::Errand::Ordinary,
                Errand::Probe => wit::Errand::Probe,
            },
            now: report.now.micros(),
        };
        let rule = wit::Rule {
            threshold: rule.threshold,
            window: rule.window,
            open: rule.open,
        };
        wit::report(&report, rule).map_err(error)
    }

    fn list(
        &self,
        after: Option<&(String, Option<AgentId>)>,
        limit: u32,
    ) -> Result<Vec<UpstreamCircuit>> {
        let after = after.map(|(origin, agent)| wit::Cursor {
            origin: origin.clone(),
            agent_id: agent.map(|id| id.to_string()),
        });
        let circuits = wit::list(after.as_ref(), limit).map_err(error)?;
        circuits.into_iter().map(circuit_from).collect()
    }

    fn list_changes(&self, before: Option<u64>, limit: u32) -> Result<Vec<CircuitChange>> {
        let changes = wit::list_changes(before, limit).map_err(error)?;
        changes.into_iter().map(change_from).collect()
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        wit::prune(before.micros(), limit).map_err(error)
    }
}

pub fn origin_to(origin: &Origin) -> types::Origin {
    types::Origin {
        scheme: origin.scheme.clone(),
        host: origin.host.clone(),
        port: origin.port,
    }
}

pub fn state_from(state: types::CircuitState) -> CircuitState {
    match state {
        types::CircuitState::Closed => CircuitState::Closed,
        types::CircuitState::Open => CircuitState::Open,
        types::CircuitState::HalfOpen => CircuitState::HalfOpen,
    }
}

fn circuit_from(circuit: wit::Circuit) -> Result<UpstreamCircuit> {
    Ok(UpstreamCircuit {
        origin: circuit.origin,
        agent_id: agent_in("Circuit.AgentId", circuit.agent_id.as_deref())?,
        state: state_from(circuit.state),
        failures: circuit.failures,
        opens_at: times_in("Circuit.OpensAt", circuit.opens_at)?,
        changed_at: time_in("Circuit.ChangedAt", circuit.changed_at)?,
    })
}

fn change_from(change: wit::Change) -> Result<CircuitChange> {
    Ok(CircuitChange {
        number: change.number,
        origin: change.origin,
        agent_id: agent_in("Change.AgentId", change.agent_id.as_deref())?,
        before: state_from(change.before),
        after: state_from(change.after),
        timestamp: time_in("Change.Timestamp", change.timestamp)?,
    })
}

fn agent_in(field: &str, id: Option<&str>) -> Result<Option<AgentId>> {
    id.map(|id| id_in(field, id)).transpose()
}
