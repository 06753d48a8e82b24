//! `/circuits`: whether upstreams are worth a try, and how that changed.

use http::StatusCode;
use serde_json::{Value, json};
use vectra_domain::{AgentId, CircuitChange, UpstreamCircuit};

use crate::gateway::{Answer, Gateway, json as answer};
use crate::page::{LIST, PageQuery, page};

impl<U> Gateway<'_, U> {
    /// `GET /circuits`, by origin; an origin's circuit for all comes before its agents'.
    pub(crate) fn list_circuits<B>(&self, query: Option<&str>) -> Answer<B> {
        let query = PageQuery::read(query, &[], LIST)?;
        let after = query.cursor(read_place)?;
        let limit = query.limit + 1;
        let circuits = self.with_schema(|| self.ports.circuits.list(after.as_ref(), limit))?;
        Ok(answer(
            StatusCode::OK,
            &page(&circuits, query.limit, place, show),
        ))
    }

    /// `GET /circuits/changes`, newest first.
    pub(crate) fn list_circuit_changes<B>(&self, query: Option<&str>) -> Answer<B> {
        let query = PageQuery::read(query, &[], LIST)?;
        let before = query.cursor(|parts| match parts {
            [number] => number.parse::<u64>().ok(),
            _ => None,
        })?;
        let limit = query.limit + 1;
        let changes = self.with_schema(|| self.ports.circuits.list_changes(before, limit))?;
        let place = |change: &CircuitChange| vec![change.number.to_string()];
        Ok(answer(
            StatusCode::OK,
            &page(&changes, query.limit, place, show_change),
        ))
    }
}

fn place(circuit: &UpstreamCircuit) -> Vec<String> {
    let agent = circuit.agent_id.map(|id| id.to_string());
    vec![circuit.origin.clone(), agent.unwrap_or_default()]
}

fn read_place(parts: &[&str]) -> Option<(String, Option<AgentId>)> {
    match parts {
        [origin, ""] => Some(((*origin).to_owned(), None)),
        [origin, agent] => Some(((*origin).to_owned(), Some(agent.parse().ok()?))),
        _ => None,
    }
}

fn show(circuit: &UpstreamCircuit) -> Value {
    json!({
        "origin": circuit.origin,
        "agentId": circuit.agent_id,
        "state": circuit.state,
        "failures": circuit.failures,
        "opensAt": circuit.opens_at.map(|time| time.to_string()),
        "changedAt": circuit.changed_at.to_string(),
    })
}

fn show_change(change: &CircuitChange) -> Value {
    json!({
        "number": change.number,
        "origin": change.origin,
        "agentId": change.agent_id,
        "before": change.before,
        "after": change.after,
        "timestamp": change.timestamp.to_string(),
    })
}
