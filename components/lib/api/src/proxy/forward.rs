//! Sends an allowed request on and its answer back.

use std::time::Duration;

use http::{HeaderMap, Request, Response, StatusCode, Uri, header};
use vectra_decision::Body;
use vectra_domain::repository::HeldRequestRepository;
use vectra_domain::{
    AuditId, AuditTrail, Claim, Context, DecisionType, Entry, PersistenceError, Timestamp,
};

use super::Proxied;
use super::circuit::{Passage, fate};
use crate::gateway::{Answer, Gateway};
use crate::ports::{OutgoingBody, Upstream, UpstreamError};
use crate::problem::{Kind, Refusal};
use crate::{Forwarded, ResponseBody};

/// Says that an Allow is in the database. Without one nothing is forwarded, and only
/// recording makes one.
pub(super) struct Permit(());

impl Permit {
    /// The permit that a recorded entry gives: none unless it is an Allow.
    pub(super) fn recorded(entry: &Entry) -> Option<Self> {
        (entry.audit.decision_type == DecisionType::Allow).then_some(Self(()))
    }

    /// The one permit that a held request ever gives, with its record.
    ///
    /// # Errors
    /// The database's; whatever it is, there is no permit.
    pub(super) fn claim(
        held: &dyn HeldRequestRepository,
        claim: &Claim,
    ) -> Result<Self, PersistenceError> {
        held.claim(claim).map(|()| Self(()))
    }
}

/// What is to be sent, and what is known of it.
pub(super) struct Dispatch<'a, B> {
    /// The row that records that it is sent.
    pub(super) audit: &'a AuditTrail,
    /// Why it is sent: a JSON document.
    pub(super) explanation: &'a str,
    /// What the decision was made of.
    pub(super) context: &'a Context,
    pub(super) proxied: Proxied,
    pub(super) outgoing: OutgoingBody<B>,
    pub(super) passage: Passage,
    /// How long the upstream may take to begin its answer.
    pub(super) patience: Duration,
    /// From when on its duration is counted.
    pub(super) started: Timestamp,
}

/// Why there is no answer.
pub(crate) enum Unanswered {
    /// The gateway itself did not send it.
    Refused(Refusal),
    /// The upstream did not answer.
    Failed(UpstreamError),
}

impl Unanswered {
    /// What is recorded of it.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.told().to_owned(),
            Self::Failed(error) => error.to_string(),
        }
    }

    fn refusal(self, host: &str) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Failed(error) => unreachable(host, &error),
        }
    }
}

