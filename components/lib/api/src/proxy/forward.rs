//! Sends an allowed request on and its answer back.

use http::{Request, Response, StatusCode, Uri};

use super::{Proxied, headers};
use crate::ResponseBody;
use crate::gateway::{Answer, Gateway};
use crate::ports::{OutgoingBody, Upstream, UpstreamError};
use crate::problem::{Kind, Refusal};

/// Says that a decision is in the database. Without one nothing is forwarded, and
/// only recording makes one.
pub(super) struct Permit(());

impl Permit {
    pub(super) const fn recorded() -> Self {
        Self(())
    }
}

impl<U> Gateway<'_, U> {
    /// Forwards once.
    pub(super) fn forward<B>(
        &self,
        _permit: Permit,
        proxied: Proxied,
        outgoing: OutgoingBody<B>,
    ) -> Answer<U::Body>
    where
        U: Upstream<B>,
    {
        let host = proxied.target.host.host.clone();
        let body = match outgoing {
            OutgoingBody::Stream(body) => OutgoingBody::Stream(body),
            _ if proxied.body.is_empty() => OutgoingBody::Empty,
            _ => OutgoingBody::Bytes(proxied.body),
        };
        let mut request = Request::new(body);
        *request.method_mut() = proxied.method;
        *request.uri_mut() = uri(proxied.target.uri)?;
        *request.headers_mut() = proxied.headers;
        let answer = self
            .ports
            .upstream
            .send(request)
            .map_err(|error| unreachable(&host, &error))?;
        let (head, body) = answer.into_parts();
        let mut response = Response::new(ResponseBody::Upstream(body));
        *response.status_mut() = head.status;
        *response.headers_mut() = headers::from_upstream(&head.headers);
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            let why = UpstreamError::Unreachable("it switched protocols unasked".to_owned());
            return Err(unreachable(&host, &why));
        }
        Ok(response)
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
