//! Those who work with the gateway, and what they did.

use serde::{Deserialize, Serialize};

use crate::{ActId, OperatorId, Timestamp};

/// What an operator may do; stored as its integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperatorRole {
    /// Everything; 0.
    Admin,
    /// Sees what is held and decides about it; 1.
    Reviewer,
    /// Sees everything, changes nothing; 2.
    Auditor,
}

impl OperatorRole {
    /// The stored integer.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Admin => 0,
            Self::Reviewer => 1,
            Self::Auditor => 2,
        }
    }

    /// Reads the stored integer.
    #[must_use]
    pub const fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::Admin),
            1 => Some(Self::Reviewer),
            2 => Some(Self::Auditor),
            _ => None,
        }
    }
}

/// Somebody who works with the gateway.
#[derive(Clone, PartialEq, Eq)]
pub struct Operator {
    /// Primary key, a UUIDv7.
    pub id: OperatorId,
    /// 1 to 128 characters; unique among those that are not revoked.
    pub name: String,
    /// What they may do.
    pub role: OperatorRole,
    /// SHA-256 of the key, hexadecimal.
    pub key_hash: String,
    /// When they were added.
    pub created_at: Timestamp,
    /// When the key ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// When the key was used last, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When the key was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// Leaves the key's hash out, so that no log gets it.
impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operator")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Something an operator set out to do; immutable once appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Primary key, a UUIDv7.
    pub id: ActId,
    /// The operator; none for the first key, which is configuration.
    pub operator_id: Option<OperatorId>,
    /// Their name then.
    pub operator_name: String,
    /// Their role then.
    pub operator_role: OperatorRole,
    /// The endpoint, as in `POST /agents`.
    pub action: String,
    /// What it was done to, if it existed before: an id or a name.
    pub target: Option<String>,
    /// What was asked for, as JSON without secrets.
    pub detail: String,
    /// Where the operator called from, if the host says so.
    pub client_address: Option<String>,
    /// When.
    pub timestamp: Timestamp,
}

/// What came of an act; immutable once appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActOutcome {
    /// The HTTP status that answered it.
    pub status: u16,
    /// What was made or changed.
    pub target: Option<String>,
    /// When.
    pub timestamp: Timestamp,
}
