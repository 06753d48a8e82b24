//! The ports for who calls: operators and their acts, agents' access, lockouts and
//! external issuers.

use super::Result;
use crate::{
    Act, ActId, ActOutcome, AgentAccess, AgentId, Failures, IssuerKeys, LockoutSubject, Operator,
    OperatorId, Rotation, Timestamp,
};

/// Which acts to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActPage {
    /// Only those of operators with this name.
    pub operator_name: Option<String>,
    /// Begin after this time and id.
    pub after: Option<(Timestamp, ActId)>,
    /// At most so many, 1 to [`MAX_PAGE`](super::MAX_PAGE).
    pub limit: u32,
}

/// What governs an agent's access (`vectra:persistence/agent-access`).
pub trait AgentAccessRepository {
    /// The agent's access; the default for one that is unknown.
    fn find(&self, agent: AgentId) -> Result<AgentAccess>;
    /// Replaces the client secret.
    fn rotate(&self, rotation: &Rotation) -> Result<()>;
    /// Sets the requests per minute.
    fn limit(&self, agent: AgentId, requests: Option<u32>, now: Timestamp) -> Result<()>;
    /// Ends every token that is out.
    fn revoke_tokens(&self, agent: AgentId, now: Timestamp) -> Result<()>;
}

/// Those who work with the gateway (`vectra:persistence/operators`).
pub trait OperatorRepository {
    /// Adds one.
    fn insert(&self, operator: &Operator) -> Result<()>;
    /// The one with this key, also if it is expired or revoked.
    fn find_by_key(&self, key_hash: &str) -> Result<Option<Operator>>;
    /// Notes that the key was used.
    fn touch(&self, id: OperatorId, now: Timestamp) -> Result<()>;
    /// Takes the key back and returns the row as it is then.
    fn revoke(&self, id: OperatorId, now: Timestamp) -> Result<Operator>;
    /// One page in the order of name, then id.
    fn list(&self, after: Option<&(String, OperatorId)>, limit: u32) -> Result<Vec<Operator>>;
}

/// What operators did (`vectra:persistence/acts`).
pub trait ActRepository {
    /// Appends an act, before it is done.
    fn append(&self, act: &Act) -> Result<()>;
    /// Appends what came of it, once.
    fn complete(&self, act: ActId, outcome: &ActOutcome) -> Result<()>;
    /// One page, newest first.
    fn list(&self, page: &ActPage) -> Result<Vec<(Act, Option<ActOutcome>)>>;
}

/// Who asked for a token with a wrong secret (`vectra:persistence/lockouts`).
pub trait LockoutRepository {
    /// The subject's failures; none if there are none.
    fn find(&self, subject: &LockoutSubject) -> Result<Option<Failures>>;
    /// Counts one more; it is the first if the last one was before `forget_before`, or
    /// lies more than a minute after `now`.
    fn fail(
        &self,
        subject: &LockoutSubject,
        now: Timestamp,
        forget_before: Timestamp,
    ) -> Result<()>;
    /// Forgets the subject's failures.
    fn clear(&self, subject: &LockoutSubject) -> Result<()>;
}

/// Keys of external issuers (`vectra:persistence/external-issuers`).
pub trait ExternalIssuerRepository {
    /// The issuer's keys; none if they were never fetched.
    fn find(&self, issuer: &str) -> Result<Option<IssuerKeys>>;
    /// Whether the caller may fetch the keys now: nobody claimed that at `not_since`
    /// or later; what lies more than a minute after `now` does not count.
    fn claim(&self, issuer: &str, now: Timestamp, not_since: Timestamp) -> Result<bool>;
    /// When somebody claimed that last; none if nobody ever did.
    fn attempted(&self, issuer: &str) -> Result<Option<Timestamp>>;
    /// Keeps what was fetched, unless what is there was fetched up to a minute later.
    fn put(&self, issuer: &str, keys: &IssuerKeys) -> Result<()>;
}
