//! Sends an allowed request on and its answer back.

use std::time::Duration;

use http::{Request, Response, StatusCode, Uri, header};
use vectra_decision::Body;
use vectra_domain::{AuditId, AuditTrail, DecisionType, Entry};

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
}

impl<U> Gateway<'_, U> {
    /// Forwards once.
    pub(super) fn forward<B>(
        &self,
        _permit: Permit,
        entry: &Entry,
        proxied: Proxied,
        outgoing: OutgoingBody<B>,
        passage: Passage,
    ) -> Answer<U::Body>
    where
        U: Upstream<B>,
    {
        let host = proxied.target.host.host.clone();
        let mut headers = proxied.headers;
        if let Body::Uninspected(length @ 1..) = proxied.inspection {
            headers.insert(header::CONTENT_LENGTH, length.into());
        }
        let body = match outgoing {
            OutgoingBody::Stream(body) => OutgoingBody::Stream(body),
            _ if proxied.body.is_empty() => OutgoingBody::Empty,
            _ => OutgoingBody::Bytes(proxied.body),
        };
        let mut request = Request::new(body);
        *request.method_mut() = proxied.method;
        *request.uri_mut() = uri(proxied.target.uri)?;
        *request.headers_mut() = headers;
        let patience = Duration::from_secs(u64::from(self.settings.proxy.upstream_timeout));
        request.extensions_mut().insert(patience);
        let answer = self.ports.upstream.send(request);
        // Before the answer goes out: a client that leaves takes its guest with it, and
        // with it what has not been reported.
        let status = answer.as_ref().map(http::Response::status);
        let forwarded = Forwarded {
            audit_id: entry.audit.id,
            started: self.line.started().unwrap_or(proxied.now),
            status: status.ok(),
        };
        if let Ok(status) = status {
            self.line.upstream(status);
        }
        if let Some(fate) = fate(status, &passage) {
            self.report(passage, entry.audit.agent_id, fate);
        }
        let answer = answer.map_err(|error| {
            if let UpstreamError::Prohibited(_) = &error {
                self.take_back(entry, &host);
            }
            self.conclude(forwarded, 0, Some(&error.to_string()));
            unreachable(&host, &error)
        })?;
        let (head, body) = answer.into_parts();
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            let why = UpstreamError::Unreachable("it switched protocols unasked".to_owned());
            self.conclude(forwarded, 0, Some(&why.to_string()));
            return Err(unreachable(&host, &why));
        }
        let mut response = Response::new(ResponseBody::Upstream(body));
        response.extensions_mut().insert(forwarded);
        *response.status_mut() = head.status;
        *response.headers_mut() = super::headers::from_upstream(&head.headers);
        Ok(response)
    }
}

impl<U> Gateway<'_, U> {
    /// The host refused the address that an allowed name led to: the audit says so
    /// in a row of its own, since rows are never changed.
    fn take_back(&self, entry: &Entry, host: &str) {
        let denial = AuditTrail {
            id: AuditId::new(self.ports.uuid()),
            decision_type: DecisionType::Deny,
            reason: Some(format!(
                "Target {host} is not allowed: its address is not public"
            )),
            timestamp: self.ports.clock.now(),
            ..entry.audit.clone()
        };
        if let Err(error) = self.ports.audit.append(&denial, &entry.explanation) {
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
        UpstreamError::Unreachable(_) => Refusal::new(Kind::UpstreamUnavailable)
            .detail(format!("Upstream '{host}' is unavailable.")),
    };
    refusal.internal(format!("upstream {host}: {error}"))
}
