//! Records of `vectra:persistence/types` and the entities they stand for. What the
//! database gives is checked: a repositories component may be anyone's.

use std::str::FromStr;

use vectra_domain::repository::Result;
use vectra_domain::{
    Agent, AgentChange, AgentHistory, AgentStatus, AuditTrail, DecisionType, IdError,
    PersistenceError, Policy, PolicySource, PolicyStatus, RiskScore, TextChange, Timestamp,
    TrustScore,
};

use crate::bindings::vectra::persistence::types as wit;

/// What a repositories component gave that cannot be.
fn corrupt(error: impl std::fmt::Display) -> PersistenceError {
    PersistenceError::Other(error.to_string())
}

/// Reads an id; its error names the field.
pub fn id_in<T: FromStr<Err = IdError>>(field: &str, text: &str) -> Result<T> {
    text.parse()
        .map_err(|error| corrupt(format_args!("`{field}`: {error}")))
}

/// Reads a time; its error names the field.
pub fn time_in(field: &str, micros: i64) -> Result<Timestamp> {
    Timestamp::from_micros(micros).map_err(|error| corrupt(format_args!("`{field}`: {error}")))
}

/// Reads a time that may be missing; its error names the field.
pub fn times_in(field: &str, micros: Option<i64>) -> Result<Option<Timestamp>> {
    micros.map(|micros| time_in(field, micros)).transpose()
}

pub fn time_from(micros: i64) -> Result<Timestamp> {
    Timestamp::from_micros(micros).map_err(corrupt)
}

fn times_from(micros: Option<i64>) -> Result<Option<Timestamp>> {
    micros.map(time_from).transpose()
}

pub fn error(error: wit::Error) -> PersistenceError {
    match error {
        wit::Error::NotFound => PersistenceError::NotFound,
        wit::Error::Conflict(why) => PersistenceError::Conflict(why),
        wit::Error::Invalid(why) => PersistenceError::Invalid(why),
        wit::Error::SchemaMissing => PersistenceError::SchemaMissing,
        wit::Error::SchemaTooNew(version) => PersistenceError::SchemaTooNew(version),
        wit::Error::Unavailable(why) => PersistenceError::Unavailable(why),
        wit::Error::Full(why) => PersistenceError::Full(why),
        wit::Error::Uncertain(why) => PersistenceError::Uncertain(why),
        wit::Error::Other(why) => PersistenceError::Other(why),
    }
}

pub fn status_to(status: AgentStatus) -> wit::AgentStatus {
    match status {
        AgentStatus::Active => wit::AgentStatus::Active,
        AgentStatus::Revoked => wit::AgentStatus::Revoked,
        AgentStatus::Quarantined => wit::AgentStatus::Quarantined,
        AgentStatus::Deleted => wit::AgentStatus::Deleted,
    }
}

fn status_from(status: wit::AgentStatus) -> AgentStatus {
    match status {
        wit::AgentStatus::Active => AgentStatus::Active,
        wit::AgentStatus::Revoked => AgentStatus::Revoked,
        wit::AgentStatus::Quarantined => AgentStatus::Quarantined,
        wit::AgentStatus::Deleted => AgentStatus::Deleted,
    }
}

fn decision_to(decision: DecisionType) -> wit::DecisionType {
    match decision {
        DecisionType::Allow => wit::DecisionType::Allow,
        DecisionType::Deny => wit::DecisionType::Deny,
        DecisionType::Hitl => wit::DecisionType::Hitl,
    }
}

fn decision_from(decision: wit::DecisionType) -> DecisionType {
    match decision {
        wit::DecisionType::Allow => DecisionType::Allow,
        wit::DecisionType::Deny => DecisionType::Deny,
        wit::DecisionType::Hitl => DecisionType::Hitl,
    }
}

pub fn agent_to(agent: &Agent) -> wit::Agent {
    wit::Agent {
        id: agent.id.to_string(),
        name: agent.name.clone(),
        owner_id: agent.owner_id.clone(),
        status: status_to(agent.status),
        policy_name: agent.policy_name.clone(),
        client_secret_hash: agent.client_secret_hash.clone(),
        trust_score: agent.trust_score.get(),
        created_at: agent.created_at.micros(),
        updated_at: agent.updated_at.map(Timestamp::micros),
    }
}

