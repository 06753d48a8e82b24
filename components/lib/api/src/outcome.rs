//! What becomes of forwarded requests (OB §23.22: it was never recorded).

use http::StatusCode;
use vectra_domain::{AuditId, AuditOutcome, HeldRequestId, Timestamp};

use crate::gateway::Gateway;
use crate::ports::Upstream;

/// Longest failure that is recorded, in bytes.
const MAX_FAILURE: usize = 512;

/// An upstream's answer on its way to the agent; among the extensions of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forwarded {
    pub(crate) audit_id: AuditId,
    pub(crate) started: Timestamp,
    pub(crate) status: Option<StatusCode>,
}

/// What is left to do when an answer has been sent: whoever waits for the answer does not
/// wait for it, and nobody who leaves ends it. Among the extensions of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowUp {
    /// Sends a held request that has been approved.
    Release(HeldRequestId),
    /// Tells of held requests.
    Notify,
}

impl<U> Gateway<'_, U> {
    /// Does what an answer has left to do. What fails is told in the log, and tried again
    /// by [`tick`](crate::lifecycle::tick) where it may be.
    pub fn follow_up<B>(&self, follow_up: FollowUp)
    where
        U: Upstream<B>,
    {
        match follow_up {
            FollowUp::Release(id) => self.release_held::<B>(id),
            FollowUp::Notify => {}
        }
        self.notify::<B>();
    }

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
