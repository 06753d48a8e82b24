//! What the clients were answered and what the upstream saw: the truth that a database
//! is held against.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// A decision, as an answer tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Forwarded.
    Allow,
    /// Refused.
    Deny,
    /// Held for a person.
    Hitl,
}

/// A request that was answered with its decision.
#[derive(Debug, Clone)]
pub(super) struct Acknowledged {
    /// Who sent it.
    pub(super) agent: String,
    /// What was decided.
    pub(super) decision: Decision,
    /// The row that the answer names; one that was forwarded names none.
    pub(super) audit_id: Option<String>,
}

/// Everything noted about one database, over all of its runs. Requests are known by
/// their path, which no two share.
#[derive(Debug, Clone, Default)]
pub(super) struct Notes {
    /// What was answered with a decision.
    pub(super) acknowledged: HashMap<String, Acknowledged>,
    /// How often the upstream saw a path.
    pub(super) forwarded: HashMap<String, u32>,
    /// How many got another answer, by status.
    pub(super) others: BTreeMap<u16, u64>,
    /// How many got none.
    pub(super) unanswered: u64,
}

impl Notes {
    /// Adds what was noted later.
    pub(super) fn add(&mut self, later: Self) {
        self.acknowledged.extend(later.acknowledged);
        for (path, times) in later.forwarded {
            *self.forwarded.entry(path).or_default() += times;
        }
        for (status, count) in later.others {
            *self.others.entry(status).or_default() += count;
        }
        self.unanswered += later.unanswered;
    }
}

impl Decision {
    /// What a status tells; nothing if it is none of a decision.
    pub(super) fn of_status(status: u16) -> Option<Self> {
        match status {
            200 => Some(Self::Allow),
            202 => Some(Self::Hitl),
            403 => Some(Self::Deny),
            _ => None,
        }
    }

    /// As `DecisionType` has it.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Allow => "0",
            Self::Deny => "1",
            Self::Hitl => "2",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