pub fn agent_from(agent: wit::Agent) -> Result<Agent> {
    Ok(Agent {
        id: agent.id.parse().map_err(corrupt)?,
        name: agent.name,
        owner_id: agent.owner_id,
        status: status_from(agent.status),
        policy_name: agent.policy_name,
        client_secret_hash: agent.client_secret_hash,
        trust_score: TrustScore::new(agent.trust_score).map_err(corrupt)?,
        created_at: time_from(agent.created_at)?,
        updated_at: times_from(agent.updated_at)?,
    })
}

fn text_to(change: &TextChange) -> wit::TextChange {
    match change {
        TextChange::Keep => wit::TextChange::Keep,
        TextChange::Clear => wit::TextChange::Clear,
        TextChange::Set(text) => wit::TextChange::Set(text.clone()),
    }
}

pub fn change_to(change: &AgentChange) -> wit::AgentChange {
    wit::AgentChange {
        name: change.name.clone(),
        owner_id: text_to(&change.owner_id),
        status: change.status.map(status_to),
        policy_name: text_to(&change.policy_name),
        client_secret_hash: change.client_secret_hash.clone(),
        trust_at_least: change.trust_at_least.map(TrustScore::get),
        updated_at: change.updated_at.micros(),
    }
}

pub fn audit_to(row: &AuditTrail) -> wit::AuditEntry {
    wit::AuditEntry {
        id: row.id.to_string(),
        agent_id: row.agent_id.to_string(),
        decision_type: decision_to(row.decision_type),
        reason: row.reason.clone(),
        method: row.method.clone(),
        path: row.path.clone(),
        target_url: row.target_url.clone(),
        risk_score: row.risk_score.get(),
        timestamp: row.timestamp.micros(),
    }
}

pub fn audit_from(row: wit::AuditEntry) -> Result<AuditTrail> {
    Ok(AuditTrail {
        id: row.id.parse().map_err(corrupt)?,
        agent_id: row.agent_id.parse().map_err(corrupt)?,
        decision_type: decision_from(row.decision_type),
        reason: row.reason,
        method: row.method,
        path: row.path,
        target_url: row.target_url,
        risk_score: RiskScore::new(row.risk_score).map_err(corrupt)?,
        timestamp: time_from(row.timestamp)?,
    })
}

pub fn history_to(row: &AgentHistory) -> wit::AgentHistoryEntry {
    wit::AgentHistoryEntry {
        id: row.id.to_string(),
        agent_id: row.agent_id.to_string(),
        method: row.method.clone(),
        path: row.path.clone(),
        timestamp: row.timestamp.micros(),
        decision_type: decision_to(row.decision_type),
    }
}

pub fn history_from(row: wit::AgentHistoryEntry) -> Result<AgentHistory> {
    Ok(AgentHistory {
        id: row.id.parse().map_err(corrupt)?,
        agent_id: row.agent_id.parse().map_err(corrupt)?,
        method: row.method,
        path: row.path,
        timestamp: time_from(row.timestamp)?,
        decision_type: decision_from(row.decision_type),
    })
}

pub fn source_to(source: PolicySource) -> wit::PolicySource {
    match source {
        PolicySource::File => wit::PolicySource::File,
        PolicySource::Api => wit::PolicySource::Api,
    }
}

pub fn policy_to(policy: &Policy) -> wit::Policy {
    wit::Policy {
        name: policy.name.clone(),
        revision: policy.revision,
        document: policy.document.clone(),
        compiled: policy.compiled.clone(),
        status: match policy.status {
            PolicyStatus::Active => wit::PolicyStatus::Active,
            PolicyStatus::Broken => wit::PolicyStatus::Broken,
            PolicyStatus::Retired => wit::PolicyStatus::Retired,
        },
        problem: policy.problem.clone(),
        source: source_to(policy.source),
        source_name: policy.source_name.clone(),
        content_hash: policy.content_hash.clone(),
        created_at: policy.created_at.micros(),
    }
}

pub fn policy_from(policy: wit::Policy) -> Result<Policy> {
    Ok(Policy {
        name: policy.name,
        revision: policy.revision,
        document: policy.document,
        compiled: policy.compiled,
        status: match policy.status {
            wit::PolicyStatus::Active => PolicyStatus::Active,
            wit::PolicyStatus::Broken => PolicyStatus::Broken,
            wit::PolicyStatus::Retired => PolicyStatus::Retired,
        },
        problem: policy.problem,
        source: match policy.source {
            wit::PolicySource::File => PolicySource::File,
            wit::PolicySource::Api => PolicySource::Api,
        },
        source_name: policy.source_name,
        content_hash: policy.content_hash,
        created_at: time_from(policy.created_at)?,
    })
}
