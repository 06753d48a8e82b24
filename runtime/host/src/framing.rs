//! What a request must look like before a guest sees it.

use std::net::SocketAddr;

use hyper::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TE, TRANSFER_ENCODING,
};
use hyper::{Request, Version};

/// The field that tells a guest who its client is, as Spin names it.
const CLIENT_ADDRESS: HeaderName = HeaderName::from_static("spin-client-addr");

/// Largest head of a request, in bytes.
pub(crate) const HEAD: usize = 64 << 10;

/// Whether the head is small enough; what each line adds is counted as it was sent.
pub(crate) fn fits<B>(request: &Request<B>) -> bool {
    let uri = request.uri();
    let target = uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len())
        + uri
            .authority()
            .map_or(0, |authority| authority.as_str().len());
    let fields = request.headers().iter();
    // A colon, a space and the end of the line.
    let fields = fields.map(|(name, value)| name.as_str().len() + value.len() + 4);
    let line = request.method().as_str().len() + target + " HTTP/1.1\r\n\r\n".len();
    fields.fold(line, usize::saturating_add) <= HEAD
}

/// Refuses requests that two servers could read in different ways. What hyper
/// refuses or mends by itself (bad or unequal lengths, unknown codings, a length
/// beside `chunked`) does not come here any more.
///
/// # Errors
/// What is wrong, for the client.
pub(crate) fn check<B>(request: &Request<B>) -> Result<(), &'static str> {
    let fields = request.headers();
    let hosts = fields.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        return Err("A request must have exactly one Host field.");
    }
    if fields.get_all(CONTENT_LENGTH).iter().count() > 1 {
        return Err("A request must not repeat Content-Length.");
    }
    let mut codings = fields.get_all(TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next() {
        let plain = coding
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"chunked");
        if !plain || codings.next().is_some() {
            return Err("Transfer-Encoding must be `chunked`.");
        }
        if fields.contains_key(CONTENT_LENGTH) {
            return Err("Content-Length and Transfer-Encoding exclude each other.");
        }
    }
    Ok(())
}

/// Removes the fields that concern this connection only: those that `Connection`
/// names (RFC 9110 §7.6.1) and `TE`. What wasmtime-wasi-http always removes is
/// left to it. `Host` stays, since the target depends on it.
pub(crate) fn strip_connection_fields(fields: &mut HeaderMap) {
    let named: Vec<HeaderName> = fields
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        .filter(|name| name != HOST)
        .collect();
    for name in named {
        fields.remove(name);
    }
    fields.remove(CONNECTION);
    fields.remove(TE);
}

/// Content-Length, if there is one.
pub(crate) fn length(fields: &HeaderMap) -> Option<u64> {
    fields.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Takes out what concerns the connection only and says who the client is, whatever
/// the request itself says of that.
pub(crate) fn prepare(fields: &mut HeaderMap, client: SocketAddr) {
    strip_connection_fields(fields);
    fields.remove(CLIENT_ADDRESS);
    if let Ok(value) = HeaderValue::try_from(client.to_string()) {
        fields.insert(CLIENT_ADDRESS, value);
    }
    // HTTP/1.0 may leave it out; wasi:http may not.
    fields
        .entry(HOST)
        .or_insert(HeaderValue::from_static("localhost"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(version: Version, fields: &[(&str, &str)]) -> Request<()> {
        let mut builder = Request::builder().version(version).uri("/");
        for (name, value) in fields {
            builder = builder.header(*name, *value);
        }
        builder.body(()).unwrap()
    }

    #[test]
    fn refuses_requests_that_two_servers_could_read_differently() {
        type Case = (Version, &'static [(&'static str, &'static str)], bool);
        let cases: [Case; 9] = [
            (Version::HTTP_11, &[("host", "a")], true),
            (Version::HTTP_11, &[], false),
            (Version::HTTP_10, &[], true),
            (Version::HTTP_11, &[("host", "a"), ("host", "a")], false),
            (
                Version::HTTP_11,
                &[
                    ("host", "a"),
                    ("content-length", "1"),
                    ("content-length", "1"),
                ],
                false,
            ),
            (
                Version::HTTP_11,
                &[("host", "a"), ("transfer-encoding", " Chunked ")],
                true,
            ),
            (
                Version::HTTP_11,
                &[("host", "a"), ("transfer-encoding", "gzip, chunked")],
                false,
            ),
            (
                Version::HTTP_11,
                &[
                    ("host", "a"),
                    ("transfer-encoding", "chunked"),
                    ("transfer-encoding", "chunked"),
                ],
                false,
            ),
            (
                Version::HTTP_11,
                &[
                    ("host", "a"),
                    ("transfer-encoding", "chunked"),
                    ("content-length", "1"),
                ],
                false,
            ),
        ];
        for (version, fields, accepted) in cases {
            assert_eq!(
                check(&request(version, fields)).is_ok(),
                accepted,
                "{fields:?}"
            );
        }
    }

    #[test]
    fn removes_what_connection_names_but_never_host() {
        let mut request = request(
            Version::HTTP_11,
            &[
                ("host", "a"),
                ("connection", "keep-alive, X-Hop"),
                ("connection", "host, x-other"),
                ("x-hop", "1"),
                ("X-Other", "2"),
                ("te", "trailers"),
                ("x-end", "3"),
            ],
        );
        strip_connection_fields(request.headers_mut());
        let mut left: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["host", "x-end"]);
    }
}
