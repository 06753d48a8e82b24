//! Reads a stretch of the audit in steps, oldest first: hosts bound what one read gives,
//! and explanations may be large.

use vectra_domain::repository::AuditRange;
use vectra_domain::{AuditTrail, PersistenceError};

use crate::gateway::Gateway;
use crate::problem::Refusal;

/// Rows that are read at once.
const STEP: u32 = 50;
/// By how much a step becomes smaller when a host does not give its result.
const SMALLER: u32 = 7;

/// A row with its explanation.
pub(crate) type Explained = (AuditTrail, String);

/// How far it is read.
pub(crate) struct Walk {
    range: AuditRange,
    step: u32,
    has_ended: bool,
}

impl Walk {
    /// From the beginning of what is asked for; its limit does not matter.
    pub(crate) const fn along(range: AuditRange) -> Self {
        Self {
            range,
            step: STEP,
            has_ended: false,
        }
    }

    /// Whether there is no further row.
    pub(crate) const fn has_ended(&self) -> bool {
        self.has_ended
    }
}

impl<U> Gateway<'_, U> {
    /// The next rows, at most so many. A read that fails may have asked for too much,
    /// which hosts say each in its own way: it is tried again with less.
    pub(crate) fn step(&self, walk: &mut Walk, most: u32) -> Result<Vec<Explained>, Refusal> {
        loop {
            walk.range.limit = most.clamp(1, walk.step);
            let rows = match self.with_schema(|| self.ports.audit.range(&walk.range)) {
                Err(PersistenceError::Other(_) | PersistenceError::Uncertain(_))
                    if walk.range.limit > 1 =>
                {
                    walk.step = (walk.range.limit / SMALLER).max(1);
                    continue;
                }
                other => other?,
            };
            let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            walk.has_ended = count < walk.range.limit;
            if let Some((last, _)) = rows.last() {
                walk.range.after = Some((last.timestamp, last.id));
            }
            return Ok(rows);
        }
    }
}
