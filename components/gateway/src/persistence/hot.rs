//! The ledger as a port.

use vectra_domain::repository::{Ledger, RefusalsPage, Result};
use vectra_domain::{
    Activity, Circuit, Context, Counter, Entry, Query, Recorded, Refusals, SealedCredential,
    Timestamp, TrustScore,
};

use super::Repositories;
use super::callers::access_from;
use super::circuits::{origin_to, state_from};
use super::held::held_to;
use super::records::{
    agent_from, audit_to, error, id_in, policy_from, time_from, time_in, times_in,
};
use crate::bindings::vectra::persistence::ledger as wit;

impl Ledger for Repositories {
    fn load(&self, query: &Query) -> Result<Context> {
        let query = wit::Query {
            agent_id: query.agent_id.to_string(),
            origin: query.origin.as_ref().map(origin_to),
            now: query.now.micros(),
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
            trust_floor: entry.trust_floor.map(TrustScore::get),
            counter: entry.counter.clone(),
            held: entry.held.as_ref().map(held_to),
            held_limits: wit::HeldLimits {
                per_agent: entry.held_limits.per_agent,
                in_all: entry.held_limits.in_all,
            },
            probe: entry.probe.as_ref().map(|probe| wit::Probe {
                origin: origin_to(&probe.origin),
                lease_until: probe.lease_until.micros(),
                own_until: probe.own_until.micros(),
            }),
        };
        Ok(match wit::record(&entry).map_err(error)? {
            wit::Recorded::Recorded(requests) => Recorded::Recorded(requests),
            wit::Recorded::Limited(seconds) => Recorded::Limited(seconds),
            wit::Recorded::CircuitOpen(seconds) => Recorded::CircuitOpen(seconds),
            wit::Recorded::AgentGone => Recorded::AgentGone,
            wit::Recorded::TooManyHeld => Recorded::TooManyHeld,
        })
    }

    fn list_refusals(&self, page: &RefusalsPage) -> Result<Vec<Refusals>> {
        let query = wit::RefusalsQuery {
            agent_id: page.agent_id.map(|id| id.to_string()),
            after: page.after.map(|(minute, agent)| wit::RefusalsCursor {
                minute: minute.micros(),
                agent_id: agent.to_string(),
            }),
            limit: page.limit,
        };
        let refusals = wit::list_refusals(&query).map_err(error)?;
        refusals.into_iter().map(refusals_from).collect()
    }

    fn counters(&self) -> Result<Vec<Counter>> {
        let counters = wit::counters().map_err(error)?.into_iter();
        Ok(counters
            .map(|counter| Counter {
                name: counter.name,
                count: counter.count,
            })
            .collect())
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        wit::prune(before.micros(), limit).map_err(error)
    }
}

fn context_from(context: wit::Context) -> Result<Context> {
    let activity = context.activity;
    Ok(Context {
        schema_version: context.schema_version,
        agent: context.agent.map(agent_from).transpose()?,
        access: access_from(context.access)?,
        policy: context.policy.map(policy_from).transpose()?,
        activity: Activity {
            minute_total: activity.minute_total,
            recent_total: activity.recent_total,
            recent_violations: activity.recent_violations,
            baseline_total: activity.baseline_total,
            baseline_since: activity.baseline_since.map(time_from).transpose()?,
        },
        circuit: context.circuit.map(circuit_from).transpose()?,
        credential: context.credential.map(credential_from).transpose()?,
    })
}

fn circuit_from(circuit: wit::Circuit) -> Result<Circuit> {
    Ok(Circuit {
        state: state_from(circuit.state),
        opens_at: times_in("Circuit.OpensAt", circuit.opens_at)?,
    })
}

fn credential_from(credential: wit::SealedCredential) -> Result<SealedCredential> {
    Ok(SealedCredential {
        id: id_in("SealedCredential.Id", &credential.id)?,
        key_id: credential.key_id,
        sealed: credential.sealed,
    })
}

fn refusals_from(refusals: wit::Refusals) -> Result<Refusals> {
    Ok(Refusals {
        agent_id: id_in("Refusals.AgentId", &refusals.agent_id)?,
        minute: time_in("Refusals.Minute", refusals.minute)?,
        requests: refusals.requests,
        refused: refusals.refused,
    })
}
