//! `ANY /proxy/<url>`: authenticate, read, decide, record, and only then forward,
//! refuse or hold.

mod circuit;
mod decide;
pub(crate) mod dry_run;
pub(crate) mod explanation;
mod forward;
pub(crate) mod headers;
mod hold;
mod mask;
mod meaning;
mod opa;
mod questions;
mod quota;
mod record;
pub(crate) mod target;

pub(crate) use decide::{Decided, holdable, unusable};
pub(crate) use forward::Unanswered;
pub(crate) use hold::{
    BODY_PATIENCE, Cleared, Exact, IDEMPOTENCY_KEY, Obstacle, Opened, Sent, Unopened,
};
pub(crate) use mask::{Piece, mask, pieces};
pub(crate) use record::{recordable, stored};

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use serde_json::json;
use vectra_decision::{Body, Decision, DecisionType};
use vectra_domain::{
    Agent, AgentId, AgentStatus, Context, Entry, HeldRequest, Origin, Query, Recorded, Timestamp,
};

use crate::auth::agent::Holder;
use crate::gateway::{Answer, Gateway, RequestId, json};
use crate::ports::{OutgoingBody, Upstream};
use crate::problem::{Kind, Refusal};
use crate::trace::{REQUEST_ID, Trace};
use crate::{BodyError, RequestBody, ResponseBody};
use circuit::Passage;
use forward::{Dispatch, Permit};
use quota::Quota;
use record::Bounds;
use target::{Target, TargetError};

/// A request that may be decided about.
struct Proxied {
    method: Method,
    target: Target,
    /// What would be forwarded.
    headers: HeaderMap,
    /// The body, if it was inspected.
    body: Vec<u8>,
    /// What was done with it.
    inspection: Body,
    /// The trace it belongs to: 32 hexadecimal digits.
    trace_id: String,
    /// What the caller or the gateway named it.
    request_id: String,
    /// When it was read: the one present of its decision and of its records.
    now: Timestamp,
}

impl Proxied {
    fn origin(&self) -> Origin {
        Origin {
            scheme: self.target.scheme.to_owned(),
            host: self.target.host.host.clone(),
            port: self.target.host.port,
        }
    }
}

/// What recording gives.
struct Receipt {
    /// Leave to forward, if the decision is an Allow.
    permit: Option<Permit>,
    /// The agent's requests in this minute, this one with them.
    requests: u32,
}

