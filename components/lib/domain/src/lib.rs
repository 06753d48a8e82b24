//! Entities, typed ids and repository traits of Vectra.
//!
//! The entities are those of `vectra:persistence`, with the seed's names. Nothing
//! here does I/O, reads a clock or draws a random number: times and ids come from
//! the caller.

mod agent;
mod error;
mod held;
mod id;
mod ledger;
mod policy;
mod record;
pub mod repository;
mod score;
mod time;

pub use agent::{Agent, AgentChange, AgentStatus, TextChange};
pub use error::PersistenceError;
pub use held::{HeldRequest, HeldStatus};
pub use id::{AgentId, AuditId, HeldRequestId, HistoryId, IdError};
pub use ledger::{
    Activity, Circuit, CircuitState, Context, Entry, ExternalKey, HeldLimits, Origin, Query,
    Recorded, TrustRule,
};
pub use policy::{Policy, PolicySource, PolicyStatus, PutResult};
pub use record::{AgentHistory, AuditTrail, DecisionType};
pub use score::{RiskScore, ScoreError, TrustScore};
pub use time::{TimeError, Timestamp};
