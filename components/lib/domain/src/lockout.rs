//! Whose failures to get a token are counted, and the keys of external issuers.

use crate::{AgentId, Timestamp};

/// Whose failures are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockoutSubject {
    /// An agent that exists, at one address.
    Agent {
        /// The agent.
        id: AgentId,
        /// The address, written as below; none if it is not known.
        address: Option<String>,
    },
    /// Where requests come from: an IPv4 address or the first 64 bits of an IPv6 one.
    Address(String),
}

impl LockoutSubject {
    /// An agent, asked for from an address that is not known.
    #[must_use]
    pub const fn agent(id: AgentId) -> Self {
        Self::Agent { id, address: None }
    }
}

/// How often a subject failed in a row, and when last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// Failures without a success between them.
    pub count: u32,
    /// The last one.
    pub last: Timestamp,
}

/// The keys of an external issuer of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerKeys {
    /// A JWK Set (RFC 7517 §5), public keys only.
    pub jwks: String,
    /// When they were fetched.
    pub fetched_at: Timestamp,
}