impl<U> Gateway<'_, U> {
    /// In the order of OB §4.3: path, target, token, body, agent, decision, record.
    pub(crate) fn proxy<B>(&self, head: http::request::Parts, body: B) -> Answer<U::Body>
    where
        B: RequestBody,
        U: Upstream<B>,
    {
        let target = read_target(&head.method, &head.uri)?;
        let caller = self.agent(&head.headers)?;
        let (proxied, outgoing) = self.read_request(head, body, target, &caller)?;
        let context = self.load(caller.id, &proxied)?;
        let agent = active(context.agent.as_ref())?;
        if !caller.holds(&context.access) {
            return Err(Refusal::new(Kind::MissingCredentials));
        }
        let decided = if self.is_over_quota(&context, proxied.now) {
            self.unasked(&proxied, agent, &context)
        } else {
            self.decide::<B>(&proxied, agent, &context)
        };
        // After deciding: what is denied or held stands in the audit however the origin
        // fares.
        let passage = match decided.decision.outcome {
            DecisionType::Allow => {
                Some(self.passage(proxied.origin(), context.circuit, proxied.now)?)
            }
            DecisionType::Deny | DecisionType::Hitl => None,
        };
        let bounds = self.bounds(&proxied, agent, &context, &decided, passage.as_ref())?;
        let quota = bounds.quota;
        let entry = self.entry(&proxied, agent, &context, &decided, bounds);
        let receipt = match self.record(&entry, quota)? {
            Some(receipt) => receipt,
            None => return Err(self.crowded_out(&proxied, agent, &context, &decided, quota)),
        };
        self.line.decided(&decided, &context, &entry);
        let answer = match (receipt.permit, passage) {
            (Some(permit), Some(passage)) => {
                let dispatch = Dispatch {
                    audit: &entry.audit,
                    explanation: &entry.explanation,
                    context: &context,
                    started: self.line.started().unwrap_or(proxied.now),
                    proxied,
                    outgoing,
                    passage,
                    patience: Duration::from_secs(u64::from(self.settings.proxy.upstream_timeout)),
                };
                self.forward(permit, dispatch)
            }
            _ if decided.decision.outcome == DecisionType::Hitl => {
                self.answer_held::<B>(&caller, &entry, &proxied)
            }
            _ => Err(denied(&decided.decision, &entry)),
        };
        self.stamped(answer, quota, receipt.requests)
    }

    /// What bounds the decision: the request to hold, the agent's quota, and the probe
    /// it has to be if it is let out.
    fn bounds(
        &self,
        proxied: &Proxied,
        agent: &Agent,
        context: &Context,
        decided: &Decided,
        passage: Option<&Passage>,
    ) -> Result<Bounds, Refusal> {
        let held = match decided.decision.outcome {
            DecisionType::Hitl => Some(self.hold(proxied, agent, &decided.decision)?),
            DecisionType::Allow | DecisionType::Deny => None,
        };
        let probe = passage.and_then(|passage| self.probe(passage, proxied.now));
        let quota = self.quota(context, proxied.now);
        Ok(Bounds { held, quota, probe })
    }

    /// Reads the body, after authentication and before deciding. The bytes that are
    /// inspected are the bytes that are forwarded.
    fn read_request<B: RequestBody>(
        &self,
        head: http::request::Parts,
        body: B,
        target: Target,
        caller: &Holder,
    ) -> Result<(Proxied, OutgoingBody<B>), Refusal> {
        let length = content_length(&head.headers);
        let mut headers = headers::to_upstream(&head.headers, caller.carrier, caller.id);
        let request_id = head.extensions.get::<RequestId>();
        let request_id = request_id.map_or_else(String::new, |id| id.0.clone());
        let trace_id = self.mark(&mut headers, &request_id);
        self.line.agent(caller.id, &trace_id);
        let masked = &self.settings.proxy.masked_parameters;
        self.line.target(|| mask(&target.url, masked));
        let (bytes, outgoing) = if self.inspects(&target) {
            (self.read_body(body, length)?, OutgoingBody::Empty)
        } else {
            (Vec::new(), OutgoingBody::Stream(body))
        };
        let inspection = self.inspection(&target, &headers, &bytes, length);
        let proxied = Proxied {
            method: head.method,
            target,
            headers,
            body: bytes,
            inspection,
            trace_id,
            request_id,
            now: self.ports.clock.now(),
        };
        Ok((proxied, outgoing))
    }

    /// Whether bodies for this target are read.
    fn inspects(&self, target: &Target) -> bool {
        !self.settings.proxy.uninspected.contains(&target.host)
    }

    /// What can be said of a body; of one that is not read, how long it says it is.
    fn inspection(
        &self,
        target: &Target,
        headers: &HeaderMap,
        body: &[u8],
        length: Option<u64>,
    ) -> Body {
        if self.inspects(target) {
            headers::inspect(headers, body)
        } else {
            Body::Uninspected(length.unwrap_or(0))
        }
    }

    fn read_body(&self, body: impl RequestBody, length: Option<u64>) -> Result<Vec<u8>, Refusal> {
        let limit = self.settings.proxy.max_inspected_body;
        let too_large =
            || Refusal::new(Kind::TooLarge).detail(format!("at most {limit} bytes are inspected"));
        if length.is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        body.read(limit).map_err(|error| match error {
            BodyError::TooLong(_) => too_large(),
            BodyError::Broken(_) => Refusal::new(Kind::Invalid)
                .detail("the body broke off")
                .internal(error.to_string()),
        })
    }

    fn load(&self, agent_id: AgentId, proxied: &Proxied) -> Result<Context, Refusal> {
        let query = Query {
            agent_id,
            origin: Some(proxied.origin()),
            now: proxied.now,
        };
        self.with_schema(|| self.ports.ledger.load(&query))
            .map_err(Refusal::from)
    }

    /// Records the decision; none if as many requests are held as may be. Only a recorded
    /// Allow gives a permit; nothing is ever recorded twice.
    fn record(&self, entry: &Entry, quota: Option<Quota>) -> Result<Option<Receipt>, Refusal> {
        match self.ports.ledger.record(entry) {
            Ok(Recorded::Recorded(requests)) => Ok(Some(Receipt {
                permit: Permit::recorded(entry),
                requests,
            })),
            Ok(Recorded::Limited(seconds)) => {
                let detail = format!("Rate limit exceeded. Try again in {seconds} seconds.");
                let refusal = Refusal::new(Kind::RateLimited)
                    .detail(detail)
                    .retry_after(seconds);
                Err(self.refusal_with(refusal, quota, u32::MAX))
            }
            Ok(Recorded::CircuitOpen(seconds)) => {
                let host = entry.probe.as_ref().map(|probe| probe.origin.host.as_str());
                Err(circuit::closed_to_all(host.unwrap_or_default(), seconds))
            }
            Ok(Recorded::AgentGone) => Err(inactive()),
            Ok(Recorded::TooManyHeld) => Ok(None),
            Err(error) => Err(Refusal::not_recorded(error)),
        }
    }

    /// Says in an answer what is left of the agent's quota.
    fn stamped<T>(
        &self,
        answer: Result<Response<T>, Refusal>,
        quota: Option<Quota>,
        used: u32,
    ) -> Result<Response<T>, Refusal> {
        let Some(quota) = quota else { return answer };
        match answer {
            Ok(mut response) => {
                for (name, value) in quota.fields(used, self.ports.clock.now()) {
                    response.headers_mut().append(name, value);
                }
                Ok(response)
            }
            Err(refusal) => Err(self.refusal_with(refusal, Some(quota), used)),
        }
    }

    /// Says the same in a refusal.
    fn refusal_with(&self, refusal: Refusal, quota: Option<Quota>, used: u32) -> Refusal {
        let Some(quota) = quota else { return refusal };
        let fields = quota.fields(used, self.ports.clock.now());
        fields.fold(refusal, |refusal, (name, value)| {
            refusal.header(name, value)
        })
    }

    /// Names the request and its place in its trace in what goes upstream, which is what
    /// policies see; the id of the trace.
    fn mark(&self, headers: &mut HeaderMap, request_id: &str) -> String {
        if let Ok(id) = HeaderValue::from_str(request_id) {
            headers.insert(REQUEST_ID, id);
        }
        let trace = Trace::of(headers, || self.ports.uuid().into_bytes());
        let mut parent = [0; 8];
        self.ports.random.fill(&mut parent);
        trace.pass_on(headers, parent);
        trace.id
    }
}

