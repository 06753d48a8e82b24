//! `vectra:persistence` as a [`Destination`].

use vectra_domain::repository::Result;
use vectra_domain::{Agent, AgentStatus, AuditTrail, DecisionType, PersistenceError, Timestamp};
use vectra_import::Destination;

use crate::bindings::vectra::persistence::types as wit;
use crate::bindings::vectra::persistence::{agents, audit_trail, schema};

/// The composed repositories component.
pub(crate) struct Repositories;

impl Destination for Repositories {
    fn ensure(&self) -> Result<()> {
        schema::ensure().map(drop).map_err(error)
    }

    fn insert(&self, agent: &Agent) -> Result<()> {
        let agent = wit::Agent {
            id: agent.id.to_string(),
            name: agent.name.clone(),
            owner_id: agent.owner_id.clone(),
            status: match agent.status {
                AgentStatus::Active => wit::AgentStatus::Active,
                AgentStatus::Revoked => wit::AgentStatus::Revoked,
                AgentStatus::Quarantined => wit::AgentStatus::Quarantined,
                AgentStatus::Deleted => wit::AgentStatus::Deleted,
            },
            policy_name: agent.policy_name.clone(),
            client_secret_hash: agent.client_secret_hash.clone(),
            trust_score: agent.trust_score.get(),
            created_at: agent.created_at.micros(),
            updated_at: agent.updated_at.map(Timestamp::micros),
        };
        agents::insert(&agent).map_err(error)
    }

    fn append(&self, row: &AuditTrail, explanation: &str) -> Result<()> {
        let entry = wit::AuditEntry {
            id: row.id.to_string(),
            agent_id: row.agent_id.to_string(),
            decision_type: match row.decision_type {
                DecisionType::Allow => wit::DecisionType::Allow,
                DecisionType::Deny => wit::DecisionType::Deny,
                DecisionType::Hitl => wit::DecisionType::Hitl,
            },
            reason: row.reason.clone(),
            method: row.method.clone(),
            path: row.path.clone(),
            target_url: row.target_url.clone(),
            risk_score: row.risk_score.get(),
            timestamp: row.timestamp.micros(),
        };
        audit_trail::append(&entry, explanation).map_err(error)
    }
}

fn error(error: wit::Error) -> PersistenceError {
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
