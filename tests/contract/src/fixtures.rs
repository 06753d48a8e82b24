//! Entities to test with. Numbers make ids; times are given as text or as
//! microseconds after [`NOON`].

mod held;

use uuid::Uuid;
use vectra_domain::repository::{AgentRepository, Schema};
use vectra_domain::{
    Act, ActId, Agent, AgentHistory, AgentId, AgentStatus, AuditId, AuditOutcome, AuditRecord,
    AuditTrail, DecisionType, Entry, HeldLimits, HeldRequest, HeldRequestId, HeldStatus, HistoryId,
    Operator, OperatorId, OperatorRole, PersistenceError, Policy, PolicySource, PolicyStatus,
    Query, Recorded, RiskScore, Timestamp, TrustRule, TrustScore,
};

use crate::Ports;
pub use held::*;

/// A minute and an hour begin here.
pub const NOON: &str = "2026-01-31T12:00:00.000000Z";

/// Makes the tables.
pub fn make_tables(ports: &impl Schema) {
    ports.ensure().expect("the tables are made");
}

/// A time from RFC 3339.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// So many microseconds after [`NOON`].
pub fn after_noon(micros: i64) -> Timestamp {
    at(NOON).plus(micros)
}

/// An id with letters in it, so that upper and lower case differ.
fn uuid(kind: u128, number: u128) -> Uuid {
    Uuid::from_u128(0x018f_abcd_7c1b_7a3d_9e5f_0000_0000_0000 | (kind << 32) | number)
}

pub fn agent_id(number: u128) -> AgentId {
    AgentId::new(uuid(1, number))
}

pub fn audit_id(number: u128) -> AuditId {
    AuditId::new(uuid(2, number))
}

pub fn history_id(number: u128) -> HistoryId {
    HistoryId::new(uuid(3, number))
}

pub fn held_id(number: u128) -> HeldRequestId {
    HeldRequestId::new(uuid(4, number))
}

pub fn operator_id(number: u128) -> OperatorId {
    OperatorId::new(uuid(5, number))
}

pub fn act_id(number: u128) -> ActId {
    ActId::new(uuid(6, number))
}

/// An active agent without owner and policy.
pub fn agent(number: u128) -> Agent {
    Agent {
        id: agent_id(number),
        name: format!("agent {number}"),
        owner_id: None,
        status: AgentStatus::Active,
        policy_name: None,
        client_secret_hash: "$2b$04$hash".to_owned(),
        trust_score: TrustScore::INITIAL,
        created_at: at(NOON),
        updated_at: None,
    }
}

/// Inserts an agent and gives it back.
pub fn insert(ports: &impl AgentRepository, agent: Agent) -> Agent {
    AgentRepository::insert(ports, &agent).expect("the agent is inserted");
    agent
}

/// An active agent that is in the database.
pub fn given_agent(ports: &impl AgentRepository, number: u128) -> Agent {
    insert(ports, agent(number))
}

pub fn history(number: u128, agent: &Agent, timestamp: Timestamp) -> AgentHistory {
    AgentHistory {
        id: history_id(number),
        agent_id: agent.id,
        method: "GET".to_owned(),
        path: "/v1/items?page=2".to_owned(),
        timestamp,
        decision_type: DecisionType::Allow,
    }
}

pub fn audit(number: u128, agent: AgentId, timestamp: Timestamp) -> AuditTrail {
    AuditTrail {
        id: audit_id(number),
        agent_id: agent,
        decision_type: DecisionType::Allow,
        reason: None,
        method: "GET".to_owned(),
        path: "/v1/items?page=2".to_owned(),
        target_url: "https://example.com/v1/items?page=2".to_owned(),
        risk_score: RiskScore::new(0.125).expect("a score"),
        timestamp,
    }
}

/// An allowed request without a limit, which leaves trust as it is.
pub fn entry(number: u128, agent: AgentId, timestamp: Timestamp) -> Entry {
    Entry {
        audit: audit(number, agent, timestamp),
        history_id: history_id(number),
        explanation: r#"{"rule":"none"}"#.to_owned(),
        rate_limit: None,
        trust: TrustRule {
            target: 1.0,
            rate: 0.0,
        },
        trust_floor: None,
        counter: "allow/none".to_owned(),
        held: None,
        held_limits: HeldLimits::default(),
        probe: None,
    }
}

