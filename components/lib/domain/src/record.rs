//! What is recorded of each request: history and audit.

use serde::{Deserialize, Serialize};

use crate::{AgentId, AuditId, HistoryId, RiskScore, Timestamp};

/// Outcome of a decision (OB §1.4); stored as its integer, named in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DecisionType {
    /// Forwarded; 0.
    Allow,
    /// Refused; 1.
    Deny,
    /// Held for a human; 2.
    Hitl,
}

impl DecisionType {
    /// The stored integer.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Allow => 0,
            Self::Deny => 1,
            Self::Hitl => 2,
        }
    }

    /// Reads the stored integer.
    #[must_use]
    pub const fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::Allow),
            1 => Some(Self::Deny),
            2 => Some(Self::Hitl),
            _ => None,
        }
    }
}

/// One request of an agent (the seed's `AgentHistory`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentHistory {
    /// Primary key, a UUIDv7.
    pub id: HistoryId,
    /// The agent.
    pub agent_id: AgentId,
    /// HTTP method.
    pub method: String,
    /// Path and query, secrets masked.
    pub path: String,
    /// When the request was made.
    pub timestamp: Timestamp,
    /// How it was decided.
    pub decision_type: DecisionType,
}

/// One decision (the seed's `AuditTrail`); immutable once appended.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditTrail {
    /// Primary key, a UUIDv7.
    pub id: AuditId,
    /// The agent; it may be gone.
    pub agent_id: AgentId,
    /// How it was decided.
    pub decision_type: DecisionType,
    /// Why.
    pub reason: Option<String>,
    /// HTTP method.
    pub method: String,
    /// Path and query, secrets masked.
    pub path: String,
    /// The whole target, secrets masked.
    pub target_url: String,
    /// Risk, 0 to 1.
    pub risk_score: RiskScore,
    /// When it was decided.
    pub timestamp: Timestamp,
}

/// What became of a request that was let out; immutable once appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditOutcome {
    /// The upstream's status; none if it did not answer.
    pub status: Option<u16>,
    /// Bytes of the answer's body that were passed on.
    pub response_bytes: u64,
    /// From the request's arrival to the end of the answer, in microseconds.
    pub duration: u64,
    /// Why it did not come to its end; no secret.
    pub failure: Option<String>,
    /// When it ended.
    pub completed_at: Timestamp,
}

/// A decision with all that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRecord {
    /// The row.
    pub entry: AuditTrail,
    /// Why it was decided so: a JSON document.
    pub explanation: String,
    /// What became of it; none if it was not let out, or if that is not known.
    pub outcome: Option<AuditOutcome>,
}
