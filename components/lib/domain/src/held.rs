//! Requests held for a human.

use serde::{Deserialize, Serialize};

use crate::{AgentId, AuditId, AuditTrail, HeldRequestId, OperatorId, Timestamp};

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
    /// All states, in the order of their integers.
    pub const ALL: [Self; 7] = [
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

    /// Whether no step leads on from here.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Released | Self::Denied | Self::Expired)
    }

    /// Whether a held request may ever make this step, as the database itself sees to.
    #[must_use]
    pub const fn may_become(self, to: Self) -> bool {
        matches!(
            (self, to),
            (Self::Pending, Self::Approved | Self::Denied | Self::Expired)
                | (
                    Self::Approved,
                    Self::Releasing | Self::Denied | Self::Expired
                )
                | (Self::Releasing, Self::Released | Self::Uncertain)
                | (Self::Uncertain, Self::Released | Self::Denied)
        )
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
    /// The request, encrypted; empty where it is not asked for.
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

/// An operator's word that a held request may be sent (`vectra:persistence/types.approval`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The held request.
    pub held_id: HeldRequestId,
    /// The operator; each has one word.
    pub operator_id: OperatorId,
    /// Their name then.
    pub operator_name: String,
    /// What they wrote.
    pub comment: Option<String>,
    /// When.
    pub approved_at: Timestamp,
    /// HMAC-SHA-256 of all of it and the request's digest, hexadecimal.
    pub seal: String,
}

/// The wish to send an approved request
/// (`vectra:persistence/held-requests.claim`).
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The held request.
    pub id: HeldRequestId,
    /// When; a request that has expired by then is a conflict.
    pub now: Timestamp,
    /// Until when it counts as under way.
    pub lease_until: Timestamp,
    /// The decision to send it.
    pub audit: AuditTrail,
    /// Why it was decided so: a JSON document.
    pub explanation: String,
}

/// The one release of a held request (`vectra:persistence/types.release`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The held request.
    pub held_id: HeldRequestId,
    /// The audit row of the decision to send it.
    pub audit_id: AuditId,
    /// When sending began.
    pub started_at: Timestamp,
    /// Until when it is known to be under way; after that nobody knows.
    pub lease_until: Timestamp,
    /// What came of it, as soon as that is known.
    pub outcome: Option<ReleaseOutcome>,
}

/// What came of a release (`vectra:persistence/types.release-outcome`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseOutcome {
    /// When that was known.
    pub finished_at: Timestamp,
    /// The upstream's status; none if it did not answer.
    pub status: Option<u16>,
    /// Why there is no answer to pass on, for people; no secret.
    pub failure: Option<String>,
    /// Names the key that `sealed` is encrypted with; empty without an answer.
    pub key_id: String,
    /// Header fields and body of the answer, encrypted; empty without one.
    pub sealed: Vec<u8>,
}

/// Something to tell of a held request (`vectra:persistence/notifications`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notification {
    /// The held request.
    pub held_id: HeldRequestId,
    /// The state it had come to.
    pub status: HeldStatus,
    /// How often it has been tried to tell, this time included.
    pub attempts: u32,
}
