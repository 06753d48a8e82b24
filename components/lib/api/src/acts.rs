//! Acts: what operators change is noted before it is done, and completed with what came
//! of it, in one wrapper around every change (OB §23.1: nobody knew who did what).
//!
//! An act without an outcome may or may not have been done: the process ended, or the
//! database did not answer, between the two. The other order would let a change be made
//! that nobody ever learns of.

mod list;

use http::{HeaderMap, Response};
use serde_json::{Map, Value};
use vectra_domain::{Act, ActId, ActOutcome};

use crate::ResponseBody;
use crate::auth::operator::Identity;
use crate::gateway::{Answer, Gateway};
use crate::problem::Refusal;

/// A change that is asked for: read and checked, not made yet.
pub(crate) struct Order<'a, B> {
    /// What it is done to, if it exists before: an id or a name.
    pub(crate) target: Option<String>,
    /// The fields that were read, secrets masked.
    pub(crate) detail: Map<String, Value>,
    /// Makes it.
    pub(crate) work: Box<dyn FnOnce() -> Result<Done<B>, Refusal> + 'a>,
}

impl<'a, B> Order<'a, B> {
    pub(crate) fn new(
        target: Option<String>,
        detail: Map<String, Value>,
        work: impl FnOnce() -> Result<Done<B>, Refusal> + 'a,
    ) -> Self {
        Self {
            target,
            detail,
            work: Box::new(work),
        }
    }
}

/// A change that was made.
pub(crate) struct Done<B> {
    /// What is answered.
    pub(crate) response: Response<ResponseBody<B>>,
    /// What was made or changed: an id.
    pub(crate) target: String,
}

impl<U> Gateway<'_, U> {
    /// Makes a change: notes it, makes it, notes what came of it. What cannot be noted
    /// before is not done; what cannot be noted after is answered as it is.
    pub(crate) fn act<B>(
        &self,
        by: &Identity,
        action: String,
        headers: &HeaderMap,
        order: Order<'_, B>,
    ) -> Answer<B> {
        let act = Act {
            id: ActId::new(self.ports.uuid()),
            operator_id: by.id,
            operator_name: by.name.clone(),
            operator_role: by.role,
            action,
            target: order.target,
            detail: Value::Object(order.detail).to_string(),
            client_address: self.client_address(headers).map(|ip| ip.to_string()),
            timestamp: self.ports.clock.now(),
        };
        self.with_schema(|| self.ports.acts.append(&act))?;
        let (answer, target) = match (order.work)() {
            Ok(done) => (Ok(done.response), Some(done.target)),
            Err(refusal) => (Err(refusal), None),
        };
        let status = match &answer {
            Ok(response) => response.status(),
            Err(refusal) => refusal.status(),
        };
        let outcome = ActOutcome {
            status: status.as_u16(),
            target,
            timestamp: self.ports.clock.now(),
        };
        if let Err(error) = self.ports.acts.complete(act.id, &outcome) {
            let status = outcome.status;
            self.log(&format!(
                "act {} was answered with {status}, which was not noted: {error}",
                act.id
            ));
        }
        answer
    }
}
