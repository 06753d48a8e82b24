//! What operators decide about held requests. A decision is final: whatever comes second
//! is a conflict.

use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};
use vectra_domain::repository::{Expiry, HeldStep};
use vectra_domain::{Agent, HeldRequest, HeldRequestId, HeldStatus, PersistenceError};

use super::{decided, held_id, not_found, status_at};
use crate::RequestBody;
use crate::acts::{Done, Order};
use crate::auth::operator::Identity;
use crate::fields::Fields;
use crate::gateway::{Gateway, json as answer};
use crate::outcome::FollowUp;
use crate::ports::Upstream;
use crate::problem::{Kind, Refusal};

/// Longest comment, in characters.
const MAX_COMMENT: usize = 2_000;
/// Longest digest that is read, in characters.
const MAX_DIGEST: usize = 64;

/// Why a second decision is refused, or one that comes too late.
fn conflict(status: HeldStatus) -> Refusal {
    Refusal::new(Kind::HeldDecided)
        .detail(format!("it is {status:?}"))
        .member("heldStatus", format!("{status:?}"))
}

impl<U> Gateway<'_, U> {
    /// `POST /hitls/{id}/approve`. The last approval that is needed lets the request go
    /// once this has been answered.
    pub(crate) fn approve_held<'s, B>(
        &'s self,
        by: &Identity,
        id: &str,
        headers: &HeaderMap,
        body: B,
    ) -> Result<Order<'s, U::Body>, Refusal>
    where
        B: RequestBody + 's,
        U: Upstream<B>,
    {
        let id = held_id(id)?;
        let mut fields = Fields::read_if_any(headers, body)?;
        let comment = fields.optional_lines("comment", 0..=MAX_COMMENT).given();
        let digest = fields.optional("digest", 1..=MAX_DIGEST).given();
        let detail = fields.finish()?;
        let by = by.clone();
        Ok(Order::new(Some(id.to_string()), detail, move || {
            let held = self.decidable(id)?;
            if digest.is_some_and(|digest| !digest.eq_ignore_ascii_case(&held.digest)) {
                return Err(Refusal::new(Kind::HeldChanged)
                    .detail("the digest is not the one of this request")
                    .member("heldStatus", "Pending"));
            }
            let needed = self.approve::<B>(&held, &by, comment)?;
            Ok(self.approved_answer(held, needed))
        }))
    }

    /// Adds an approval, if the request may be sent now; how many it needs.
    fn approve<B>(
        &self,
        held: &HeldRequest,
        by: &Identity,
        comment: Option<String>,
    ) -> Result<u32, Refusal>
    where
        U: Upstream<B>,
    {
        let pending = |refusal: Refusal| refusal.member("heldStatus", "Pending");
        let cleared = self
            .clear::<B>(held)
            .map_err(|obstacle| pending(obstacle.refusal()))?;
        self.may_approve(by, cleared.agent()).map_err(pending)?;
        let now = self.ports.clock.now();
        let approval = self.sealed_approval(held, by, comment, now)?;
        self.with_schema(|| self.ports.held.approve(&approval, cleared.needed))
            .map_err(|error| match error {
                PersistenceError::Conflict(_) => self.refused_approval(held.id),
                PersistenceError::NotFound => not_found(held.id),
                other => Refusal::not_saved(other),
            })?;
        Ok(cleared.needed)
    }

    /// Nobody approves what is asked for in their own name (OB §23.1).
    fn may_approve(&self, by: &Identity, agent: &Agent) -> Result<(), Refusal> {
        let owner = agent.owner_id.as_deref().map(str::to_lowercase);
        if self.settings.held.owner_may_approve || owner != Some(by.name.to_lowercase()) {
            return Ok(());
        }
        Err(Refusal::new(Kind::Denied).detail("the agent's owner may not approve its requests"))
    }

    /// Why the database refused an approval.
    fn refused_approval(&self, id: HeldRequestId) -> Refusal {
        match self.decidable(id) {
            Ok(_) => conflict(HeldStatus::Pending)
                .detail("you have approved it already; another operator must"),
            Err(refusal) => refusal,
        }
    }

    /// `POST /hitls/{id}/deny`.
    pub(crate) fn deny_held<'s, B>(
        &'s self,
        by: &Identity,
        id: &str,
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Result<Order<'s, B>, Refusal> {
        let id = held_id(id)?;
        let mut fields = Fields::read_if_any(headers, body)?;
        let comment = fields.optional_lines("comment", 0..=MAX_COMMENT).given();
        let detail = fields.finish()?;
        Ok(self.decision_order(
            id,
            detail,
            by,
            comment,
            HeldStatus::Pending,
            HeldStatus::Denied,
        ))
    }

    /// `POST /hitls/{id}/settle`: an operator has found out what became of one that is
    /// uncertain.
    pub(crate) fn settle_held<'s, B>(
        &'s self,
        by: &Identity,
        id: &str,
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Result<Order<'s, B>, Refusal> {
        let id = held_id(id)?;
        let mut fields = Fields::read(headers, body)?;
        let sent = fields.required_flag("sent");
        let comment = fields.optional_lines("comment", 0..=MAX_COMMENT).given();
        let detail = fields.finish()?;
        let to = if sent {
            HeldStatus::Released
        } else {
            HeldStatus::Denied
        };
        Ok(self.decision_order(id, detail, by, comment, HeldStatus::Uncertain, to))
    }

    /// One step, and who has made it.
    fn decision_order<'s, B>(
        &'s self,
        id: HeldRequestId,
        detail: Map<String, Value>,
        by: &Identity,
        comment: Option<String>,
        from: HeldStatus,
        to: HeldStatus,
    ) -> Order<'s, B> {
        let name = by.name.clone();
        Order::new(Some(id.to_string()), detail, move || {
            let step = HeldStep {
                id,
                from: vec![from],
                to,
                now: self.ports.clock.now(),
                expiry: match from {
                    HeldStatus::Pending => Expiry::Refuses,
                    _ => Expiry::Ignored,
                },
                decided_by: Some(name),
                comment,
            };
            let held = self
                .with_schema(|| self.ports.held.advance(&step))
                .map_err(|error| match error {
                    PersistenceError::Conflict(_) => self.refused_step(id),
                    PersistenceError::NotFound => not_found(id),
                    other => Refusal::not_saved(other),
                })?;
            let shown = decided(&held, self.ports.clock.now());
            Ok(done(held.id, &shown, FollowUp::Notify))
        })
    }

    fn refused_step(&self, id: HeldRequestId) -> Refusal {
        let now = self.ports.clock.now();
        match self.held(id) {
            Ok(held) => conflict(status_at(&held, now)),
            Err(refusal) => refusal,
        }
    }

    /// The held request, if it waits for a human.
    fn decidable(&self, id: HeldRequestId) -> Result<HeldRequest, Refusal> {
        let held = self.held(id)?;
        match status_at(&held, self.ports.clock.now()) {
            HeldStatus::Pending => Ok(held),
            status => Err(conflict(status)),
        }
    }

    /// The answer to an approval. That it was given does not depend on whether it can be
    /// shown what came of it.
    fn approved_answer<B>(&self, held: HeldRequest, needed: u32) -> Done<B> {
        let now = self.with_schema(|| self.ports.held.find(held.id));
        let now = now
            .map_err(Refusal::from)
            .and_then(|now| now.ok_or_else(|| not_found(held.id)));
        let now = now.map_err(|refusal| self.unread(held.id, &refusal)).ok();
        // A row that cannot be read now may have been approved.
        let follow_up = match now.as_ref().map(|now| now.status) {
            Some(HeldStatus::Pending) => FollowUp::Notify,
            _ => FollowUp::Release(held.id),
        };
        let now = now.unwrap_or(held);
        let shown = self.standing(&now, needed).unwrap_or_else(|refusal| {
            self.unread(now.id, &refusal);
            decided(&now, self.ports.clock.now())
        });
        done(now.id, &shown, follow_up)
    }

    fn unread(&self, id: HeldRequestId, refusal: &Refusal) {
        let why = refusal.context().unwrap_or(refusal.told());
        self.log(&format!(
            "held request {id} is changed and not shown: {why}"
        ));
    }
}

/// The answer to a change.
fn done<B>(id: HeldRequestId, shown: &Value, follow_up: FollowUp) -> Done<B> {
    let mut response = answer(StatusCode::OK, shown);
    response.extensions_mut().insert(follow_up);
    Done {
        response,
        target: id.to_string(),
    }
}
