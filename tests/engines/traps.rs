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

const TRAPS: [Trap; 11] = [
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
    // Whoever writes the body cannot make it vanish: what Cedar cannot hold is not left out.
    Trap {
        engine: "cedar",
        text: "forbid (principal, action, resource) when {
                   context has json && context.json has amount && context.json.amount > 100 };",
        bodies: &[
            (r#"{"amount": 5, "x": null}"#, 200),
            (r#"{"amount": 500}"#, 403),
            (r#"{"amount": 1000000, "x": [null]}"#, 403),
            (r#"{"amount": 1000000, "__x": 1}"#, 403),
            (r#"{"amount": 1000000, "x": {"y": 1e300}}"#, 403),
            (r#"{"amount": 1000000, "x": 0.12345}"#, 403),
            (r#"{"amount": 1000000, "x": 18446744073709551615}"#, 403),
            (r#"{"amount": 1000000, "x": 1e999}"#, 403),
            (r#"{"amount": 1000000, "x": "\ud800"}"#, 403),
            (r#"{"amount": 1000000} //"#, 403),
            ("amount=1000000", 403),
            ("null", 200),
            (" ", 200),
            ("", 200),
        ],
    },
    // What a policy does not speak of is no matter.
    Trap {
        engine: "cedar",
        text: "forbid (principal, action, resource) when { context.path like \"/x*\" };",
        bodies: &[
            (r#"{"x": [null]}"#, 200),
            (r#"{"x": 999999999999999.5}"#, 200),
            ("x=1", 200),
        ],
    },
    // Nobody classifies here, and a guard does not help.
    Trap {
        engine: "cedar",
        text: "forbid (principal, action, resource) when {
                   context has intent && context.intent.label == \"x\" };",
        bodies: &[("{}", 403)],
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
    // A body that the upstream may read and this engine cannot is not undefined.
    Trap {
        engine: "rego",
        text: "package vectra\ndecision := \"Deny\" if input.json.amount > 100",
        bodies: &[
            (r#"{"amount": 1000000, "x": [null, 1e300]}"#, 403),
            (r#"{"amount": 1000000, "x": 1e999}"#, 403),
            (r#"{"amount": 1000000,}"#, 403),
            ("amount=1000000", 403),
            (r#"{"amount": 5}"#, 200),
            ("", 200),
        ],
    },
    // Nobody classifies here.
    Trap {
        engine: "rego",
        text: "package vectra\ndecision := \"Deny\" if input[\"intent\"].label == \"x\"",
        bodies: &[("{}", 403)],
    },
    // A policy that may speak of anything is not one that does.
    Trap {
        engine: "rego",
        text: "package vectra\ndecision := \"Deny\" if input[\"method\"] == \"PUT\"",
        bodies: &[("{}", 200), ("x=1", 200)],
    },
];

/// A gateway with this policy, and an agent that has it.
pub async fn governed(engine: &str, text: &str, upstream: &Upstream) -> (OtherEngine, Agent) {
    let mut setup = Setup {
        allowed_upstreams: vec![upstream.host()],
        ..Setup::default()
    };
    let policy = json!({ "name": "p", "default": "Allow", engine: text });
    setup
        .policies
        .insert("p.json".to_owned(), policy.to_string());
    let gateway = OtherEngine::up(engine, setup).await.unwrap();
    let agent = Agent::register(gateway.address(), ADMIN_KEY, "agent", Some("p"));
    let agent = agent.await.unwrap();
    (gateway, agent)
}

#[tokio::test]
async fn what_cannot_be_evaluated_is_not_allowed() {
    let upstream = Upstream::start().await.unwrap();
    let mut wrong = Vec::new();
    for (at, trap) in TRAPS.iter().enumerate() {
        let (gateway, agent) = governed(trap.engine, trap.text, &upstream).await;
        for (body, status) in trap.bodies {
            let mut request = agent
                .proxied("POST", &format!("http://{}/", upstream.host()))
                .header("Content-Type", "application/json");
            request.body = body.as_bytes().to_vec();
            let response = request.send(gateway.address()).await.unwrap();
            let said = String::from_utf8_lossy(&response.body);
            if response.status != *status {
                wrong.push(format!("trap {at}: {body}: {} {said}", response.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
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
