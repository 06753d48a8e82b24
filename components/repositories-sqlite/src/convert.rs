//! Records of `vectra:persistence` to entities and back.

use std::str::FromStr;

use vectra_domain as domain;
use vectra_domain::PersistenceError;

use crate::bindings::exports::vectra::persistence::{ledger, types};

type Result<T> = std::result::Result<T, PersistenceError>;

/// Reads an id.
pub(crate) fn id<T: FromStr<Err = domain::IdError>>(text: &str) -> Result<T> {
    text.parse()
        .map_err(|error: domain::IdError| PersistenceError::Invalid(error.to_string()))
}

/// Reads a time.
pub(crate) fn time(micros: i64) -> Result<domain::Timestamp> {
    domain::Timestamp::from_micros(micros)
        .map_err(|error| PersistenceError::Invalid(error.to_string()))
}

fn optional_time(micros: Option<i64>) -> Result<Option<domain::Timestamp>> {
    micros.map(time).transpose()
}

fn micros(time: Option<domain::Timestamp>) -> Option<i64> {
    time.map(domain::Timestamp::micros)
}

/// The same cases on both sides.
pub(crate) fn error(error: PersistenceError) -> types::Error {
    match error {
        PersistenceError::NotFound => types::Error::NotFound,
        PersistenceError::Conflict(message) => types::Error::Conflict(message),
        PersistenceError::Invalid(message) => types::Error::Invalid(message),
        PersistenceError::SchemaMissing => types::Error::SchemaMissing,
        PersistenceError::SchemaTooNew(version) => types::Error::SchemaTooNew(version),
        PersistenceError::Unavailable(message) => types::Error::Unavailable(message),
        PersistenceError::Full(message) => types::Error::Full(message),
        PersistenceError::Uncertain(message) => types::Error::Uncertain(message),
        PersistenceError::Other(message) => types::Error::Other(message),
    }
}

/// Two functions between enums of the same cases.
macro_rules! cases {
    ($to:ident, $from:ident, $wit:path, $entity:path, $($case:ident),+) => {
        pub(crate) fn $to(value: $wit) -> $entity {
            use $entity as E;
            use $wit as W;
            match value { $(W::$case => E::$case),+ }
        }

        pub(crate) fn $from(value: $entity) -> $wit {
            use $entity as E;
            use $wit as W;
            match value { $(E::$case => W::$case),+ }
        }
    };
}

cases!(
    to_agent_status,
    from_agent_status,
    types::AgentStatus,
    domain::AgentStatus,
    Active,
    Revoked,
    Quarantined,
    Deleted
);
cases!(
    to_decision,
    from_decision,
    types::DecisionType,
    domain::DecisionType,
    Allow,
    Deny,
    Hitl
);
cases!(
    to_policy_source,
    from_policy_source,
    types::PolicySource,
    domain::PolicySource,
    File,
    Api
);
cases!(
    to_policy_status,
    from_policy_status,
    types::PolicyStatus,
    domain::PolicyStatus,
    Active,
    Broken,
    Retired
);
cases!(
    to_held_status,
    from_held_status,
    types::HeldStatus,
    domain::HeldStatus,
    Pending,
    Approved,
    Releasing,
    Released,
    Denied,
    Expired,
    Uncertain
);

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

pub(crate) fn to_held(held: types::HeldRequest) -> Result<domain::HeldRequest> {
    Ok(domain::HeldRequest {
        id: id(&held.id)?,
        agent_id: id(&held.agent_id)?,
        audit_id: id(&held.audit_id)?,
        status: to_held_status(held.status),
        reason: held.reason,
        method: held.method,
        target_url: held.target_url,
        digest: held.digest,
        key_id: held.key_id,
        sealed: held.sealed,
        created_at: time(held.created_at)?,
        expires_at: time(held.expires_at)?,
        decided_by: held.decided_by,
        decided_at: optional_time(held.decided_at)?,
        comment: held.comment,
    })
}

pub(crate) fn from_held(held: domain::HeldRequest) -> types::HeldRequest {
    types::HeldRequest {
        id: held.id.to_string(),
        agent_id: held.agent_id.to_string(),
        audit_id: held.audit_id.to_string(),
        status: from_held_status(held.status),
        reason: held.reason,
        method: held.method,
        target_url: held.target_url,
        digest: held.digest,
        key_id: held.key_id,
        sealed: held.sealed,
        created_at: held.created_at.micros(),
        expires_at: held.expires_at.micros(),
        decided_by: held.decided_by,
        decided_at: micros(held.decided_at),
        comment: held.comment,
    }
}

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
