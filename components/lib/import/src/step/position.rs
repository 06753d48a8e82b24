//! Where a step begins.

use std::fmt;
use std::str::FromStr;

/// A position, as text for whoever calls the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// At this `rowid` of the agents.
    Agents(i64),
    /// At this `rowid` of the audit.
    Audit(i64),
    /// At what is only counted.
    History,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agents(row) => write!(f, "agents {row}"),
            Self::Audit(row) => write!(f, "audit {row}"),
            Self::History => f.write_str("history"),
        }
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let row = |text: &str| text.parse().map_err(drop);
        match text.split_once(' ') {
            Some(("agents", from)) => row(from).map(Self::Agents),
            Some(("audit", from)) => row(from).map(Self::Audit),
            None if text == "history" => Ok(Self::History),
            _ => Err(()),
        }
    }
}
