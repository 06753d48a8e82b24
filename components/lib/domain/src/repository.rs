//! The ports to the database: the interfaces of `vectra:persistence` as traits.
//!
//! Each call is one atomic change or one consistent read. A call that returns
//! without an error is durable.

mod callers;
mod circuits;
mod credentials;
mod held;

pub use callers::{
    ActPage, ActRepository, AgentAccessRepository, ExternalIssuerRepository, LockoutRepository,
    OperatorRepository,
};
pub use circuits::CircuitRepository;
pub use credentials::CredentialRepository;
pub use held::{
    Expiry, HeldPage, HeldRequestRepository, HeldStep, MAX_APPROVALS, NotificationRepository,
};

use crate::{
    Agent, AgentChange, AgentHistory, AgentId, AgentStatus, AuditId, AuditOutcome, AuditRecord,
    AuditTrail, Context, Counter, Entry, PersistenceError, Policy, PolicySource, PutResult, Query,
    Recorded, Refusals, Timestamp,
};

/// Result of a repository call.
pub type Result<T> = std::result::Result<T, PersistenceError>;

/// Largest page a list gives.
pub const MAX_PAGE: u32 = 1_000;

/// Which agents to list, by name and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentPage {
    /// Begin after this name and id.
    pub after: Option<(String, AgentId)>,
    /// At most so many, 1 to [`MAX_PAGE`].
    pub limit: u32,
    /// Only this state; none means all but deleted.
    pub status: Option<AgentStatus>,
    /// Only this owner's.
    pub owner_id: Option<String>,
    /// Only those bound to this policy.
    pub policy_name: Option<String>,
    /// Only those of exactly this name.
    pub name: Option<String>,
}

/// Which audit rows to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// Only this agent's.
    pub agent_id: Option<AgentId>,
    /// Begin after this time and id.
    pub after: Option<(Timestamp, AuditId)>,
    /// At most so many, 1 to [`MAX_PAGE`].
    pub limit: u32,
}

/// Which audit rows to give with their explanations, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRange {
    /// Only this agent's.
    pub agent_id: Option<AgentId>,
    /// Rows of this time or later.
    pub since: Timestamp,
    /// Rows before this time.
    pub until: Timestamp,
    /// Begin after this time and id.
    pub after: Option<(Timestamp, AuditId)>,
    /// At most so many, 1 to [`MAX_PAGE`].
    pub limit: u32,
}

/// Which minutes with refusals to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalsPage {
    /// Only this agent's.
    pub agent_id: Option<AgentId>,
    /// Begin after this minute and agent.
    pub after: Option<(Timestamp, AgentId)>,
    /// At most so many, 1 to [`MAX_PAGE`].
    pub limit: u32,
}

/// Makes the tables (`vectra:persistence/schema`).
pub trait Schema {
    /// Makes whatever is missing and returns the version that is now there.
    fn ensure(&self) -> Result<u32>;
    /// The version that is there.
    fn version(&self) -> Result<u32>;
}

/// The seed's agent repository (`vectra:persistence/agents`).
pub trait AgentRepository {
    /// Adds an agent.
    fn insert(&self, agent: &Agent) -> Result<()>;
    /// One agent in whatever state.
    fn find(&self, id: AgentId) -> Result<Option<Agent>>;
    /// Changes the named columns and returns the row as it is then.
    fn update(&self, id: AgentId, change: &AgentChange) -> Result<Agent>;
    /// Makes the agent a tombstone.
    fn delete(&self, id: AgentId, now: Timestamp) -> Result<()>;
    /// One page in the order of name, then id.
    fn list(&self, page: &AgentPage) -> Result<Vec<Agent>>;
    /// Removes up to `limit` tombstones that were made before `before` and have no
    /// history or activity left.
    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32>;
}

/// The seed's history repository (`vectra:persistence/agent-history`).
pub trait AgentHistoryRepository {
    /// Appends a row.
    fn append(&self, entry: &AgentHistory) -> Result<()>;
    /// The agent's rows not older than `since`, newest first.
    fn recent(&self, agent: AgentId, since: Timestamp, limit: u32) -> Result<Vec<AgentHistory>>;
    /// Removes up to `limit` rows older than `before`, found by their UUIDv7.
    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32>;
}

/// The seed's audit repository (`vectra:persistence/audit-trail`).
pub trait AuditRepository {
    /// Appends a row and its explanation (JSON).
    fn append(&self, entry: &AuditTrail, explanation: &str) -> Result<()>;
    /// One row with its explanation and outcome.
    fn find(&self, id: AuditId) -> Result<Option<AuditRecord>>;
    /// Appends what became of a request, once and for ever; a row that is not there is
    /// [`PersistenceError::NotFound`].
    fn complete(&self, id: AuditId, outcome: &AuditOutcome) -> Result<()>;
    /// One page, newest first.
    fn list(&self, page: &AuditPage) -> Result<Vec<AuditTrail>>;
    /// One page of a stretch of time, oldest first, each row with its explanation.
    fn range(&self, range: &AuditRange) -> Result<Vec<(AuditTrail, String)>>;
}

/// Policies and their revisions (`vectra:persistence/policies`).
pub trait PolicyRepository {
    /// Adds a revision unless the newest one is the same.
    fn put(&self, policy: &Policy) -> Result<PutResult>;
    /// The newest revision, or the one that is named.
    fn find(&self, name: &str, revision: Option<u32>) -> Result<Option<Policy>>;
    /// Newest revisions in the order of name.
    fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Policy>>;
    /// Revisions of one policy, newest first, those before `before`; `document` and
    /// `compiled` are left empty.
    fn revisions(&self, name: &str, before: Option<u32>, limit: u32) -> Result<Vec<Policy>>;
    /// Retires every policy of `source` whose name is not in `keep`.
    fn retire_missing(
        &self,
        source: PolicySource,
        keep: &[String],
        now: Timestamp,
    ) -> Result<Vec<String>>;
}

/// The hot path (`vectra:persistence/ledger`).
pub trait Ledger {
    /// Brings what a decision needs.
    fn load(&self, query: &Query) -> Result<Context>;
    /// Records a decision.
    fn record(&self, entry: &Entry) -> Result<Recorded>;
    /// One page of the minutes in which a limit refused something, newest first, then by
    /// agent downwards.
    fn list_refusals(&self, page: &RefusalsPage) -> Result<Vec<Refusals>>;
    /// All counters in the order of their names, at most [`MAX_PAGE`].
    fn counters(&self) -> Result<Vec<Counter>>;
    /// Removes up to `limit` activity buckets that began before `before`.
    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32>;
}

/// What a classifier said of a question before (`vectra:persistence/intent-cache`).
pub trait IntentCache {
    /// The answer (JSON) to the question with this key, unless it is too old.
    fn find(&self, key: &str, now: Timestamp) -> Result<Option<String>>;
    /// Keeps an answer until `expires_at`, in the place of any before.
    fn put(&self, key: &str, document: &str, expires_at: Timestamp) -> Result<()>;
    /// Removes up to `limit` answers that are too old.
    fn prune(&self, now: Timestamp, limit: u32) -> Result<u32>;
}
