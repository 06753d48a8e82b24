//! Entities, typed ids and repository traits of Vectra.
//!
//! The entities are those of `vectra:persistence`, with the seed's names. Nothing
//! here does I/O, reads a clock or draws a random number: times and ids come from
//! the caller.

mod access;
mod agent;
mod circuit;
mod credential;
mod error;
mod held;
mod id;
mod ledger;
mod lockout;
mod operator;
mod policy;
mod record;
pub mod repository;
mod score;
mod time;

pub use access::{AgentAccess, Rotation};
pub use agent::{Agent, AgentChange, AgentStatus, TextChange};
pub use circuit::{
    Circuit, CircuitChange, CircuitRule, CircuitState, Errand, Fate, Origin, Probe, Report,
    UpstreamCircuit,
};
pub use credential::{Credential, SealedCredential};
pub use error::PersistenceError;
pub use held::{Approval, Claim, HeldRequest, HeldStatus, Notification, Release, ReleaseOutcome};
pub use id::{
    ActId, AgentId, AuditId, CredentialId, HeldRequestId, HistoryId, IdError, OperatorId,
};
pub use ledger::{
    Activity, Context, Counter, Entry, HeldLimits, Query, Recorded, Refusals, TrustRule,
};
pub use lockout::{Failures, IssuerKeys, LockoutSubject};
pub use operator::{Act, ActOutcome, Operator, OperatorRole};
pub use policy::{Policy, PolicySource, PolicyStatus, PutResult};
pub use record::{AgentHistory, AuditOutcome, AuditRecord, AuditTrail, DecisionType};
pub use score::{RiskScore, ScoreError, TrustScore};
pub use time::{TimeError, Timestamp};