/// A pending request that expires an hour after it was made.
pub fn held(number: u128, agent: AgentId, created_at: Timestamp) -> HeldRequest {
    HeldRequest {
        id: held_id(number),
        agent_id: agent,
        audit_id: audit_id(number),
        status: HeldStatus::Pending,
        reason: Some("High risk score: 0.87".to_owned()),
        method: "DELETE".to_owned(),
        target_url: "https://example.com/users/all".to_owned(),
        digest: "ab".repeat(32),
        key_id: "k1".to_owned(),
        sealed: vec![0, 1, 2, 254, 255],
        created_at,
        expires_at: created_at.plus(Timestamp::HOUR),
        decided_by: None,
        decided_at: None,
        comment: None,
    }
}

/// A request that is held.
pub fn held_entry(number: u128, agent: AgentId, timestamp: Timestamp) -> Entry {
    let mut entry = entry(number, agent, timestamp);
    entry.audit.decision_type = DecisionType::Hitl;
    entry.held = Some(held(number, agent, timestamp));
    entry
}

pub fn policy(name: &str, content: &str) -> Policy {
    Policy {
        name: name.to_owned(),
        revision: 0,
        document: format!("{{\"name\":\"{content}\"}}"),
        compiled: content.as_bytes().to_vec(),
        status: PolicyStatus::Active,
        problem: None,
        source: PolicySource::File,
        source_name: Some(format!("{name}.json")),
        content_hash: format!("hash of {content}"),
        created_at: at(NOON),
    }
}

/// An operator whose key does not end.
pub fn operator(number: u128) -> Operator {
    Operator {
        id: operator_id(number),
        name: format!("operator {number}"),
        role: OperatorRole::Admin,
        key_hash: format!("{:064x}", 0xabcd_0000 + number),
        created_at: at(NOON),
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    }
}

/// An act with the first key.
pub fn act(number: u128, timestamp: Timestamp) -> Act {
    Act {
        id: act_id(number),
        operator_id: None,
        operator_name: "admin".to_owned(),
        operator_role: OperatorRole::Admin,
        action: "POST /agents".to_owned(),
        target: None,
        detail: r#"{"name":"agent"}"#.to_owned(),
        client_address: None,
        timestamp,
    }
}

/// An answer that came from upstream.
pub fn outcome(status: u16, completed_at: Timestamp) -> AuditOutcome {
    AuditOutcome {
        status: Some(status),
        response_bytes: 17,
        duration: 1_500,
        failure: None,
        completed_at,
    }
}

/// A row of the audit as it is before anything is known of its request.
pub fn undone(entry: AuditTrail, explanation: &str) -> AuditRecord {
    AuditRecord {
        entry,
        explanation: explanation.to_owned(),
        outcome: None,
    }
}

pub fn query(agent: AgentId, now: Timestamp) -> Query {
    Query {
        agent_id: agent,
        origin: None,
        now,
    }
}

/// The trust that the database holds for an agent.
pub fn trust(ports: &impl Ports, agent: AgentId) -> f64 {
    let found = AgentRepository::find(ports, agent).expect("the agent is read");
    found.expect("the agent is there").trust_score.get()
}

/// Whether it was recorded, as whichever request of its minute.
pub fn is_recorded(outcome: &Recorded) -> bool {
    matches!(outcome, Recorded::Recorded(_))
}

pub fn assert_recorded(result: Result<Recorded, PersistenceError>) {
    assert!(result.as_ref().is_ok_and(is_recorded), "{result:?}");
}

pub fn assert_conflict<T: std::fmt::Debug>(result: Result<T, PersistenceError>) {
    assert!(
        matches!(result, Err(PersistenceError::Conflict(_))),
        "{result:?}"
    );
}

pub fn assert_invalid<T: std::fmt::Debug>(result: Result<T, PersistenceError>) {
    assert!(
        matches!(result, Err(PersistenceError::Invalid(_))),
        "{result:?}"
    );
}

pub fn assert_not_found<T: std::fmt::Debug>(result: Result<T, PersistenceError>) {
    assert!(
        matches!(result, Err(PersistenceError::NotFound)),
        "{result:?}"
    );
}
