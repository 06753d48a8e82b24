//! Which header fields pass, and what can be said of a body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use vectra_decision::Body;
use vectra_domain::AgentId;

use crate::auth::{Carrier, OPERATOR_PREFIX, VECTRA_AUTHORIZATION};

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

/// Whether a field belongs to one connection or to the message's framing.
pub(crate) fn is_hop_by_hop(name: &HeaderName) -> bool {
    HOP_BY_HOP.contains(name)
}

/// Whether a field stays behind. Also those named in `Connection`, where the host
/// shows that field at all.
fn stays(name: &HeaderName, headers: &HeaderMap) -> bool {
    is_hop_by_hop(name)
        || headers
            .get_all(header::CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|named| named.trim().eq_ignore_ascii_case(name.as_str()))
}

/// What the upstream gets of the agent's header fields.
pub(super) fn to_upstream(headers: &HeaderMap, carrier: Carrier, agent: AgentId) -> HeaderMap {
    let mut passed = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let ours = *name == VECTRA_AUTHORIZATION
            || (*name == header::AUTHORIZATION
                && (carrier == Carrier::Authorization || is_ours(value, headers, agent)))
            || *name == header::HOST
            || name.as_str().starts_with("spin-");
        if !ours && !stays(name, headers) {
            passed.append(name, value.clone());
        }
    }
    passed
}

/// Whether an `Authorization` beside ours carries a credential of the gateway: the
/// agent's token once more, its id and secret as `POST /tokens` takes them, or an
/// operator's key.
fn is_ours(value: &HeaderValue, headers: &HeaderMap, agent: AgentId) -> bool {
    let text = value.to_str().unwrap_or_default();
    let (scheme, credential) = text.split_once(' ').unwrap_or(("", text));
    let credential = credential.trim();
    if scheme.eq_ignore_ascii_case("basic") && is_login_of(credential, agent) {
        return true;
    }
    credential.starts_with(OPERATOR_PREFIX)
        || headers
            .get_all(&VECTRA_AUTHORIZATION)
            .iter()
            .filter_map(|token| token.to_str().ok())
            .any(|token| !credential.is_empty() && token.ends_with(credential))
}

/// Whether a Basic credential names the agent as its user.
fn is_login_of(credential: &str, agent: AgentId) -> bool {
    let Ok(login) = STANDARD.decode(credential) else {
        return false;
    };
    let user = login.split(|byte| *byte == b':').next().unwrap_or_default();
    user.eq_ignore_ascii_case(agent.to_string().as_bytes())
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

/// What can be said of a body that was read. What an upstream may read otherwise
/// than a policy does cannot be understood: encoded bodies, other charsets than
/// UTF-8, more than one Content-Type, and text that is not UTF-8 or holds NULs.
/// Bodies of binary types are taken as bytes.
pub(super) fn inspect(headers: &HeaderMap, body: &[u8]) -> Body {
    if body.is_empty() {
        return Body::None;
    }
    let unreadable =
        |why: &str| Body::Undecodable(format!("The body {why} and cannot be inspected"));
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    if encodings.any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return unreadable("is encoded");
    }
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let kind = kinds
        .next()
        .map(|kind| String::from_utf8_lossy(kind.as_bytes()).to_lowercase());
    if kinds.next().is_some() {
        return unreadable("has more than one type");
    }
    if kind.as_deref().is_some_and(|kind| !is_utf8(kind)) {
        return unreadable("is not in UTF-8");
    }
    let text = kind.is_none_or(|kind| is_text(&kind));
    if text && (std::str::from_utf8(body).is_err() || body.contains(&0)) {
        return unreadable("is not UTF-8 text");
    }
    Body::Inspected(body.len() as u64)
}

/// Whether a type (lower case) says no other charset than UTF-8 or a part of it.
fn is_utf8(kind: &str) -> bool {
    kind.split(';')
        .skip(1)
        .all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.trim() == "charset" => {
                ["utf-8", "utf8", "us-ascii"].contains(&value.trim().trim_matches('"'))
            }
            _ => true,
        })
}

/// Whether a type (lower case) is text of some kind.
fn is_text(kind: &str) -> bool {
    let media = kind.split(';').next().unwrap_or_default().trim();
    media.starts_with("text/")
        || [
            "json",
            "xml",
            "javascript",
            "yaml",
            "x-www-form-urlencoded",
            "graphql",
        ]
        .iter()
        .any(|part| media.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGENT: &str = "018f4d2e-7c1b-7a3d-9e5f-0123456789ab";

    fn agent() -> AgentId {
        AGENT.parse().unwrap()
    }

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
        let passed = to_upstream(&sent, Carrier::Authorization, agent());
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
        let passed = to_upstream(&sent, Carrier::Vectra, agent());
        assert_eq!(passed.get("authorization").unwrap(), "Basic x");
    }

    #[test]
    fn a_credential_of_the_gateway_stays_behind_wherever_it_stands() {
        let login = |user: &str| format!("Basic {}", STANDARD.encode(format!("{user}:secret")));
        let (lower, upper) = (login(AGENT), login(&AGENT.to_uppercase()));
        for own in [
            "Bearer t.o.k",
            "bearer  t.o.k",
            "Bearer vop_key",
            "t.o.k",
            &lower,
            &upper,
        ] {
            let mut sent = headers(&[("vectra-authorization", "Bearer t.o.k")]);
            sent.insert(header::AUTHORIZATION, own.parse().unwrap());
            assert!(
                to_upstream(&sent, Carrier::Vectra, agent()).is_empty(),
                "{own}"
            );
        }
        let other = login("018f4d2e-7c1b-7a3d-9e5f-0123456789ac");
        let mut sent = headers(&[("vectra-authorization", "Bearer t.o.k")]);
        sent.insert(header::AUTHORIZATION, other.parse().unwrap());
        assert_eq!(to_upstream(&sent, Carrier::Vectra, agent()).len(), 1);
    }

    #[test]
    fn bodies_that_can_be_read_in_two_ways_cannot_be_understood() {
        let kinds = [
            &["application/json; charset=utf-16le"][..],
            &["text/plain; charset=\"UTF-16\""],
            &["application/xml;charset=ibm037"],
            &["text/plain; charset=x; a=utf-8"],
            &["application/octet-stream", "application/json"],
        ];
        for kinds in kinds {
            let mut sent = HeaderMap::new();
            for kind in kinds {
                sent.append(header::CONTENT_TYPE, kind.parse().unwrap());
            }
            assert!(
                matches!(inspect(&sent, b"x"), Body::Undecodable(_)),
                "{kinds:?}"
            );
        }
        let wide = b"{\0\"\0}\0";
        let json = headers(&[("content-type", "application/json")]);
        assert!(matches!(inspect(&json, wide), Body::Undecodable(_)));
        assert!(matches!(
            inspect(&HeaderMap::new(), wide),
            Body::Undecodable(_)
        ));
        let utf8 = headers(&[("content-type", "text/plain; Charset=UTF-8")]);
        assert_eq!(inspect(&utf8, b"x"), Body::Inspected(1));
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
