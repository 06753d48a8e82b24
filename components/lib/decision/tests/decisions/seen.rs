//! What a verdict says it looked at.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use vectra_decision::{DecisionType, LookedAt, Shown};

use crate::cases::Told;
use crate::rules::ask;

fn hex(json: &str) -> String {
    let digest = Sha256::digest(json);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn on_null(field: &str) -> Value {
    json!({ "effect": "Deny", "conditions": [{ "field": field, "operator": "eq", "value": null }] })
}

#[test]
fn lists_what_was_looked_at_and_hides_what_may_be_secret() {
    let policy = json!({ "name": "p", "default": "Allow", "rules": [
        { "name": "a", "effect": "Deny", "conditions": [
            { "field": "input.headers.Authorization", "operator": "eq", "value": "x" },
            { "field": "headers.x-never-asked", "operator": "eq", "value": "x" },
        ]},
        { "name": "b", "effect": "Deny", "conditions": [
            { "field": "headers.x-team", "operator": "eq", "value": "x" } ]},
        { "name": "c", "effect": "Deny", "conditions": [
            { "field": "body", "operator": "contains", "value": "zzz" } ]},
        { "name": "d", "effect": "Deny", "conditions": [
            { "field": "body.n", "operator": "eq", "value": 2 } ]},
        { "name": "e", "effect": "Deny", "conditions": [
            { "field": "trustScore", "operator": "gt", "value": 0.9 } ]},
        on_null("body.s"), on_null("body.l"), on_null("body.o"), on_null("body.big"),
        on_null("headers.X-Long"), on_null("headers.x-short"), on_null("input.body.n"),
    ]});
    let told = Told {
        headers: vec![
            ("authorization".into(), "Bearer s3cret".into()),
            ("x-long".into(), "ä".repeat(128)),
            ("x-short".into(), "ä".repeat(127)),
        ],
        body: Some(format!(
            "{{\"n\":1,\"s\":\"x\",\"l\":[1, \"2\"],\"o\":{{ }},\"big\":{}}}",
            "9".repeat(257)
        )),
        ..Told::default()
    };
    let verdict = ask(&policy, &told);
    assert_eq!(verdict.effect, DecisionType::Allow);
    let digest = |json: &str| Shown::Digest(hex(json));
    let body = told.body.as_deref().unwrap();
    let expected = [
        ("headers.authorization", digest("\"Bearer s3cret\"")),
        ("headers.x-team", Shown::Absent),
        ("body", digest(&json!(body).to_string())),
        ("body.n", Shown::Plain("1".into())),
        ("body.s", digest("\"x\"")),
        ("body.l", Shown::Digest(hex("[1,\"2\"]") + " list")),
        ("body.o", Shown::Digest(hex("{}") + " object")),
        ("body.big", Shown::Digest(hex(&"9".repeat(257)) + " number")),
        (
            "headers.x-long",
            digest(&format!("\"{}\"", "ä".repeat(128))),
        ),
        (
            "headers.x-short",
            Shown::Plain(format!("\"{}\"", "ä".repeat(127))),
        ),
    ];
    let expected = expected.map(|(field, value)| LookedAt {
        field: field.into(),
        value,
    });
    assert_eq!(verdict.looked_at, expected);
    assert!(!format!("{verdict:?}").contains("s3cret"));
}

#[test]
fn the_list_of_what_was_looked_at_is_bounded() {
    let policy = json!({ "name": "p", "default": "Allow", "rules": [{ "name": "r",
        "effect": "Deny", "conditions": [
            { "field": "body.items.n", "operator": "eq", "value": -1 }] }] });
    let items: Vec<Value> = (0..5_000).map(|n| json!({ "n": n })).collect();
    let told = Told {
        body: Some(json!({ "items": items }).to_string()),
        ..Told::default()
    };
    let verdict = ask(&policy, &told);
    assert_eq!(verdict.effect, DecisionType::Allow);
    assert_eq!(verdict.looked_at.len(), 256);
}
