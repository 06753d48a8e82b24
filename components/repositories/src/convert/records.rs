//! The entities.

use vectra_domain as domain;
use vectra_domain::PersistenceError;

use super::{
    Result, from_agent_status, from_decision, from_policy_source, from_policy_status, id, micros,
    of, optional_time, time, to_agent_status, to_decision, to_policy_source, to_policy_status,
};
use crate::bindings::exports::vectra::persistence::types;

pub(crate) fn to_agent(agent: types::Agent) -> Result<domain::Agent> {
    Ok(domain::Agent {
        id: id(&agent.id)?,
        name: agent.name,
        owner_id: agent.owner_id,
        status: to_agent_status(agent.status),
        policy_name: agent.policy_name,
        client_secret_hash: agent.client_secret_hash,
        trust_score: domain::TrustScore::new(agent.trust_score)
            .map_err(|error| PersistenceError::Invalid(format!("`Agent.TrustScore`: {error}")))?,
        created_at: time(agent.created_at)?,
        updated_at: optional_time(agent.updated_at)?,
    })
}

pub(crate) fn from_agent(agent: domain::Agent) -> types::Agent {
    types::Agent {
        id: agent.id.to_string(),
        name: agent.name,
        owner_id: agent.owner_id,
        status: from_agent_status(agent.status),
        policy_name: agent.policy_name,
        client_secret_hash: agent.client_secret_hash,
        trust_score: agent.trust_score.get(),
        created_at: agent.created_at.micros(),
        updated_at: micros(agent.updated_at),
    }
}

/// Reads a trust that may be missing; its error names the field.
pub(super) fn optional_trust(
    field: &str,
    score: Option<f64>,
) -> Result<Option<domain::TrustScore>> {
    let score = score.map(domain::TrustScore::new).transpose();
    score.map_err(|error| PersistenceError::Invalid(format!("`{field}`: {error}")))
}

fn to_text_change(change: types::TextChange) -> domain::TextChange {
    match change {
        types::TextChange::Keep => domain::TextChange::Keep,
        types::TextChange::Clear => domain::TextChange::Clear,
        types::TextChange::Set(text) => domain::TextChange::Set(text),
    }
}

pub(crate) fn to_agent_change(change: types::AgentChange) -> Result<domain::AgentChange> {
    Ok(domain::AgentChange {
        name: change.name,
        owner_id: to_text_change(change.owner_id),
        status: change.status.map(to_agent_status),
        policy_name: to_text_change(change.policy_name),
        client_secret_hash: change.client_secret_hash,
        trust_at_least: optional_trust("AgentChange.TrustAtLeast", change.trust_at_least)?,
        updated_at: time(change.updated_at)?,
    })
}

pub(crate) fn to_history(entry: types::AgentHistoryEntry) -> Result<domain::AgentHistory> {
    Ok(domain::AgentHistory {
        id: id(&entry.id)?,
        agent_id: id(&entry.agent_id)?,
        method: entry.method,
        path: entry.path,
        timestamp: time(entry.timestamp)?,
        decision_type: to_decision(entry.decision_type),
    })
}

pub(crate) fn from_history(entry: domain::AgentHistory) -> types::AgentHistoryEntry {
    types::AgentHistoryEntry {
        id: entry.id.to_string(),
        agent_id: entry.agent_id.to_string(),
        method: entry.method,
        path: entry.path,
        timestamp: entry.timestamp.micros(),
        decision_type: from_decision(entry.decision_type),
    }
}

pub(crate) fn to_audit(entry: types::AuditEntry) -> Result<domain::AuditTrail> {
    Ok(domain::AuditTrail {
        id: id(&entry.id)?,
        agent_id: id(&entry.agent_id)?,
        decision_type: to_decision(entry.decision_type),
        reason: entry.reason,
        method: entry.method,
        path: entry.path,
        target_url: entry.target_url,
        risk_score: domain::RiskScore::new(entry.risk_score).map_err(|error| {
            PersistenceError::Invalid(format!("`AuditTrail.RiskScore`: {error}"))
        })?,
        timestamp: time(entry.timestamp)?,
    })
}

pub(crate) fn from_audit(entry: domain::AuditTrail) -> types::AuditEntry {
    types::AuditEntry {
        id: entry.id.to_string(),
        agent_id: entry.agent_id.to_string(),
        decision_type: from_decision(entry.decision_type),
        reason: entry.reason,
        method: entry.method,
        path: entry.path,
        target_url: entry.target_url,
        risk_score: entry.risk_score.get(),
        timestamp: entry.timestamp.micros(),
    }
}

pub(crate) fn to_audit_outcome(outcome: types::AuditOutcome) -> Result<domain::AuditOutcome> {
    Ok(domain::AuditOutcome {
        status: outcome.status,
        response_bytes: outcome.response_bytes,
        duration: outcome.duration,
        failure: outcome.failure,
        completed_at: of("AuditOutcome.CompletedAt", time(outcome.completed_at))?,
    })
}

pub(crate) fn from_audit_record(record: domain::AuditRecord) -> types::AuditRecord {
    types::AuditRecord {
        entry: from_audit(record.entry),
        explanation: record.explanation,
        outcome: record.outcome.map(|outcome| types::AuditOutcome {
            status: outcome.status,
            response_bytes: outcome.response_bytes,
            duration: outcome.duration,
            failure: outcome.failure,
            completed_at: outcome.completed_at.micros(),
        }),
    }
}

pub(crate) fn to_policy(policy: types::Policy) -> Result<domain::Policy> {
    Ok(domain::Policy {
        name: policy.name,
        revision: policy.revision,
        document: policy.document,
        compiled: policy.compiled,
        status: to_policy_status(policy.status),
        problem: policy.problem,
        source: to_policy_source(policy.source),
        source_name: policy.source_name,
        content_hash: policy.content_hash,
        created_at: time(policy.created_at)?,
    })
}

pub(crate) fn from_policy(policy: domain::Policy) -> types::Policy {
    types::Policy {
        name: policy.name,
        revision: policy.revision,
        document: policy.document,
        compiled: policy.compiled,
        status: from_policy_status(policy.status),
        problem: policy.problem,
        source: from_policy_source(policy.source),
        source_name: policy.source_name,
        content_hash: policy.content_hash,
        created_at: policy.created_at.micros(),
    }
}