/// Seconds after which an agent may ask again for a held request.
pub(crate) const HELD_RETRY: u32 = 5;

fn read_target(method: &Method, uri: &http::Uri) -> Result<Target, Refusal> {
    if method == Method::CONNECT {
        // It would be sent on without the path that was decided about.
        return Err(Refusal::new(Kind::BadTarget).detail("CONNECT is not proxied"));
    }
    let text = uri.path_and_query().map_or("", |path| path.as_str());
    target::parse(text).map_err(|error| {
        let kind = if error == TargetError::TooLong {
            Kind::UrlTooLong
        } else {
            Kind::BadTarget
        };
        Refusal::new(kind).detail(error.to_string())
    })
}

fn active(agent: Option<&Agent>) -> Result<&Agent, Refusal> {
    agent
        .filter(|agent| agent.status == AgentStatus::Active)
        .ok_or_else(inactive)
}

fn inactive() -> Refusal {
    Refusal::new(Kind::Denied).detail("Agent is not active")
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// 403 with the reason, the rule and the row that records it.
fn denied(decision: &Decision, entry: &Entry) -> Refusal {
    let reason = decision
        .reason
        .clone()
        .unwrap_or_else(|| "Access denied".to_owned());
    let refusal = Refusal::new(Kind::Denied)
        .detail(reason)
        .member("stage", json!(decision.stage))
        .member("auditId", entry.audit.id.to_string());
    match &decision.rule {
        Some(rule) => refusal.member("rule", rule.clone()),
        None => refusal,
    }
}

/// 202 with the place to ask at.
fn held_answer<B>(entry: &Entry) -> Answer<B> {
    let Some(HeldRequest {
        id,
        reason,
        expires_at,
        ..
    }) = &entry.held
    else {
        return Err(Refusal::new(Kind::NotRecorded).internal("a held decision without its request"));
    };
    let expires_at: &Timestamp = expires_at;
    let body = json!({
        "id": id.to_string(),
        "status": "Pending",
        "reason": reason,
        "expiresAt": expires_at.to_string(),
        "auditId": entry.audit.id.to_string(),
    });
    let mut response: Response<ResponseBody<B>> = json(StatusCode::ACCEPTED, &body);
    let headers = response.headers_mut();
    if let Ok(location) = format!("/hitls/{id}").parse() {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::RETRY_AFTER, HELD_RETRY.into());
    Ok(response)
}
