//! What governs an agent's access beside the seed's columns.

use crate::{AgentId, Timestamp};

/// Limits and credentials of an agent that the seed has no columns for.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct AgentAccess {
    /// Requests it may make in an aligned minute; none for the configured default.
    pub requests_per_minute: Option<u32>,
    /// Its tokens from before this time are not accepted any more.
    pub tokens_not_before: Option<Timestamp>,
    /// bcrypt hash of the secret that was replaced last.
    pub former_secret_hash: Option<String>,
    /// Until when that secret still gets tokens.
    pub former_secret_until: Option<Timestamp>,
}

/// Leaves the secret's hash out, so that no log gets it.
impl std::fmt::Debug for AgentAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentAccess")
            .field("requests_per_minute", &self.requests_per_minute)
            .field("tokens_not_before", &self.tokens_not_before)
            .finish_non_exhaustive()
    }
}

/// A new client secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The agent.
    pub agent_id: AgentId,
    /// bcrypt hash of the new secret.
    pub client_secret_hash: String,
    /// Until when the present one still gets tokens; none ends it, and every token that
    /// is out, at once.
    pub former_until: Option<Timestamp>,
    /// When the change is made.
    pub now: Timestamp,
}
