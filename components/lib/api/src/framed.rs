//! How held requests and their answers are written before they are sealed: one line of
//! JSON, then bytes as they are; header fields as pairs of name and base64 value.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A header field: its name, and its value as base64.
pub(crate) type Field = [String; 2];

/// Between the line and the bytes; JSON never holds it unescaped.
const END: u8 = b'\n';

/// The line and the bytes.
pub(crate) fn join(head: &impl Serialize, bytes: &[u8]) -> Vec<u8> {
    // Maps with other keys than text are all that cannot be written, and there is none;
    // what has no line is never read back.
    let mut framed = serde_json::to_vec(head).unwrap_or_default();
    framed.push(END);
    framed.extend_from_slice(bytes);
    framed
}

/// The same, read.
pub(crate) fn split<T: DeserializeOwned>(framed: &[u8]) -> Option<(T, &[u8])> {
    let end = framed.iter().position(|byte| *byte == END)?;
    let (head, bytes) = framed.split_at_checked(end)?;
    let head = serde_json::from_slice(head).ok()?;
    Some((head, bytes.get(1..)?))
}

/// Header fields in their order.
pub(crate) fn fields(headers: &HeaderMap) -> Vec<Field> {
    let pair = |(name, value): (&HeaderName, &HeaderValue)| {
        [name.as_str().to_owned(), STANDARD.encode(value.as_bytes())]
    };
    headers.iter().map(pair).collect()
}

/// The same, read; none if one of them is no header field.
pub(crate) fn headers(fields: &[Field]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(fields.len());
    for [name, value] in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        let value = HeaderValue::from_bytes(&STANDARD.decode(value).ok()?).ok()?;
        headers.append(name, value);
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_joined_is_read_back() {
        for bytes in [&b""[..], b"\n", b"a\n\0\xff\n"] {
            let framed = join(&["x\ny".to_owned()], bytes);
            let (head, rest) = split::<[String; 1]>(&framed).unwrap();
            assert_eq!((head[0].as_str(), rest), ("x\ny", bytes));
        }
        for framed in [&b""[..], b"{}", b"x\n", b"\n"] {
            assert_eq!(split::<[String; 1]>(framed), None);
        }
    }

    #[test]
    fn header_fields_keep_their_bytes_and_their_repetition() {
        let mut sent = HeaderMap::new();
        sent.append("x-a", HeaderValue::from_static("1"));
        sent.append("x-b", HeaderValue::from_bytes(b"\xff\t").unwrap());
        sent.append("x-a", HeaderValue::from_static("2"));
        assert_eq!(headers(&fields(&sent)).unwrap(), sent);
        let field = |name: &str, value: &str| [name.to_owned(), value.to_owned()];
        for wrong in [field("a b", ""), field("a", "?"), field("a", "Cg==")] {
            assert_eq!(headers(&[wrong]), None);
        }
    }
}
