use super::*;
use DecisionType::{Allow, Deny, Hitl};

#[test]
fn the_strictest_of_what_is_said_counts_and_nothing_understood_denies() {
    let cases = [
        (r#"{"result":true}"#, Ok(Allow)),
        (r#"{"result":false}"#, Ok(Deny)),
        (r#"{"result":{"effect":"allow"}}"#, Ok(Allow)),
        (r#"{"result":{"effect":"HITL"}}"#, Ok(Hitl)),
        (r#"{"result":{"effect":"Deny"}}"#, Ok(Deny)),
        (r#"{"result":{"effect":"permit"}}"#, Ok(Deny)),
        (r#"{"result":{"effect":1}}"#, Ok(Deny)),
        (r#"{"result":{"effect":null,"allow":true}}"#, Ok(Deny)),
        (r#"{"result":{"allow":true}}"#, Ok(Allow)),
        (r#"{"result":{"allow":"true"}}"#, Ok(Deny)),
        (r#"{"result":{"allow":1}}"#, Ok(Deny)),
        (r#"{"result":{"hitl":true}}"#, Ok(Hitl)),
        (r#"{"result":{"allow":true,"hitl":true}}"#, Ok(Hitl)),
        (r#"{"result":{"allow":true,"deny":true}}"#, Ok(Deny)),
        (r#"{"result":{"allow":false,"hitl":true}}"#, Ok(Hitl)),
        (r#"{"result":{"effect":"allow","deny":true}}"#, Ok(Deny)),
        (r#"{"result":{"effect":"allow","allow":false}}"#, Ok(Deny)),
        (r#"{"result":{}}"#, Ok(Deny)),
        (r#"{"result":[true]}"#, Err("Unsupported OPA result format")),
        (
            r#"{"result":"allow"}"#,
            Err("Unsupported OPA result format"),
        ),
        (r#"{"result":null}"#, Err("Unsupported OPA result format")),
        (r#"{}"#, Err("OPA response does not contain 'result'")),
        (r#"[]"#, Err("OPA response does not contain 'result'")),
        ("", Err("OPA response is not JSON")),
        ("true false", Err("OPA response is not JSON")),
    ];
    for (answer, expected) in cases {
        let read = read(answer.as_bytes());
        let effect = read.as_ref().map(|verdict| verdict.effect);
        assert_eq!(
            effect,
            expected.map_err(str::to_owned).as_ref().copied(),
            "{answer}"
        );
    }
}

#[test]
fn rule_and_reason_are_taken_over_bounded() {
    let long = "x".repeat(5_000);
    let answer = json!({"result": {"effect": "deny", "rule": "r", "reason": long}}).to_string();
    let verdict = read(answer.as_bytes()).unwrap();
    assert_eq!(verdict.rule.as_deref(), Some("r"));
    assert_eq!(verdict.reason.map(|reason| reason.len()), Some(MAX_TEXT));
}

#[test]
fn credentials_for_the_upstream_stay_behind() {
    let mut map = HeaderMap::new();
    map.insert("authorization", HeaderValue::from_static("Bearer upstream"));
    map.append("x-team", HeaderValue::from_static("a"));
    map.append("x-team", HeaderValue::from_static("b"));
    let shown = Value::Object(headers(&map));
    assert_eq!(
        shown,
        json!({"authorization": "[masked]", "x-team": ["a", "b"]})
    );
}
