//! The ledger as a port.

use vectra_domain::repository::{Ledger, Result};
use vectra_domain::{
    Activity, Circuit, CircuitState, Context, Entry, Origin, Query, Recorded, Timestamp,
};

use super::Repositories;
use super::records::{agent_from, audit_to, error, held_to, policy_from, time_from};
use crate::bindings::vectra::persistence::ledger as wit;

impl Ledger for Repositories {
    fn load(&self, query: &Query) -> Result<Context> {
        let query = wit::Query {
            agent_id: query.agent_id.to_string(),
            origin: query.origin.as_ref().map(origin_to),
            now: query.now.micros(),
            external: query.external.as_ref().map(|key| wit::ExternalKey {
                issuer: key.issuer.clone(),
                key_id: key.key_id.clone(),
            }),
        };
        context_from(wit::load(&query).map_err(error)?)
    }

    fn record(&self, entry: &Entry) -> Result<Recorded> {
        let entry = wit::Entry {
            audit: audit_to(&entry.audit),
            history_id: entry.history_id.to_string(),
            explanation: entry.explanation.clone(),
            rate_limit: entry.rate_limit,
            trust: wit::TrustRule {
                target: entry.trust.target,
                rate: entry.trust.rate,
            },
            held: entry.held.as_ref().map(held_to),
            held_limits: wit::HeldLimits {
                per_agent: entry.held_limits.per_agent,
                in_all: entry.held_limits.in_all,
            },
            probe: entry.probe.as_ref().map(origin_to),
        };
        Ok(match wit::record(&entry).map_err(error)? {
            wit::Recorded::Recorded => Recorded::Recorded,
            wit::Recorded::Limited(seconds) => Recorded::Limited(seconds),
            wit::Recorded::CircuitOpen(seconds) => Recorded::CircuitOpen(seconds),
            wit::Recorded::AgentGone => Recorded::AgentGone,
            wit::Recorded::TooManyHeld => Recorded::TooManyHeld,
        })
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        wit::prune(before.micros(), limit).map_err(error)
    }
}

fn origin_to(origin: &Origin) -> wit::Origin {
    wit::Origin {
        scheme: origin.scheme.clone(),
        host: origin.host.clone(),
        port: origin.port,
    }
}

fn context_from(context: wit::Context) -> Result<Context> {
    let activity = context.activity;
    Ok(Context {
        schema_version: context.schema_version,
        agent: context.agent.map(agent_from).transpose()?,
        policy: context.policy.map(policy_from).transpose()?,
        activity: Activity {
            recent_total: activity.recent_total,
            recent_violations: activity.recent_violations,
            baseline_total: activity.baseline_total,
            baseline_since: activity.baseline_since.map(time_from).transpose()?,
        },
        circuit: context.circuit.map(circuit_from).transpose()?,
        external_key: context.external_key,
    })
}

fn circuit_from(circuit: wit::Circuit) -> Result<Circuit> {
    Ok(Circuit {
        state: match circuit.state {
            wit::CircuitState::Closed => CircuitState::Closed,
            wit::CircuitState::Open => CircuitState::Open,
            wit::CircuitState::HalfOpen => CircuitState::HalfOpen,
        },
        opens_at: circuit.opens_at.map(time_from).transpose()?,
    })
}