impl<U> Gateway<'_, U> {
    /// Forwards once.
    pub(super) fn forward<B>(&self, permit: Permit, dispatch: Dispatch<'_, B>) -> Answer<U::Body>
    where
        U: Upstream<B>,
    {
        let host = dispatch.proxied.target.host.host.clone();
        let (forwarded, answer) = self.dispatch(permit, dispatch);
        if let Some(status) = forwarded.status {
            self.line.upstream(status);
        }
        let answer = answer.map_err(|why| why.refusal(&host))?;
        let (head, body) = answer.into_parts();
        let mut response = Response::new(ResponseBody::Upstream(body));
        response.extensions_mut().insert(forwarded);
        *response.status_mut() = head.status;
        *response.headers_mut() = head.headers;
        Ok(response)
    }

    /// Sends once, reports how it fared, and gives what of the answer passes on. If there
    /// is none, that is recorded already.
    pub(super) fn dispatch<B>(
        &self,
        _permit: Permit,
        dispatch: Dispatch<'_, B>,
    ) -> (Forwarded, Result<Response<U::Body>, Unanswered>)
    where
        U: Upstream<B>,
    {
        let Dispatch {
            audit,
            explanation,
            context,
            proxied,
            outgoing,
            passage,
            patience,
            started,
        } = dispatch;
        let host = proxied.target.host.host.clone();
        let mut forwarded = Forwarded {
            audit_id: audit.id,
            started,
            status: None,
        };
        let sent = match self.outgoing(proxied, outgoing, context) {
            Ok(mut request) => {
                request.extensions_mut().insert(patience);
                let answer = self.ports.upstream.send(request);
                // Before the answer goes out: a client that leaves takes its guest with
                // it, and with it what has not been reported.
                let status = answer.as_ref().map(http::Response::status);
                forwarded.status = status.ok();
                if let Some(fate) = fate(status, &passage) {
                    self.report(passage, audit.agent_id, fate);
                }
                answer.map_err(Unanswered::Failed).and_then(passed_on)
            }
            Err(refusal) => Err(Unanswered::Refused(refusal)),
        };
        if let Err(why) = &sent {
            if let Unanswered::Failed(UpstreamError::Prohibited(_)) = why {
                self.take_back(audit, explanation, &host);
            }
            self.conclude(forwarded, 0, Some(&why.told()));
        }
        (forwarded, sent)
    }

    /// The request as it goes out, credentials added.
    fn outgoing<B>(
        &self,
        proxied: Proxied,
        outgoing: OutgoingBody<B>,
        context: &Context,
    ) -> Result<Request<OutgoingBody<B>>, Refusal> {
        let origin = proxied.origin();
        let mut headers = proxied.headers;
        if let Body::Uninspected(length @ 1..) = proxied.inspection {
            headers.insert(header::CONTENT_LENGTH, length.into());
        }
        self.add_credentials(&proxied.method, &mut headers, context, &origin)?;
        let body = match outgoing {
            OutgoingBody::Stream(body) => OutgoingBody::Stream(body),
            _ if proxied.body.is_empty() => OutgoingBody::Empty,
            _ => OutgoingBody::Bytes(proxied.body),
        };
        let mut request = Request::new(body);
        *request.method_mut() = proxied.method;
        *request.uri_mut() = uri(proxied.target.uri)?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// What of an answer passes on.
fn passed_on<B>(mut answer: Response<B>) -> Result<Response<B>, Unanswered> {
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        let why = "it switched protocols unasked".to_owned();
        return Err(Unanswered::Failed(UpstreamError::Unreachable(why)));
    }
    let headers: HeaderMap = super::headers::from_upstream(answer.headers());
    *answer.headers_mut() = headers;
    Ok(answer)
}

impl<U> Gateway<'_, U> {
    /// The host refused the address that an allowed name led to: the audit says so
    /// in a row of its own, since rows are never changed.
    fn take_back(&self, audit: &AuditTrail, explanation: &str, host: &str) {
        let denial = AuditTrail {
            id: AuditId::new(self.ports.uuid()),
            decision_type: DecisionType::Deny,
            reason: Some(format!(
                "Target {host} is not allowed: its address is not public"
            )),
            timestamp: self.ports.clock.now(),
            ..audit.clone()
        };
        if let Err(error) = self.ports.audit.append(&denial, explanation) {
            self.log(&format!("a refused address was not recorded: {error}"));
        }
    }
}

/// An empty path is `/` on the wire (RFC 9112 §3.2.1).
fn uri(uri: Uri) -> Result<Uri, Refusal> {
    let mut parts = uri.into_parts();
    let path = parts
        .path_and_query
        .as_ref()
        .map_or("/", |path| path.as_str());
    let whole = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    parts.path_and_query = whole.parse().ok();
    Uri::from_parts(parts).map_err(|_| Refusal::new(Kind::BadTarget))
}

fn unreachable(host: &str, error: &UpstreamError) -> Refusal {
    let refusal = match error {
        UpstreamError::Prohibited(_) => {
            Refusal::new(Kind::Denied).detail(format!("Target {host} is not allowed"))
        }
        UpstreamError::Unreachable(_) | UpstreamError::NotSent(_) => {
            Refusal::new(Kind::UpstreamUnavailable)
                .detail(format!("Upstream '{host}' is unavailable."))
        }
    };
    refusal.internal(format!("upstream {host}: {error}"))
}
