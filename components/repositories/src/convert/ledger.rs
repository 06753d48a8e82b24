//! What `ledger` takes and gives.

use vectra_domain as domain;

use super::{Result, from_agent, from_policy, id, micros, time, to_audit, to_held};
use crate::bindings::exports::vectra::persistence::ledger;

fn to_origin(origin: ledger::Origin) -> domain::Origin {
    domain::Origin {
        scheme: origin.scheme,
        host: origin.host,
        port: origin.port,
    }
}

pub(crate) fn to_query(query: ledger::Query) -> Result<domain::Query> {
    Ok(domain::Query {
        agent_id: id(&query.agent_id)?,
        origin: query.origin.map(to_origin),
        now: time(query.now)?,
        external: query.external.map(|key| domain::ExternalKey {
            issuer: key.issuer,
            key_id: key.key_id,
        }),
    })
}

pub(crate) fn from_context(context: domain::Context) -> ledger::Context {
    ledger::Context {
        schema_version: context.schema_version,
        agent: context.agent.map(from_agent),
        policy: context.policy.map(from_policy),
        activity: ledger::Activity {
            recent_total: context.activity.recent_total,
            recent_violations: context.activity.recent_violations,
            baseline_total: context.activity.baseline_total,
            baseline_since: micros(context.activity.baseline_since),
        },
        circuit: context.circuit.map(|circuit| ledger::Circuit {
            state: match circuit.state {
                domain::CircuitState::Closed => ledger::CircuitState::Closed,
                domain::CircuitState::Open => ledger::CircuitState::Open,
                domain::CircuitState::HalfOpen => ledger::CircuitState::HalfOpen,
            },
            opens_at: micros(circuit.opens_at),
        }),
        external_key: context.external_key,
    }
}

pub(crate) fn to_entry(entry: ledger::Entry) -> Result<domain::Entry> {
    Ok(domain::Entry {
        audit: to_audit(entry.audit)?,
        history_id: id(&entry.history_id)?,
        explanation: entry.explanation,
        rate_limit: entry.rate_limit,
        trust: domain::TrustRule {
            target: entry.trust.target,
            rate: entry.trust.rate,
        },
        held: entry.held.map(to_held).transpose()?,
        held_limits: domain::HeldLimits {
            per_agent: entry.held_limits.per_agent,
            in_all: entry.held_limits.in_all,
        },
        probe: entry.probe.map(to_origin),
    })
}

pub(crate) fn from_recorded(recorded: domain::Recorded) -> ledger::Recorded {
    match recorded {
        domain::Recorded::Recorded => ledger::Recorded::Recorded,
        domain::Recorded::Limited(seconds) => ledger::Recorded::Limited(seconds),
        domain::Recorded::CircuitOpen(seconds) => ledger::Recorded::CircuitOpen(seconds),
        domain::Recorded::AgentGone => ledger::Recorded::AgentGone,
        domain::Recorded::TooManyHeld => ledger::Recorded::TooManyHeld,
    }
}
