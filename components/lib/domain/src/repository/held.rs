//! The ports for held requests and what is told of them.

use super::Result;
use crate::{
    AgentId, Approval, Claim, HeldRequest, HeldRequestId, HeldStatus, Notification, Release,
    ReleaseOutcome, Timestamp,
};

/// Which held requests to list, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPage {
    /// Only this state.
    pub status: Option<HeldStatus>,
    /// Only this agent's.
    pub agent_id: Option<AgentId>,
    /// Begin after this time and id.
    pub after: Option<(Timestamp, HeldRequestId)>,
    /// At most so many, 1 to [`MAX_PAGE`].
    pub limit: u32,
}

/// Whether a step of a held request is refused once it has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// Refused with a conflict.
    Refuses,
    /// Does not matter.
    Ignored,
}

/// A step of a held request from one state to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldStep {
    /// The held request.
    pub id: HeldRequestId,
    /// The states it may be in.
    pub from: Vec<HeldStatus>,
    /// The state it is in afterwards.
    pub to: HeldStatus,
    /// When the step is made.
    pub now: Timestamp,
    /// Whether expiry refuses it.
    pub expiry: Expiry,
    /// Who decided, if this step is a decision.
    pub decided_by: Option<String>,
    /// What the reviewer wrote.
    pub comment: Option<String>,
}

/// Most approvals that one request may need.
pub const MAX_APPROVALS: u32 = 16;

/// Requests held for a human (`vectra:persistence/held-requests`).
pub trait HeldRequestRepository {
    /// One held request, `sealed` left empty.
    fn find(&self, id: HeldRequestId) -> Result<Option<HeldRequest>>;
    /// One held request with all of it.
    fn find_sealed(&self, id: HeldRequestId) -> Result<Option<HeldRequest>>;
    /// One page, oldest first, `sealed` left empty.
    fn list(&self, page: &HeldPage) -> Result<Vec<HeldRequest>>;
    /// How many wait for a human and have not expired, counted up to a million.
    fn count_pending(&self, now: Timestamp) -> Result<u32>;
    /// Adds an approval to a pending request, and makes it approved with the one that
    /// brings them to `needed`, 1 to [`MAX_APPROVALS`].
    fn approve(&self, approval: &Approval, needed: u32) -> Result<()>;
    /// Its approvals in the order in which they were given.
    fn approvals(&self, id: HeldRequestId) -> Result<Vec<Approval>>;
    /// Makes a step if the row is in one of the states named; `sealed` left empty.
    fn advance(&self, step: &HeldStep) -> Result<HeldRequest>;
    /// Makes an approved request one that is being sent, at most once, and records the
    /// decision to send it.
    fn claim(&self, claim: &Claim) -> Result<()>;
    /// Writes down what came of sending, once: `to` is Released or Uncertain.
    fn finish(&self, id: HeldRequestId, to: HeldStatus, outcome: &ReleaseOutcome) -> Result<()>;
    /// The release of a request; none if it was never sent.
    fn find_release(&self, id: HeldRequestId) -> Result<Option<Release>>;
    /// Expires up to `limit` pending and approved requests whose time is over, and makes up
    /// to as many uncertain whose sending has outlived its lease.
    fn expire(&self, now: Timestamp, limit: u32) -> Result<u32>;
    /// Removes up to `limit` requests in a final state whose time was over before `before`.
    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32>;
}

/// What others are to be told of held requests (`vectra:persistence/notifications`).
pub trait NotificationRepository {
    /// Takes up to `limit` that are due and makes them due again later.
    fn claim(&self, now: Timestamp, limit: u32) -> Result<Vec<Notification>>;
    /// Removes one that was told or is given up.
    fn remove(&self, held_id: HeldRequestId, status: HeldStatus) -> Result<()>;
    /// Removes up to `limit` of all there are.
    fn clear(&self, limit: u32) -> Result<u32>;
}
