//! `GET /hitls/{id}/response`: what the upstream answered, exactly, for the agent whose
//! request was held.

use http::{HeaderMap, Method, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use vectra_domain::{AgentId, HeldRequest, HeldStatus, ReleaseOutcome};

use super::{held_id, status_at};
use crate::ResponseBody;
use crate::framed::{self, Field};
use crate::gateway::{Answer, Gateway};
use crate::problem::{Kind, Refusal};
use crate::proxy::HELD_RETRY;
use crate::sealing::{SealError, Sealed};

/// An upstream's answer.
pub(super) struct Kept {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What is sealed in front of its body.
#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<Field>,
}

impl Kept {
    fn framed(&self) -> Vec<u8> {
        let head = Head {
            status: self.status.as_u16(),
            headers: framed::fields(&self.headers),
        };
        framed::join(&head, &self.body)
    }

    fn read(framed: &[u8]) -> Option<Self> {
        let (head, body) = framed::split::<Head>(framed)?;
        Some(Self {
            status: StatusCode::from_u16(head.status).ok()?,
            headers: framed::headers(&head.headers)?,
            body: body.to_vec(),
        })
    }

    /// As an answer to `asked` about a request that was made with `method`.
    fn response<B>(self, method: &str, asked: &Method) -> Response<ResponseBody<B>> {
        let was_head = method == Method::HEAD.as_str();
        let bodiless = was_head
            || self.status == StatusCode::NO_CONTENT
            || self.status == StatusCode::NOT_MODIFIED;
        let mut response = Response::new(if bodiless {
            ResponseBody::Empty
        } else {
            ResponseBody::Bytes(self.body)
        });
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if was_head && *asked != Method::HEAD {
            // It tells how long a body is that there is none of here.
            response.headers_mut().remove(header::CONTENT_LENGTH);
        }
        response
    }
}

/// What the ciphertext of an answer is bound to: it is for this agent, and to this request
/// exactly.
fn associated(held: &HeldRequest) -> Vec<u8> {
    let HeldRequest {
        id,
        agent_id,
        digest,
        ..
    } = held;
    format!("vectra-held-2:{id}:{agent_id}:{digest}:response").into_bytes()
}

impl<U> Gateway<'_, U> {
    /// An answer as it is kept.
    pub(super) fn sealed_answer(
        &self,
        held: &HeldRequest,
        kept: &Kept,
    ) -> Result<Sealed, SealError> {
        self.seal(&kept.framed(), &associated(held))
    }

    /// `GET /hitls/{id}/response`.
    pub(crate) fn held_response<B>(&self, agent: AgentId, id: &str) -> Answer<B> {
        let held = self.held_of(held_id(id)?, agent)?;
        self.settled_answer(&held, &Method::GET)
    }

    /// What the agent gets for a held request: the upstream's answer, or why there is
    /// none. `asked` is how it asks.
    pub(crate) fn settled_answer<B>(&self, held: &HeldRequest, asked: &Method) -> Answer<B> {
        let status = status_at(held, self.ports.clock.now());
        let refusal = |kind| Refusal::new(kind).member("heldStatus", format!("{status:?}"));
        match status {
            HeldStatus::Pending | HeldStatus::Approved | HeldStatus::Releasing => {
                Err(refusal(Kind::HeldUndecided).retry_after(HELD_RETRY))
            }
            HeldStatus::Denied => Err(refusal(Kind::Denied).detail("the request was not approved")),
            HeldStatus::Expired => Err(refusal(Kind::HeldExpired)),
            HeldStatus::Uncertain => Err(refusal(Kind::HeldUncertain).detail(
                "nobody knows whether the upstream has it; it is not sent again by itself",
            )),
            HeldStatus::Released => {
                let release = self.with_schema(|| self.ports.held.find_release(held.id))?;
                let outcome = release.and_then(|release| release.outcome);
                let kept = self.kept_answer(held, outcome.as_ref())?;
                match (kept, outcome) {
                    (Some(kept), _) => Ok(kept.response(&held.method, asked)),
                    (None, outcome) => Err(no_answer(refusal(Kind::NoAnswerKept), outcome)),
                }
            }
        }
    }

    /// The answer that was kept, if one was.
    fn kept_answer(
        &self,
        held: &HeldRequest,
        outcome: Option<&ReleaseOutcome>,
    ) -> Result<Option<Kept>, Refusal> {
        let Some(outcome) = outcome.filter(|outcome| !outcome.sealed.is_empty()) else {
            return Ok(None);
        };
        let unread = |why: &str| {
            Refusal::new(Kind::NoAnswerKept)
                .detail("the answer that was kept cannot be read")
                .internal(format!("the answer to held request {}: {why}", held.id))
        };
        let plain = self
            .data_keys()
            .and_then(|keys| keys.open(&outcome.key_id, &outcome.sealed, &associated(held)))
            .map_err(|error| unread(&error.to_string()))?;
        let kept = Kept::read(&plain).ok_or_else(|| unread("it is not in the form of one"))?;
        Ok(Some(kept))
    }
}

/// Why there is no answer to a request that is settled.
fn no_answer(refusal: Refusal, outcome: Option<ReleaseOutcome>) -> Refusal {
    let Some(outcome) = outcome else {
        return refusal.detail("it was sent, and nobody knows what was answered");
    };
    let why = outcome.failure.as_deref();
    let refusal = refusal.detail(why.unwrap_or("no answer was kept"));
    match outcome.status {
        Some(status) => refusal.member("upstreamStatus", status),
        None => refusal,
    }
}
