//! Which header fields pass, and what can be said of a body.

use http::{HeaderMap, HeaderName, header};
use vectra_decision::Body;

use super::mask::is_json;
use crate::auth::{Carrier, VECTRA_AUTHORIZATION};

/// Fields that belong to one connection (RFC 9110 §7.6.1) or to the message's
/// framing, which is made anew.
const HOP_BY_HOP: [HeaderName; 12] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::CONTENT_LENGTH,
    HeaderName::from_static("http2-settings"),
    header::EXPECT,
];

/// Whether a field stays behind. Also those named in `Connection`, where the host
/// shows that field at all.
fn stays(name: &HeaderName, headers: &HeaderMap) -> bool {
    HOP_BY_HOP.contains(name)
        || headers
            .get_all(header::CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|named| named.trim().eq_ignore_ascii_case(name.as_str()))
}

/// What the upstream gets of the agent's header fields.
pub(super) fn to_upstream(headers: &HeaderMap, carrier: Carrier) -> HeaderMap {
    let mut passed = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let ours = *name == VECTRA_AUTHORIZATION
            || (carrier == Carrier::Authorization && *name == header::AUTHORIZATION)
            || *name == header::HOST
            || name.as_str().starts_with("spin-");
        if !ours && !stays(name, headers) {
            passed.append(name, value.clone());
        }
    }
    passed
}

/// What the agent gets of the upstream's header fields. Content-Length passes,
/// since the body does as it is.
pub(super) fn from_upstream(headers: &HeaderMap) -> HeaderMap {
    let mut passed = HeaderMap::with_capacity(headers.len() + 1);
    for (name, value) in headers {
        if *name == header::CONTENT_LENGTH || !stays(name, headers) {
            passed.append(name, value.clone());
        }
    }
    passed
}

/// What can be said of a body that was read. Encoded bodies, and JSON or text that
/// is not UTF-8, cannot be understood; other types are taken as bytes.
pub(super) fn inspect(headers: &HeaderMap, body: &[u8]) -> Body {
    if body.is_empty() {
        return Body::None;
    }
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    if encodings.any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Body::Undecodable("The body is encoded and cannot be inspected".to_owned());
    }
    if (is_json(headers) || is_text(headers)) && std::str::from_utf8(body).is_err() {
        return Body::Undecodable("The body is not UTF-8 and cannot be inspected".to_owned());
    }
    Body::Inspected(body.len() as u64)
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| {
        let kind = kind.to_ascii_lowercase();
        let unicode = !kind.contains("charset=") || kind.contains("utf-8");
        kind.starts_with("text/") && unicode
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        headers
    }

    #[test]
    fn the_token_and_connection_fields_stay_behind() {
        let sent = headers(&[
            ("authorization", "Bearer t"),
            ("vectra-authorization", "Bearer t"),
            ("connection", "close, X-Secret"),
            ("x-secret", "1"),
            ("te", "trailers"),
            ("host", "gateway"),
            ("spin-client-addr", "1.2.3.4"),
            ("accept", "a"),
            ("accept", "b"),
        ]);
        let passed = to_upstream(&sent, Carrier::Authorization);
        assert_eq!(
            passed.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            ["accept"]
        );
        assert_eq!(passed.get_all("accept").iter().count(), 2);
    }

    #[test]
    fn the_agents_own_authorization_passes_beside_ours() {
        let sent = headers(&[
            ("authorization", "Basic x"),
            ("vectra-authorization", "Bearer t"),
        ]);
        let passed = to_upstream(&sent, Carrier::Vectra);
        assert_eq!(passed.get("authorization").unwrap(), "Basic x");
    }

    #[test]
    fn says_of_a_body_what_can_be_said() {
        let json = headers(&[("content-type", "application/json")]);
        let gzip = headers(&[("content-encoding", "gzip")]);
        let image = headers(&[("content-type", "image/png")]);
        assert_eq!(inspect(&json, b""), Body::None);
        assert_eq!(inspect(&json, b"{}"), Body::Inspected(2));
        assert!(matches!(inspect(&json, b"\xff"), Body::Undecodable(_)));
        assert!(matches!(inspect(&gzip, b"x"), Body::Undecodable(_)));
        assert_eq!(inspect(&image, b"\xff"), Body::Inspected(1));
    }
}
