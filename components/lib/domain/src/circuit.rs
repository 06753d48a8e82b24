//! Circuits: whether upstreams are worth a try.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AgentId, Timestamp};

/// Where a request is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// `http` or `https`.
    pub scheme: String,
    /// Lower case.
    pub host: String,
    /// The scheme's own if none was written.
    pub port: u16,
}

/// `scheme://host:port`, always with the port; an IPv6 address in brackets.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port } = self;
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}")
        } else {
            write!(f, "{scheme}://{host}:{port}")
        }
    }
}

/// Whether requests to an origin may pass; stored as its integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CircuitState {
    /// All pass; 0.
    Closed,
    /// None passes; 1.
    Open,
    /// One passes, under a lease; 2.
    HalfOpen,
}

impl CircuitState {
    /// The stored integer.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Closed => 0,
            Self::Open => 1,
            Self::HalfOpen => 2,
        }
    }

    /// Reads the stored integer.
    #[must_use]
    pub const fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::Closed),
            1 => Some(Self::Open),
            2 => Some(Self::HalfOpen),
            _ => None,
        }
    }
}

/// How the two circuits stand that a request to an origin passes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circuit {
    /// The stricter one's state.
    pub state: CircuitState,
    /// When a probe may pass (open) or the present one's lease ends (half-open).
    pub opens_at: Option<Timestamp>,
}

/// A request that wants to try whether an origin answers again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The origin.
    pub origin: Origin,
    /// Until when nobody else may try, should this one never report.
    pub lease_until: Timestamp,
    /// Until when the claimer itself may not try again, if it took the probe for all;
    /// not before `lease_until`.
    pub own_until: Timestamp,
}

/// When circuits open, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitRule {
    /// Failures that open one, 1 to 1,000.
    pub threshold: u32,
    /// How far back failures count, in seconds.
    pub window: u32,
    /// How long it stays open before a probe may pass, in seconds; for the agent that
    /// failed with the probe for all its own stays open twice as long.
    pub open: u32,
}

impl CircuitRule {
    /// For how many failures one agent counts in the circuit for all: half the
    /// threshold, rounded up.
    #[must_use]
    pub const fn share(self) -> u32 {
        self.threshold.div_ceil(2)
    }
}

/// How a request fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The origin answered below 500.
    Answered,
    /// It answered 500 or above, too late, or not at all.
    Failed,
}

/// What a request was to its circuits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// One of many.
    Ordinary,
    /// The probe.
    Probe,
}

/// How a request fared, for its circuits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Where it went.
    pub origin: Origin,
    /// Who made it.
    pub agent_id: AgentId,
    /// How it fared.
    pub fate: Fate,
    /// What it was to the circuits.
    pub errand: Errand,
    /// When that was known.
    pub now: Timestamp,
}

/// A circuit that has a failure to its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamCircuit {
    /// The origin, as `https://api.example.com:443`.
    pub origin: String,
    /// Whose it is; none for all.
    pub agent_id: Option<AgentId>,
    /// Its state.
    pub state: CircuitState,
    /// Failures that count; 0 for the one for all, which adds up the agents'.
    pub failures: u32,
    /// When a probe may pass, or the present one's lease ends.
    pub opens_at: Option<Timestamp>,
    /// When it changed last.
    pub changed_at: Timestamp,
}

/// A change of a circuit's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CircuitChange {
    /// Numbers changes in the order they were made.
    pub number: u64,
    /// The origin.
    pub origin: String,
    /// Whose circuit; none for all.
    pub agent_id: Option<AgentId>,
    /// The state before.
    pub before: CircuitState,
    /// The state after.
    pub after: CircuitState,
    /// When.
    pub timestamp: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_always_shows_its_port_and_an_ipv6_address_its_brackets() {
        for (host, expected) in [
            ("api.example.com", "https://api.example.com:443"),
            ("192.0.2.1", "https://192.0.2.1:443"),
            ("2001:db8::1", "https://[2001:db8::1]:443"),
        ] {
            let (scheme, host) = ("https".to_owned(), host.to_owned());
            let origin = Origin {
                scheme,
                host,
                port: 443,
            };
            assert_eq!(origin.to_string(), expected);
        }
    }
}
