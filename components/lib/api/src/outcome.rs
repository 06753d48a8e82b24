//! What becomes of forwarded requests (OB §23.22: it was never recorded).

use http::StatusCode;
use vectra_domain::{AuditId, AuditOutcome, Timestamp};

use crate::gateway::Gateway;

/// Longest failure that is recorded, in bytes.
const MAX_FAILURE: usize = 512;

/// An upstream's answer on its way to the agent; among the extensions of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forwarded {
    pub(crate) audit_id: AuditId,
    pub(crate) started: Timestamp,
    pub(crate) status: Option<StatusCode>,
}

impl<U> Gateway<'_, U> {
    /// Records what became of a request, once its answer has been passed on or has broken
    /// off: the bytes of the body that were passed on, and why it ended early if it did. A
    /// failure to record it is told in the log; the request has been answered already.
    pub fn conclude(&self, forwarded: Forwarded, response_bytes: u64, failure: Option<&str>) {
        if !self.settings.record_outcomes {
            return;
        }
        let now = self.ports.clock.now();
        let duration = now.micros().saturating_sub(forwarded.started.micros());
        let outcome = AuditOutcome {
            status: forwarded.status.map(|status| status.as_u16()),
            response_bytes,
            duration: u64::try_from(duration).unwrap_or(0),
            failure: failure.map(recordable),
            completed_at: now,
        };
        if let Err(error) = self.ports.audit.complete(forwarded.audit_id, &outcome) {
            let id = forwarded.audit_id;
            self.log(&format!("the outcome of {id} was not recorded: {error}"));
        }
    }
}

/// A text the database can hold.
fn recordable(failure: &str) -> String {
    let end = failure.floor_char_boundary(MAX_FAILURE);
    let text = failure.get(..end).unwrap_or_default();
    text.replace('\0', "\u{fffd}")
}
