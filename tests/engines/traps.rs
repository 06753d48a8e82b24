//! What goes wrong in a policy of another language, and never allows.

use serde_json::json;
use vectra_tests::agent::{Agent, must};
use vectra_tests::client::Request;
use vectra_tests::process::{ADMIN_KEY, Setup};
use vectra_tests::upstream::Upstream;

use crate::cases::OtherEngine;

/// A policy, and what becomes of these bodies (none if empty).
struct Trap {
    engine: &'static str,
    text: &'static str,
    bodies: &'static [(&'static str, u16)],
}

const TRAPS: [Trap; 5] = [
    // A `forbid` that cannot be evaluated forbids.
    Trap {
        engine: "cedar",
        text: "forbid (principal, action, resource) when { context.json.amount > 100 };",
        bodies: &[
            (r#"{"amount": 5}"#, 200),
            (r#"{"amount": 500}"#, 403),
            (r#"{"amount": "5"}"#, 403),
            (r#"{"amount": 1e9}"#, 403),
            (r#"{"other": 5}"#, 403),
            // Taken for Cedar's own, it would be another value.
            (
                r#"{"amount": 5, "__entity": {"type": "Agent", "id": "x"}}"#,
                403,
            ),
            ("", 403),
        ],
    },
    // A `permit` that cannot be evaluated does not allow, the default does.
    Trap {
        engine: "cedar",
        text: "@effect(\"Hitl\") forbid (principal, action, resource)
               when { context.json.amount > 100 };
               permit (principal, action, resource) when { context.json.amount < 100 };",
        bodies: &[(r#"{"amount": 5}"#, 200), (r#"{"amount": "5"}"#, 202)],
    },
    // Two decisions are none.
    Trap {
        engine: "rego",
        text: "package vectra
               decision := \"Allow\" if input.method == \"POST\"
               decision := \"Hitl\" if input.json.amount > 100",
        bodies: &[(r#"{"amount": 5}"#, 200), (r#"{"amount": 500}"#, 403)],
    },
    // A builtin that fails is an error, and what is not there is undefined.
    Trap {
        engine: "rego",
        text: "package vectra
               decision := \"Deny\" if to_number(input.json.amount) > 100",
        bodies: &[
            (r#"{"amount": "5"}"#, 200),
            (r#"{"amount": "500"}"#, 403),
            (r#"{"amount": "five"}"#, 403),
            (r#"{"other": 5}"#, 200),
        ],
    },
    Trap {
        engine: "rego",
        text: "package vectra\ndecision := {\"effect\": \"Maybe\"}",
        bodies: &[("{}", 403)],
    },
];

#[tokio::test]
async fn what_cannot_be_evaluated_is_not_allowed() {
    let upstream = Upstream::start().await.unwrap();
    for (at, trap) in TRAPS.iter().enumerate() {
        let mut setup = Setup {
            allowed_upstreams: vec![upstream.host()],
            ..Setup::default()
        };
        let policy = json!({ "name": "p", "default": "Allow", trap.engine: trap.text });
        setup
            .policies
            .insert("p.json".to_owned(), policy.to_string());
        let gateway = OtherEngine::up(trap.engine, setup).await.unwrap();
        let agent = Agent::register(gateway.address(), ADMIN_KEY, "agent", Some("p"));
        let agent = agent.await.unwrap();
        for (body, status) in trap.bodies {
            let mut request = agent
                .proxied("POST", &format!("http://{}/", upstream.host()))
                .header("Content-Type", "application/json");
            request.body = body.as_bytes().to_vec();
            let response = request.send(gateway.address()).await.unwrap();
            let said = String::from_utf8_lossy(&response.body);
            assert_eq!(response.status, *status, "trap {at}: {body}: {said}");
        }
    }
}

#[tokio::test]
async fn a_source_that_is_none_is_refused_with_the_place() {
    let cases = [
        ("cedar", json!({ "name": "p", "default": "Deny" }), "cedar"),
        (
            "cedar",
            json!({ "name": "p", "default": "Deny", "cedar": "forbid" }),
            "unexpected end",
        ),
        (
            "cedar",
            json!({ "name": "p", "default": "Deny", "cedar": "", "rules": [] }),
            "rules",
        ),
        (
            "cedar",
            json!({ "name": "p", "default": "Deny",
                "cedar": "@effect(\"Hitl\") permit (principal, action, resource);" }),
            "only a `forbid`",
        ),
        (
            "cedar",
            json!({ "name": "p", "default": "Deny",
                "cedar": "permit (principal == ?principal, action, resource);" }),
            "template",
        ),
        (
            "rego",
            json!({ "name": "p", "default": "Deny", "rego": "package x" }),
            "package vectra",
        ),
        (
            "rego",
            json!({ "name": "p", "default": "Deny", "rego": "package vectra" }),
            "decision",
        ),
        (
            "rego",
            json!({ "name": "p", "default": "Deny", "rego": "package vectra\ndecision := " }),
            "policy.rego:2:13",
        ),
    ];
    for engine in crate::ENGINES {
        let gateway = OtherEngine::up(engine, Setup::default()).await.unwrap();
        for (_, source, told) in cases.iter().filter(|case| case.0 == engine) {
            let request = Request::new("PUT", "/policies/p")
                .bearer(ADMIN_KEY)
                .json(source);
            let response = request.send(gateway.address()).await.unwrap();
            let said = String::from_utf8_lossy(&response.body);
            assert!((400..500).contains(&response.status), "{source}: {said}");
            assert!(said.contains(told), "{source}: {said}");
        }
        let fine = json!({ "name": "p", "default": "Deny", engine: match engine {
            "cedar" => "permit (principal, action, resource);",
            _ => "package vectra\ndecision := \"Allow\"",
        } });
        let request = Request::new("PUT", "/policies/p")
            .bearer(ADMIN_KEY)
            .json(&fine);
        let response = request.send(gateway.address()).await.unwrap();
        must(response, 201).unwrap();
    }
}
