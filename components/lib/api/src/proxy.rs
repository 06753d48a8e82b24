//! `ANY /proxy/<url>`: authenticate, read, decide, record, and only then forward,
//! refuse or hold.

mod circuit;
mod decide;
mod explanation;
mod forward;
mod headers;
mod hold;
mod mask;
mod quota;
mod record;
pub(crate) mod target;

use http::{HeaderMap, Method, Response, StatusCode, header};
use serde_json::json;
use vectra_decision::{Body, Decision, DecisionType};
use vectra_domain::{
    Agent, AgentId, AgentStatus, Context, Entry, HeldRequest, Origin, Query, Recorded, Timestamp,
};

use crate::auth::agent::Holder;
use crate::gateway::{Answer, Gateway, json};
use crate::ports::{OutgoingBody, Upstream};
use crate::problem::{Kind, Refusal};
use crate::{BodyError, RequestBody, ResponseBody};
use circuit::Passage;
use decide::Decided;
use forward::Permit;
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
        if head.method == Method::CONNECT {
            // It would be sent on without the path that was decided about.
            return Err(Refusal::new(Kind::BadTarget).detail("CONNECT is not proxied"));
        }
        let target = read_target(&head.uri)?;
        let caller = self.agent(&head.headers)?;
        let (proxied, outgoing) = self.read_request(head, body, target, &caller)?;
        let context = self.load(caller.id, &proxied)?;
        let agent = active(context.agent.as_ref())?;
        if !caller.holds(&context.access) {
            return Err(Refusal::new(Kind::MissingCredentials));
        }
        let decided = self.decide(&proxied, agent, &context);
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
        let receipt = self.record(&entry, quota)?;
        let answer = match (receipt.permit, passage) {
            (Some(permit), Some(passage)) => {
                self.forward(permit, &entry, proxied, outgoing, passage)
            }
            _ if decided.decision.outcome == DecisionType::Hitl => held_answer(&entry),
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
        let trace_id = self.trace_id(&head.headers);
        let length = content_length(&head.headers);
        let headers = headers::to_upstream(&head.headers, caller.carrier, caller.id);
        let (bytes, inspection, outgoing) =
            if self.settings.proxy.uninspected.contains(&target.host) {
                let inspection = Body::Uninspected(length.unwrap_or(0));
                (Vec::new(), inspection, OutgoingBody::Stream(body))
            } else {
                let bytes = self.read_body(body, length)?;
                let inspection = headers::inspect(&headers, &bytes);
                (bytes, inspection, OutgoingBody::Empty)
            };
        let proxied = Proxied {
            method: head.method,
            target,
            headers,
            body: bytes,
            inspection,
            trace_id,
            now: self.ports.clock.now(),
        };
        Ok((proxied, outgoing))
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

    /// Records the decision. Only a recorded Allow gives a permit; nothing is ever
    /// recorded twice.
    fn record(&self, entry: &Entry, quota: Option<Quota>) -> Result<Receipt, Refusal> {
        match self.ports.ledger.record(entry) {
            Ok(Recorded::Recorded(requests)) => Ok(Receipt {
                permit: Permit::recorded(entry),
                requests,
            }),
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
            Ok(Recorded::TooManyHeld) => {
                let detail = "as many requests wait for a human as may";
                Err(Refusal::new(Kind::TooManyHeld)
                    .detail(detail)
                    .retry_after(HELD_RETRY))
            }
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

    /// The trace id of `traceparent` (W3C Trace Context), or a new one.
    fn trace_id(&self, headers: &HeaderMap) -> String {
        let given = headers
            .get("traceparent")
            .and_then(|value| value.to_str().ok());
        let valid = |id: &&str| {
            id.len() == 32
                && id
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
                && id.bytes().any(|byte| byte != b'0')
        };
        match given.and_then(|text| text.split('-').nth(1)).filter(valid) {
            Some(id) => id.to_owned(),
            None => self.ports.uuid().as_simple().to_string(),
        }
    }
}

/// Seconds after which an agent may ask again for a held request.
const HELD_RETRY: u32 = 5;

fn read_target(uri: &http::Uri) -> Result<Target, Refusal> {
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
