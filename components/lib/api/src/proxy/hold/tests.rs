//! Sealing and opening.

use http::{HeaderMap, HeaderValue, Method};

use super::*;

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-b", HeaderValue::from_static("2"));
    headers.append("x-b", HeaderValue::from_static("3"));
    headers
}

#[test]
fn the_canonical_form_holds_every_byte_in_order() {
    let url = "http://h/a?token=s";
    let form = canonical(&Method::POST, url, &headers(), &[0, 255]);
    let text = String::from_utf8(form).unwrap();
    let expected = r#"{"body":"AP8=","headers":[["x-b","Mg=="],["x-b","Mw=="]],"method":"POST","url":"http://h/a?token=s","v":1}"#;
    assert_eq!(text, expected);
}

#[test]
fn an_upstream_can_tell_a_request_by_the_agents_key_or_else_by_one_of_its_own() {
    let id = "018f4d2e-7c1b-7a3d-9e5f-0123456789ab".parse().unwrap();
    let given = repeatable(&headers(), id);
    assert_eq!(
        given["idempotency-key"],
        "vectra-018f4d2e-7c1b-7a3d-9e5f-0123456789ab"
    );
    let mut own = headers();
    own.insert(IDEMPOTENCY_KEY, HeaderValue::from_static("mine"));
    assert_eq!(repeatable(&own, id), own);
}
