//! The hot path: what is read before a decision and written after it.

use crate::{
    Agent, AgentAccess, AgentId, AuditTrail, Circuit, HeldRequest, HistoryId, Origin, Policy,
    Probe, SealedCredential, Timestamp, TrustScore,
};

/// What [`Ledger::load`](crate::repository::Ledger::load) is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The agent.
    pub agent_id: AgentId,
    /// The request's target, for its circuit.
    pub origin: Option<Origin>,
    /// The present.
    pub now: Timestamp,
}

/// How busy an agent has been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Activity {
    /// Requests recorded in the aligned minute that now lies in.
    pub minute_total: u32,
    /// Requests in the five minutes before now.
    pub recent_total: u32,
    /// Those of them that were denied or held.
    pub recent_violations: u32,
    /// Requests in the seven days before now.
    pub baseline_total: u32,
    /// Start of the oldest hour that is counted in them.
    pub baseline_since: Option<Timestamp>,
}

/// All that a decision needs from the database.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    /// The schema's version.
    pub schema_version: u32,
    /// The agent, in whatever state.
    pub agent: Option<Agent>,
    /// What else governs its access, its former secret left out.
    pub access: AgentAccess,
    /// The newest revision of the agent's policy, its document left empty.
    pub policy: Option<Policy>,
    /// How busy the agent has been.
    pub activity: Activity,
    /// The origin's circuits; none if neither has a failure to its name.
    pub circuit: Option<Circuit>,
    /// What is added to requests to the origin; none if nothing is.
    pub credential: Option<SealedCredential>,
}

/// How trust moves: `trust + rate × (target − trust)`, applied by the database.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrustRule {
    /// Where to, 0 to 1.
    pub target: f64,
    /// How far of the way, 0 to 1.
    pub rate: f64,
}

/// A bound on how many requests may be held; 0 is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeldLimits {
    /// Pending at most for one agent.
    pub per_agent: u32,
    /// Pending at most in all.
    pub in_all: u32,
}

/// A decision to record.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The audit row.
    pub audit: AuditTrail,
    /// Id of the history row.
    pub history_id: HistoryId,
    /// Why it was decided so: a JSON document.
    pub explanation: String,
    /// Requests per aligned minute that this agent may make.
    pub rate_limit: Option<u32>,
    /// How trust moves.
    pub trust: TrustRule,
    /// An active agent whose trust is below it after this decision is quarantined.
    pub trust_floor: Option<TrustScore>,
    /// The counter to raise: 1 to 64 characters of `a` to `z`, digits, `-`, `/`.
    pub counter: String,
    /// The request to hold.
    pub held: Option<HeldRequest>,
    /// How many may be held.
    pub held_limits: HeldLimits,
    /// The origin whose one probe this request wants to be.
    pub probe: Option<Probe>,
}

/// What came of recording; all but `Recorded` leave no audit and no history row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is in the database; the requests recorded in this minute, with this one.
    Recorded(u32),
    /// Over the limit; seconds until the next minute begins.
    Limited(u32),
    /// The circuit is open or its probe is taken; seconds to wait.
    CircuitOpen(u32),
    /// The agent is not active (any more).
    AgentGone,
    /// As many requests are held as may be.
    TooManyHeld,
}

/// What a limit refused of one agent in one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusals {
    /// The agent.
    pub agent_id: AgentId,
    /// When the minute began.
    pub minute: Timestamp,
    /// Requests recorded in it.
    pub requests: u32,
    /// Requests refused in it.
    pub refused: u32,
}

/// A counter of decisions; it never falls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// What [`Entry::counter`] says, or `limited` for what a limit refused.
    pub name: String,
    /// How often.
    pub count: u64,
}
