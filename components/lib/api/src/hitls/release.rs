//! Sends approved requests, once, and keeps what came of it for the agent.

use std::time::Duration;

use http::Response;
use vectra_domain::repository::{Expiry, HeldStep};
use vectra_domain::{HeldRequest, HeldRequestId, HeldStatus, PersistenceError, ReleaseOutcome};

use super::response::Kept;
use crate::auth::operator::GATEWAY;
use crate::gateway::Gateway;
use crate::ports::{Upstream, UpstreamError};
use crate::problem::{Kind, Refusal};
use crate::proxy::{BODY_PATIENCE, Cleared, Obstacle, Sent, Unanswered, recordable};
use crate::sealing::Sealed;

/// How often it is tried to write down what came of sending, and half the first pause; each
/// pause is twice the one before.
const ATTEMPTS: u32 = 6;
const PAUSE: Duration = Duration::from_millis(250);

impl<U> Gateway<'_, U> {
    /// Sends an approved request. Any other is left alone; so is one that another gateway
    /// is faster with.
    pub(crate) fn release_held<B>(&self, id: HeldRequestId)
    where
        U: Upstream<B>,
    {
        if let Err(why) = self.release::<B>(id) {
            self.log(&format!("held request {id} is not released: {why}"));
        }
    }

    fn release<B>(&self, id: HeldRequestId) -> Result<(), String>
    where
        U: Upstream<B>,
    {
        let held = self.held(id).map_err(Obstacle::Passing);
        let held = held.map_err(|obstacle| obstacle.to_string())?;
        if super::status_at(&held, self.ports.clock.now()) != HeldStatus::Approved {
            return Ok(());
        }
        let (cleared, approvers) = match self.approved::<B>(&held) {
            Ok(cleared) => cleared,
            Err(obstacle) => return self.stop(&held, obstacle),
        };
        let names: Vec<&str> = approvers.iter().map(String::as_str).collect();
        match self.send_held::<B>(&held, cleared, &names) {
            Ok(sent) => self.keep::<B>(&held, sent),
            // It is another gateway's, or was sent before.
            Err(PersistenceError::Conflict(_) | PersistenceError::NotFound) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// What is cleared to be sent, and by whose approval. Only approvals that the gateway
    /// has sealed, of those who are operators now, count, whatever the state of the row says.
    fn approved<B>(&self, held: &HeldRequest) -> Result<(Cleared, Vec<String>), Obstacle>
    where
        U: Upstream<B>,
    {
        let keys = self.data_keys().map_err(Refusal::from)?;
        let mut approvals = self.approvals(held, Some(&keys))?;
        // Made by a gateway that has the new key already, or with one that may come back.
        let unknown = approvals
            .iter()
            .any(|(word, _)| keys.lacks_key_of(&word.seal));
        approvals.retain(|(_, counts)| *counts);
        let count = approvals.len();
        let enough = |needed| u32::try_from(count).is_ok_and(|count| count >= needed);
        let missing = || {
            if unknown {
                let why = "an approval is sealed with a key that `data_key` does not hold";
                return Err(Refusal::new(Kind::Undecidable).detail(why).into());
            }
            let why = "it has not been approved by as many operators as it needs".to_owned();
            Err(Obstacle::Lasting(Kind::Denied, why))
        };
        if !enough(1) {
            return missing();
        }
        let cleared = self.clear::<B>(held)?;
        if !enough(cleared.needed) {
            return missing();
        }
        let names = approvals.into_iter();
        Ok((cleared, names.map(|(word, _)| word.operator_name).collect()))
    }

    /// Denies what may never be sent. What may later stays approved.
    fn stop(&self, held: &HeldRequest, obstacle: Obstacle) -> Result<(), String> {
        let why = match obstacle {
            Obstacle::Lasting(_, why) => why,
            Obstacle::Passing(_) => return Err(obstacle.to_string()),
        };
        let step = HeldStep {
            id: held.id,
            from: vec![HeldStatus::Approved],
            to: HeldStatus::Denied,
            now: self.ports.clock.now(),
            expiry: Expiry::Ignored,
            decided_by: Some(GATEWAY.to_owned()),
            comment: Some(recordable(&why)),
        };
        self.log(&format!("held request {} is denied: {why}", held.id));
        match self.with_schema(|| self.ports.held.advance(&step)) {
            Ok(_) | Err(PersistenceError::Conflict(_) | PersistenceError::NotFound) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Keeps what came of sending.
    fn keep<B>(&self, held: &HeldRequest, (forwarded, answer): Sent<U::Body>) -> Result<(), String>
    where
        U: Upstream<B>,
    {
        let status = forwarded.status.map(|status| status.as_u16());
        let (to, sealed, failure) = match answer {
            Ok(answer) => {
                let kept = self.read_answer::<B>(answer);
                let bytes = kept.as_ref().map_or(0, |kept| kept.body.len());
                let failure = kept.as_ref().err().map(String::as_str);
                self.conclude(forwarded, u64::try_from(bytes).unwrap_or(u64::MAX), failure);
                let sealed =
                    kept.and_then(|kept| self.sealed_answer(held, &kept).map_err(not_kept));
                let (sealed, failure) = match sealed {
                    Ok(sealed) => (sealed, None),
                    Err(why) => (nothing(), Some(why)),
                };
                (HeldStatus::Released, sealed, failure)
            }
            // Some answer is one, also if none of it passes on.
            Err(why) if status.is_some() || why.is_certain() => {
                (HeldStatus::Released, nothing(), Some(why.told()))
            }
            Err(why) => (HeldStatus::Uncertain, nothing(), Some(why.told())),
        };
        let Sealed { key_id, bytes } = sealed;
        let outcome = ReleaseOutcome {
            finished_at: self.ports.clock.now(),
            status,
            failure: failure.as_deref().map(recordable),
            key_id,
            sealed: bytes,
        };
        self.finish(held.id, to, outcome)
    }

    /// Reads an answer to the end.
    fn read_answer<B>(&self, answer: Response<U::Body>) -> Result<Kept, String>
    where
        U: Upstream<B>,
    {
        let (head, body) = answer.into_parts();
        let limit = self.settings.held.max_response;
        match self.ports.upstream.read(body, limit, BODY_PATIENCE) {
            Ok(body) => Ok(Kept {
                status: head.status,
                headers: head.headers,
                body,
            }),
            Err(
                UpstreamError::Prohibited(why)
                | UpstreamError::NotSent(why)
                | UpstreamError::Unreachable(why),
            ) => Err(not_kept(why)),
        }
    }

    /// Writes down what came of sending. Should the answer be what the database does not
    /// take, at least that it was sent.
    fn finish(
        &self,
        id: HeldRequestId,
        to: HeldStatus,
        mut outcome: ReleaseOutcome,
    ) -> Result<(), String> {
        let mut failed = String::new();
        for attempt in 1..=ATTEMPTS {
            match self.ports.held.finish(id, to, &outcome) {
                // A conflict: it was written down by an attempt that seemed to fail.
                Ok(()) | Err(PersistenceError::Conflict(_)) => return Ok(()),
                Err(error) => failed = error.to_string(),
            }
            if attempt + 1 == ATTEMPTS {
                let Sealed { key_id, bytes } = nothing();
                outcome.key_id = key_id;
                outcome.sealed = bytes;
                let why = || "its answer could not be kept".to_owned();
                outcome.failure.get_or_insert_with(why);
            }
            // A database that moves to another server needs some seconds.
            if attempt < ATTEMPTS {
                self.ports.clock.sleep(PAUSE.saturating_mul(1 << attempt));
            }
        }
        Err(format!("what came of it is not known: {failed}"))
    }
}

impl Unanswered {
    /// Whether it is certain that nothing was sent.
    const fn is_certain(&self) -> bool {
        match self {
            Self::Refused(_)
            | Self::Failed(UpstreamError::Prohibited(_) | UpstreamError::NotSent(_)) => true,
            Self::Failed(UpstreamError::Unreachable(_)) => false,
        }
    }
}

fn not_kept(why: impl std::fmt::Display) -> String {
    format!("its answer was not kept: {why}")
}

/// There is no answer.
fn nothing() -> Sealed {
    Sealed {
        key_id: String::new(),
        bytes: Vec::new(),
    }
}
