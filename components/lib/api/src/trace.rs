//! What ties a request to others: `X-Request-Id`, and W3C Trace Context (level 1).

use http::{HeaderMap, HeaderName, HeaderValue};

/// Names one request, from the caller to the upstream.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Longest request id, in characters.
const MAX_REQUEST_ID: usize = 128;

/// Longest `tracestate` that is passed on, in bytes; at least 512 must be.
const MAX_TRACESTATE: usize = 2_048;

/// The length of a `traceparent` of version 00.
const LENGTH: usize = 55;

/// The caller's request id, if it is one: up to 128 letters, digits, `.`, `_` and `-`.
/// Anything else could break a log apart.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(REQUEST_ID).iter();
    let value = values.next()?.to_str().ok()?;
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let valid = (1..=MAX_REQUEST_ID).contains(&value.len()) && value.bytes().all(known);
    (valid && values.next().is_none()).then(|| value.to_owned())
}

/// Where a request stands in a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trace {
    /// 32 hexadecimal digits, not all zero.
    pub(crate) id: String,
    /// Whether the caller recorded it.
    sampled: bool,
    /// Whether the caller gave it.
    given: bool,
}

impl Trace {
    /// The caller's trace, or a new one with this id.
    pub(crate) fn of(headers: &HeaderMap, new: impl FnOnce() -> [u8; 16]) -> Self {
        parse(headers).unwrap_or_else(|| Self {
            id: hexadecimal(&new()),
            sampled: false,
            given: false,
        })
    }

    /// Writes the trace into what goes upstream, with the gateway as the parent.
    pub(crate) fn pass_on(&self, headers: &mut HeaderMap, parent: [u8; 8]) {
        // An id of zeros is none.
        let parent = if parent == [0; 8] { [1; 8] } else { parent };
        let flags = u8::from(self.sampled);
        let text = format!("00-{}-{}-{flags:02x}", self.id, hexadecimal(&parent));
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(TRACEPARENT, value);
        }
        let state = headers.get_all(TRACESTATE).iter();
        let length: usize = state.map(|value| value.len() + 1).sum();
        if !self.given || length > MAX_TRACESTATE {
            headers.remove(TRACESTATE);
        }
    }
}

/// Reads `traceparent`: once, lower-case hexadecimal, of version 00 or of a later one that
/// begins the same.
fn parse(headers: &HeaderMap) -> Option<Trace> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let text = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (known, rest) = text.split_at_checked(LENGTH)?;
    let mut parts = known.split('-');
    let version = digits(parts.next()?, 2)?;
    let id = digits(parts.next()?, 32)?;
    let parent = digits(parts.next()?, 16)?;
    let flags = digits(parts.next()?, 2)?;
    let later = version != "00" && (rest.is_empty() || rest.starts_with('-'));
    let well_formed = parts.next().is_none() && (later || (version == "00" && rest.is_empty()));
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    if !well_formed || version == "ff" || zero(id) || zero(parent) {
        return None;
    }
    let flags = u8::from_str_radix(flags, 16).ok()?;
    Some(Trace {
        id: id.to_owned(),
        sampled: flags & 1 == 1,
        given: true,
    })
}

fn digits(text: &str, length: usize) -> Option<&str> {
    let known = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == length && text.bytes().all(known)).then_some(text)
}

fn hexadecimal(bytes: &[u8]) -> String {
    crate::secret::hex(bytes)
}

#[cfg(test)]
mod tests;
