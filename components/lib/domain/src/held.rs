//! Requests held for a human.

use serde::{Deserialize, Serialize};

use crate::{AgentId, AuditId, HeldRequestId, Timestamp};

/// State of a held request; stored as its integer, 0 to 6 in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HeldStatus {
    /// Waiting for a human.
    Pending,
    /// Approved, not sent yet.
    Approved,
    /// Being sent, under a lease.
    Releasing,
    /// Sent.
    Released,
    /// Denied.
    Denied,
    /// Nobody decided in time.
    Expired,
    /// It may or may not have been sent.
    Uncertain,
}

impl HeldStatus {
    const ALL: [Self; 7] = [
        Self::Pending,
        Self::Approved,
        Self::Releasing,
        Self::Released,
        Self::Denied,
        Self::Expired,
        Self::Uncertain,
    ];

    /// The stored integer.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// Reads the stored integer.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        usize::try_from(code)
            .ok()
            .and_then(|at| Self::ALL.get(at).copied())
    }
}

/// A request held for a human (`vectra:persistence/types.held-request`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRequest {
    /// Primary key, a UUIDv7.
    pub id: HeldRequestId,
    /// The agent that made it.
    pub agent_id: AgentId,
    /// The audit row of the decision that held it.
    pub audit_id: AuditId,
    /// Current state.
    pub status: HeldStatus,
    /// Why it is held.
    pub reason: Option<String>,
    /// HTTP method.
    pub method: String,
    /// The whole target, secrets masked.
    pub target_url: String,
    /// SHA-256 of the request's canonical form, hexadecimal.
    pub digest: String,
    /// Names the key that `sealed` is encrypted with.
    pub key_id: String,
    /// The request, encrypted.
    pub sealed: Vec<u8>,
    /// When it was held.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// What the reviewer wrote.
    pub comment: Option<String>,
}
