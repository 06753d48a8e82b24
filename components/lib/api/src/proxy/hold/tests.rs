//! Sealing and opening.

use http::{HeaderMap, HeaderValue, Method};
use vectra_decision::Body;

use super::*;
use crate::proxy::target;

fn proxied() -> Proxied {
    let mut headers = HeaderMap::new();
    headers.insert("x-b", HeaderValue::from_static("2"));
    headers.append("x-b", HeaderValue::from_static("3"));
    Proxied {
        method: Method::POST,
        target: target::parse("/proxy/http://h/a?token=s").unwrap(),
        headers,
        body: vec![0, 255],
        inspection: Body::Inspected(2),
        trace_id: String::new(),
        request_id: String::new(),
        now: Timestamp::EPOCH,
    }
}

#[test]
fn the_canonical_form_holds_every_byte_in_order() {
    let text = String::from_utf8(canonical(&proxied())).unwrap();
    let expected = r#"{"body":"AP8=","headers":[["x-b","Mg=="],["x-b","Mw=="]],"method":"POST","url":"http://h/a?token=s","v":1}"#;
    assert_eq!(text, expected);
}
