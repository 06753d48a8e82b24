//! Policies and requests that look at much, and often at the same.

use serde_json::{Value, json};
use vectra_decision::{Intent, IntentStatus, Meaning, PolicyQuestion, rules};

use crate::cases::Told;
use crate::dice::Dice;

const FIELDS: [&str; 20] = [
    "method",
    "path",
    "path",
    "targetUrl",
    "target.host",
    "headers.x-team",
    "headers.x-team",
    "headers.authorization",
    "headers.x-http-method-override",
    "body",
    "body.a",
    "body.a",
    "body.l",
    "body.l.n",
    "agent.trust_score",
    "risk.score",
    "risk.path",
    "intent.label",
    "intent.risk_tags",
    "policyName",
];

const OPERATORS: [&str; 11] = [
    "eq",
    "ne",
    "gt",
    "lt",
    "ge",
    "le",
    "in",
    "contains",
    "startswith",
    "endswith",
    "regex",
];

fn value(dice: &mut Dice) -> Value {
    dice.pick(&[
        json!("a"),
        json!("x"),
        json!("GET"),
        json!("DELETE"),
        json!("/admin"),
        json!("/a?token=1"),
        json!("/"),
        json!("^/a"),
        json!("Bearer s3cret"),
        json!(1),
        json!(0.5),
        json!(true),
        json!(null),
        json!(["a", "x"]),
        json!(["GET", "DELETE"]),
        json!([1, 2, "a"]),
        json!(["/admin", "/a"]),
        json!("upstream.example"),
        json!("http://"),
        json!("read"),
        json!("p"),
        json!("lo+ng"),
    ])
}

/// A policy that compiles.
pub fn policy(dice: &mut Dice) -> (Value, Vec<u8>) {
    loop {
        let rules: Vec<Value> = (0..dice.below(4) + 1)
            .map(|n| {
                let mut conditions = Vec::new();
                for _ in 0..dice.below(3) + 1 {
                    let condition = json!({ "field": dice.pick(&FIELDS),
                        "operator": dice.pick(&OPERATORS), "value": value(dice) });
                    let alone = json!({ "name": "p", "rules": [{ "conditions": [condition] }] });
                    if rules::compile(&alone.to_string()).is_ok() {
                        conditions.push(condition);
                    }
                }
                let effect = dice.pick(&["Allow", "Deny", "Hitl"]);
                json!({ "name": format!("r{n}"), "effect": effect, "conditions": conditions })
            })
            .collect();
        let default = dice.pick(&["Allow", "Deny", "Hitl"]);
        let policy = json!({ "name": "p", "default": default, "rules": rules });
        if let Ok(compiled) = rules::compile(&policy.to_string()) {
            return (policy, compiled.code);
        }
    }
}

/// A request of which policies may look at much.
pub fn question(dice: &mut Dice) -> PolicyQuestion {
    const PATHS: [&str; 11] = [
        "/",
        "/a",
        "/admin",
        "/%61dmin",
        "//admin",
        "/a?token=1",
        "/admin?token=2&x",
        "/a;b/c",
        "/admin/?x=1",
        "/a?token=%61",
        "/a//../admin?token=3",
    ];
    let path = dice.pick(&PATHS);
    let long = "long".repeat(80);
    let text = |dice: &mut Dice| {
        dice.pick(&["a", "x", "DELETE", "Bearer s3cret", &long])
            .to_owned()
    };
    let scalar = |dice: &mut Dice| {
        let text = text(dice);
        dice.pick(&[
            json!(text),
            json!(1),
            json!(null),
            json!(true),
            json!([1, "a"]),
            json!({}),
        ])
    };
    let json = json!({ "a": scalar(dice), "l": [{ "n": scalar(dice) }, { "n": scalar(dice) }, 1] });
    let names = [
        "x-team",
        "x-team",
        "authorization",
        "x-http-method-override",
    ];
    let headers = (0..dice.below(4))
        .map(|_| (dice.pick(&names).to_owned(), text(dice)))
        .collect();
    let mut question = Told {
        method: Some(dice.pick(&["GET", "get", "DELETE"]).into()),
        path: Some(path.into()),
        normalised_path: Some(path.replace("%61", "a")),
        headers,
        body: dice.pick(&[None, Some(json.to_string()), Some("a=x".into())]),
        policy_name: dice.pick(&[None, Some("p".into())]),
        trust_score: Some(dice.pick(&[0.5, 0.1])),
        ..Told::default()
    }
    .question();
    if dice.once_in(8) {
        question.request.body = None;
        question.request.body_unread = true;
    }
    question.intent = match dice.below(4) {
        0 => Meaning::Unasked,
        1 => Meaning::Unknown,
        status => Meaning::Known(Intent {
            label: dice.pick(&["read", "x"]).into(),
            confidence: 0.9,
            status: [IntentStatus::Classified, IntentStatus::Failed][status - 2],
            risk_tags: vec!["a".into()],
            explanation: None,
            model: None,
        }),
    };
    question
}
