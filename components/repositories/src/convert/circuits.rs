//! Circuits and reports on them.

use vectra_domain as domain;

use super::{Result, id, micros, of, time};
use crate::bindings::exports::vectra::persistence::{circuits, types};

pub(crate) fn to_origin(origin: types::Origin) -> domain::Origin {
    domain::Origin {
        scheme: origin.scheme,
        host: origin.host,
        port: origin.port,
    }
}

pub(crate) fn from_circuit_state(state: domain::CircuitState) -> types::CircuitState {
    match state {
        domain::CircuitState::Closed => types::CircuitState::Closed,
        domain::CircuitState::Open => types::CircuitState::Open,
        domain::CircuitState::HalfOpen => types::CircuitState::HalfOpen,
    }
}

pub(crate) fn to_rule(rule: circuits::Rule) -> domain::CircuitRule {
    domain::CircuitRule {
        threshold: rule.threshold,
        window: rule.window,
        open: rule.open,
    }
}

pub(crate) fn to_report(report: circuits::RequestReport) -> Result<domain::Report> {
    Ok(domain::Report {
        origin: to_origin(report.origin),
        agent_id: of("Report.AgentId", id(&report.agent_id))?,
        fate: match report.fate {
            circuits::Fate::Answered => domain::Fate::Answered,
            circuits::Fate::Failed => domain::Fate::Failed,
        },
        errand: match report.errand {
            circuits::Errand::Ordinary => domain::Errand::Ordinary,
            circuits::Errand::Probe => domain::Errand::Probe,
        },
        now: of("Report.Now", time(report.now))?,
    })
}

/// A place in the list, as the repository takes it.
pub(crate) fn to_circuit_cursor(
    cursor: circuits::Cursor,
) -> Result<(String, Option<domain::AgentId>)> {
    let agent = cursor.agent_id.as_deref().map(id).transpose();
    Ok((cursor.origin, of("Cursor.AgentId", agent)?))
}

pub(crate) fn from_circuit(circuit: domain::UpstreamCircuit) -> circuits::Circuit {
    circuits::Circuit {
        origin: circuit.origin,
        agent_id: circuit.agent_id.map(|id| id.to_string()),
        state: from_circuit_state(circuit.state),
        failures: circuit.failures,
        opens_at: micros(circuit.opens_at),
        changed_at: circuit.changed_at.micros(),
    }
}

pub(crate) fn from_change(change: domain::CircuitChange) -> circuits::Change {
    circuits::Change {
        number: change.number,
        origin: change.origin,
        agent_id: change.agent_id.map(|id| id.to_string()),
        before: from_circuit_state(change.before),
        after: from_circuit_state(change.after),
        timestamp: change.timestamp.micros(),
    }
}
