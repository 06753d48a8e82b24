use super::*;

const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(&name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

#[test]
fn a_valid_traceparent_is_kept_with_a_parent_of_our_own() {
    let good = format!("00-{ID}-00f067aa0ba902b7-01");
    let cases: [(&[&str], Option<bool>); 17] = [
        (&[&good], Some(true)),
        (&[&good.replace("-01", "-00")], Some(false)),
        (&[&good.replace("-01", "-ff")], Some(true)),
        (&[&good.replace("-01", "-02")], Some(false)),
        (&[&good.replacen("00", "cc", 1)], Some(true)),
        (&[&(good.replacen("00", "cc", 1) + "-more")], Some(true)),
        (&[&(good.replacen("00", "cc", 1) + "more")], None),
        (&[&(good.clone() + "-more")], None),
        (&[&good.replacen("00", "ff", 1)], None),
        (&[&good.to_uppercase()], None),
        (&[&good.replace(ID, &"0".repeat(32))], None),
        (&[&good.replace("00f067aa0ba902b7", &"0".repeat(16))], None),
        (&[&good, &good], None),
        (&[&good.replace('-', "_")], None),
        (&[good.strip_suffix('1').unwrap()], None),
        (&[""], None),
        (&[], None),
    ];
    for (values, expected) in cases {
        let mut headers = headers(TRACEPARENT, values);
        headers.append(TRACESTATE, HeaderValue::from_static("a=1"));
        headers.append(TRACESTATE, HeaderValue::from_static("b=2"));
        let trace = Trace::of(&headers, || [7; 16]);
        trace.pass_on(&mut headers, [9; 8]);
        let id = if expected.is_some() {
            ID.to_owned()
        } else {
            "07".repeat(16)
        };
        let flags = u8::from(expected == Some(true));
        let passed: Vec<_> = headers.get_all(TRACEPARENT).iter().collect();
        let wanted = format!("00-{id}-{}-{flags:02x}", "09".repeat(8));
        assert_eq!(passed, [&wanted], "{values:?}");
        let states: Vec<_> = headers.get_all(TRACESTATE).iter().collect();
        let kept: &[&str] = if expected.is_some() {
            &["a=1", "b=2"]
        } else {
            &[]
        };
        assert_eq!(states, kept, "{values:?}");
    }
}

#[test]
fn a_parent_of_zeros_is_never_written_and_a_long_state_is_dropped() {
    let mut headers = headers(TRACEPARENT, &[&format!("00-{ID}-00f067aa0ba902b7-01")]);
    let long = "a=".to_owned() + &"x".repeat(MAX_TRACESTATE);
    headers.append(TRACESTATE, HeaderValue::from_str(&long).unwrap());
    Trace::of(&headers, || [7; 16]).pass_on(&mut headers, [0; 8]);
    let parent = headers[TRACEPARENT].to_str().unwrap().to_owned();
    assert!(parent.contains(&"01".repeat(8)), "{parent}");
    assert!(!headers.contains_key(TRACESTATE));
}

#[test]
fn a_request_id_is_kept_only_if_it_cannot_harm_a_log() {
    let long = "x".repeat(129);
    let cases: [(&[&str], bool); 9] = [
        (&["abc-1._Z"], true),
        (&[&"x".repeat(128)], true),
        (&[&long], false),
        (&[""], false),
        (&["a b"], false),
        (&["a\"b"], false),
        (&["ä"], false),
        (&["a", "b"], false),
        (&[], false),
    ];
    for (values, kept) in cases {
        let found = request_id(&headers(REQUEST_ID, values));
        assert_eq!(found.is_some(), kept, "{values:?}");
    }
}
