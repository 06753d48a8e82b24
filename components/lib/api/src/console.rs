//! `/console`: pages for operators. The pages hold no secret and know nothing; what they
//! show they ask for with the operator's key.

use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use vectra_console::{File, INDEX};

use crate::ResponseBody;
use crate::gateway::Answer;
use crate::problem::{Kind, Refusal};
use crate::secret::sha256_hex;

/// Only what the gateway itself serves is loaded, run or asked, no text becomes markup, and
/// no other page can frame this one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

/// What the pages have no use for.
const FEATURES: &str = "accelerometer=(), ambient-light-sensor=(), autoplay=(), battery=(), \
                        bluetooth=(), browsing-topics=(), camera=(), clipboard-read=(), \
                        display-capture=(), geolocation=(), gyroscope=(), hid=(), \
                        identity-credentials-get=(), idle-detection=(), local-fonts=(), \
                        magnetometer=(), microphone=(), midi=(), payment=(), \
                        publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), \
                        web-share=(), xr-spatial-tracking=()";

/// The headers of every answer that has a file, beside its type and tag.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (HeaderName::from_static("permissions-policy"), FEATURES),
    // A gateway of another version has other pages.
    (header::CACHE_CONTROL, "no-cache"),
];

/// `GET /console` and `GET /console/{file}`.
pub(crate) fn console<B>(file: Option<&str>, headers: &HeaderMap) -> Answer<B> {
    let file =
        vectra_console::find(file.unwrap_or(INDEX)).ok_or_else(|| Refusal::new(Kind::NoRoute))?;
    let tag = tag(file);
    let mut response = if is_known(headers, &tag) {
        let mut response = Response::new(ResponseBody::Empty);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        let mut response = Response::new(ResponseBody::Bytes(file.bytes.to_vec()));
        let kind = HeaderValue::from_static(file.media_type);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    };
    let fields = response.headers_mut();
    for (name, value) in HEADERS {
        fields.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        fields.insert(header::ETAG, tag);
    }
    Ok(response)
}

/// The entity tag of a file (RFC 9110 §8.8.3).
fn tag(file: &File) -> String {
    format!("\"{}\"", sha256_hex(file.bytes))
}

/// Whether the caller has the file already (RFC 9110 §13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim())
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
