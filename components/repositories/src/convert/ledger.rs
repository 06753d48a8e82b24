//! What `ledger` takes and gives.

use vectra_domain as domain;
use vectra_domain::repository::RefusalsPage;

use super::{
    Result, from_access, from_agent, from_circuit_state, from_policy, id, micros, of,
    optional_trust, time, to_audit, to_held, to_origin,
};
use crate::bindings::exports::vectra::persistence::ledger;

pub(crate) fn to_query(query: ledger::Query) -> Result<domain::Query> {
    Ok(domain::Query {
        agent_id: id(&query.agent_id)?,
        origin: query.origin.map(to_origin),
        now: time(query.now)?,
    })
}

pub(crate) fn from_context(context: domain::Context) -> ledger::Context {
    ledger::Context {
        schema_version: context.schema_version,
        agent: context.agent.map(from_agent),
        access: from_access(context.access),
        policy: context.policy.map(from_policy),
        activity: ledger::Activity {
            minute_total: context.activity.minute_total,
            recent_total: context.activity.recent_total,
            recent_violations: context.activity.recent_violations,
            baseline_total: context.activity.baseline_total,
            baseline_since: micros(context.activity.baseline_since),
        },
        circuit: context.circuit.map(|circuit| ledger::Circuit {
            state: from_circuit_state(circuit.state),
            opens_at: micros(circuit.opens_at),
        }),
        credential: context
            .credential
            .map(|credential| ledger::SealedCredential {
                id: credential.id.to_string(),
                key_id: credential.key_id,
                sealed: credential.sealed,
            }),
    }
}

fn to_probe(probe: ledger::Probe) -> Result<domain::Probe> {
    Ok(domain::Probe {
        origin: to_origin(probe.origin),
        lease_until: of("Probe.LeaseUntil", time(probe.lease_until))?,
        own_until: of("Probe.OwnUntil", time(probe.own_until))?,
    })
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
        trust_floor: optional_trust("Entry.TrustFloor", entry.trust_floor)?,
        counter: entry.counter,
        held: entry.held.map(to_held).transpose()?,
        held_limits: domain::HeldLimits {
            per_agent: entry.held_limits.per_agent,
            in_all: entry.held_limits.in_all,
        },
        probe: entry.probe.map(to_probe).transpose()?,
    })
}

pub(crate) fn from_recorded(recorded: domain::Recorded) -> ledger::Recorded {
    match recorded {
        domain::Recorded::Recorded(requests) => ledger::Recorded::Recorded(requests),
        domain::Recorded::Limited(seconds) => ledger::Recorded::Limited(seconds),
        domain::Recorded::CircuitOpen(seconds) => ledger::Recorded::CircuitOpen(seconds),
        domain::Recorded::AgentGone => ledger::Recorded::AgentGone,
        domain::Recorded::TooManyHeld => ledger::Recorded::TooManyHeld,
    }
}

pub(crate) fn to_refusals_page(query: ledger::RefusalsQuery) -> Result<RefusalsPage> {
    let agent_id = query.agent_id.as_deref().map(id).transpose();
    let after = query.after.map(|cursor| {
        Ok((
            of("RefusalsCursor.Minute", time(cursor.minute))?,
            of("RefusalsCursor.AgentId", id(&cursor.agent_id))?,
        ))
    });
    Ok(RefusalsPage {
        agent_id: of("RefusalsQuery.AgentId", agent_id)?,
        after: after.transpose()?,
        limit: query.limit,
    })
}

pub(crate) fn from_refusals(refusals: domain::Refusals) -> ledger::Refusals {
    ledger::Refusals {
        agent_id: refusals.agent_id.to_string(),
        minute: refusals.minute.micros(),
        requests: refusals.requests,
        refused: refusals.refused,
    }
}

pub(crate) fn from_counter(counter: domain::Counter) -> ledger::Counter {
    ledger::Counter {
        name: counter.name,
        count: counter.count,
    }
}
