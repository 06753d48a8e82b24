//! Agents.

use serde::{Deserialize, Serialize};

use crate::{AgentId, Timestamp, TrustScore};

/// State of an agent (OB §1.4 and two of ours); stored as its integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentStatus {
    /// May call through the gateway; 0.
    Active,
    /// Shut out by an operator; 1.
    Revoked,
    /// Shut out until an operator lifts it; 2.
    Quarantined,
    /// A tombstone; 3.
    Deleted,
}

impl AgentStatus {
    /// The stored integer.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Active => 0,
            Self::Revoked => 1,
            Self::Quarantined => 2,
            Self::Deleted => 3,
        }
    }

    /// Reads the stored integer.
    #[must_use]
    pub const fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::Active),
            1 => Some(Self::Revoked),
            2 => Some(Self::Quarantined),
            3 => Some(Self::Deleted),
            _ => None,
        }
    }
}

/// A registered agent (the seed's `Agent`).
#[derive(Clone, PartialEq)]
pub struct Agent {
    /// Primary key.
    pub id: AgentId,
    /// 1 to 128 characters; not unique.
    pub name: String,
    /// Who answers for the agent.
    pub owner_id: Option<String>,
    /// Current state.
    pub status: AgentStatus,
    /// The policy that decides its requests.
    pub policy_name: Option<String>,
    /// bcrypt hash of the client secret.
    pub client_secret_hash: String,
    /// Current trust.
    pub trust_score: TrustScore,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Last administrative change.
    pub updated_at: Option<Timestamp>,
}

/// Leaves the secret's hash out, so that no log gets it.
impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// What to do with an optional column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TextChange {
    /// Leave it.
    #[default]
    Keep,
    /// Set it to NULL.
    Clear,
    /// Set it to this text.
    Set(String),
}

/// A partial update of an agent; `None` and `Keep` leave a column as it is.
#[derive(Clone, PartialEq)]
pub struct AgentChange {
    /// New name.
    pub name: Option<String>,
    /// New owner.
    pub owner_id: TextChange,
    /// New state.
    pub status: Option<AgentStatus>,
    /// New policy.
    pub policy_name: TextChange,
    /// New secret's hash.
    pub client_secret_hash: Option<String>,
    /// Raise trust to this if it is below.
    pub trust_at_least: Option<TrustScore>,
    /// When the change is made.
    pub updated_at: Timestamp,
}

impl AgentChange {
    /// Changes nothing but the time of change.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self {
            name: None,
            owner_id: TextChange::Keep,
            status: None,
            policy_name: TextChange::Keep,
            client_secret_hash: None,
            trust_at_least: None,
            updated_at: now,
        }
    }
}
