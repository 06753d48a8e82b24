//! A policy server in place of the policies (OB §9.6).

use http::Request;
use serde_json::{Value, json};
use vectra_api::UpstreamError;

use crate::world::{Reached, World};

const URL: &str = "https://opa.example/v1/data/vectra/authz";

fn world() -> World {
    World::configured(
        r#"{"Policy":{"DefaultProvider":"opa","Providers":{"Opa":{"BaseUrl":"https://opa.example/"}}},
            "HumanInTheLoop":{"Threshold":1.0}}"#,
    )
}

/// What one request comes to if the server answers so: the status and the problem.
fn decided(world: &World, token: &str, status: u16, answer: &str) -> (u16, Value) {
    let answers = [(URL.to_owned(), (status, answer.to_owned()))];
    world.answers.replace(answers.into());
    let request = Request::post("/proxy/http://api.example/a?x=1")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("x-twice", "1")
        .header("x-twice", "2")
        .header("cookie", "session=hush")
        .body(br#"{"n":1}"#.to_vec());
    let response = world.send(request.unwrap());
    let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    (response.status().as_u16(), body)
}

fn asked(world: &World) -> Vec<Reached> {
    let all = world.reached.take();
    all.into_iter().filter(|call| call.uri == URL).collect()
}

#[test]
fn each_answer_is_what_the_original_makes_of_it_or_stricter() {
    let deny = |reason: &'static str| (403, Some(reason));
    let cases = [
        (200, r#"{"result":true}"#, (201, None)),
        (200, r#"{"result":false}"#, deny("OPA deny")),
        (200, r#"{"result":{"effect":"ALLOW"}}"#, (201, None)),
        (
            200,
            r#"{"result":{"effect":"hitl","reason":"ask"}}"#,
            (202, Some("ask")),
        ),
        (
            200,
            r#"{"result":{"effect":"deny","reason":"no"}}"#,
            deny("no"),
        ),
        (
            200,
            r#"{"result":{"effect":"whatever"}}"#,
            deny("Policy denied"),
        ),
        (200, r#"{"result":{"effect":1}}"#, deny("Policy denied")),
        (200, r#"{"result":{"allow":true}}"#, (201, None)),
        (
            200,
            r#"{"result":{"hitl":true}}"#,
            (202, Some("Policy requires HITL")),
        ),
        // The original looked at `allow` first, and at `deny` not at all.
        (
            200,
            r#"{"result":{"allow":true,"hitl":true}}"#,
            (202, Some("Policy requires HITL")),
        ),
        (
            200,
            r#"{"result":{"allow":true,"deny":true,"reason":"no"}}"#,
            deny("no"),
        ),
        (
            200,
            r#"{"result":{"effect":"allow","allow":false}}"#,
            deny("Policy denied"),
        ),
        (200, r#"{"result":{"allow":"true"}}"#, deny("Policy denied")),
        (200, r#"{"result":{"reason":"no"}}"#, deny("no")),
        (200, r#"{"result":{}}"#, deny("Policy denied")),
        (
            200,
            r#"{"result":"allow"}"#,
            deny("Unsupported OPA result format"),
        ),
        (
            200,
            r#"{"result":null}"#,
            deny("Unsupported OPA result format"),
        ),
        (
            200,
            r#"{"result":[true]}"#,
            deny("Unsupported OPA result format"),
        ),
        (200, "{}", deny("OPA response does not contain 'result'")),
        (200, "[]", deny("OPA response does not contain 'result'")),
        (200, "", deny("OPA response is not JSON")),
        (200, "{\"result\":true", deny("OPA response is not JSON")),
        (204, "", deny("OPA response is not JSON")),
        (
            500,
            r#"{"result":true}"#,
            deny("OPA request failed with status code 500"),
        ),
        (
            302,
            r#"{"result":true}"#,
            deny("OPA request failed with status code 302"),
        ),
    ];
    let world = world();
    let (_, token) = world.agent();
    for (status, answer, (expected, reason)) in cases {
        world.wait(1);
        let (got, body) = decided(&world, &token, status, answer);
        assert_eq!(got, expected, "{status} {answer}: {body}");
        if let Some(reason) = reason {
            let told = body.get("detail").or(body.get("reason"));
            assert_eq!(told, Some(&json!(reason)), "{status} {answer}");
            assert_eq!(world.audit()[0]["reason"], reason, "{status} {answer}");
        }
        assert_eq!(asked(&world).len(), 1, "{answer}");
    }
}

#[test]
fn a_rule_that_is_named_stands_in_the_answer() {
    let world = world();
    let (_, token) = world.agent();
    let answer = r#"{"result":{"deny":true,"rule":"no-writes","reason":"no"}}"#;
    let (_, body) = decided(&world, &token, 200, answer);
    assert_eq!(
        (&body["rule"], &body["stage"]),
        (&json!("no-writes"), &json!("policy"))
    );
}

/// OB §23.9: the server got the agent's bearer token. It is told all else.
#[test]
fn defect_9_the_server_is_told_of_the_request_without_the_token() {
    let world = world();
    let (id, token) = world.agent();
    for policy in [None, Some("p")] {
        if let Some(name) = policy {
            let document = format!(r#"{{"name":"{name}","default":"Deny"}}"#);
            world.policies(&[("p.json", &document)]);
            world.assign(&id, name);
        }
        let (status, _) = decided(&world, &token, 200, r#"{"result":true}"#);
        assert_eq!(status, 201, "the server decides, not the policy");
        let asked = asked(&world).remove(0);
        assert_eq!(asked.method, "POST");
        assert_eq!(asked.headers["content-type"], "application/json");
        assert!(!asked.headers.contains_key("authorization"));
        let text = String::from_utf8(asked.body).unwrap();
        assert!(!text.contains(&token) && !text.contains("hush"), "{text}");
        let question: Value = serde_json::from_str(&text).unwrap();
        let input = &question["input"];
        assert_eq!(input["method"], "POST");
        assert_eq!(input["path"], "/a?x=1");
        assert_eq!(input["targetUrl"], "http://api.example/a?x=1");
        assert_eq!(input["body"], r#"{"n":1}"#);
        assert_eq!(input["headers"]["x-twice"], json!(["1", "2"]));
        assert_eq!(input["headers"]["cookie"], "[masked]");
        assert!(input["headers"].get("authorization").is_none());
        assert_eq!(input["agent"]["id"], id);
        assert!(input["agent"]["trust_score"].is_number());
        assert_eq!(input["policyName"], json!(policy));
        assert!(input["risk"]["score"].is_number());
    }
}

/// OB §23.20: an outage of the server was a 500.
#[test]
fn defect_20_an_outage_is_a_denial_that_is_recorded() {
    let world = world();
    let (_, token) = world.agent();
    for error in [
        UpstreamError::Unreachable("refused by 10.0.0.7".to_owned()),
        UpstreamError::Prohibited("10.0.0.7".to_owned()),
    ] {
        world.wait(1);
        world.upstream_fails.replace(Some(error));
        let (status, body) = decided(&world, &token, 200, "");
        assert_eq!(
            (status, &body["detail"]),
            (403, &json!("OPA cannot be reached"))
        );
        let row = &world.audit()[0];
        assert_eq!(
            (&row["decisionType"], &row["reason"]),
            (&json!("Deny"), &json!("OPA cannot be reached"))
        );
        // What it is inside is for the log.
        assert!(!body.to_string().contains("10.0.0.7"), "{body}");
        assert!(
            world
                .log
                .borrow()
                .iter()
                .any(|line| line.contains("10.0.0.7"))
        );
    }
    world.upstream_fails.replace(None);
    assert_eq!(decided(&world, &token, 200, r#"{"result":true}"#).0, 201);
}

#[test]
fn an_answer_that_is_too_long_is_a_denial() {
    let world = world();
    let (_, token) = world.agent();
    let answer = format!(r#"{{"result":true,"more":"{}"}}"#, "x".repeat(64 * 1024));
    let (status, body) = decided(&world, &token, 200, &answer);
    assert_eq!(
        (status, &body["detail"]),
        (403, &json!("OPA cannot be reached"))
    );
}

#[test]
fn a_target_that_may_not_be_reached_is_refused_without_asking() {
    let world = world();
    let (_, token) = world.agent();
    let (status, _) = world.ask(&token, "GET", "/proxy/http://127.0.0.1/", "");
    assert_eq!(status.as_u16(), 403);
    assert!(asked(&world).is_empty());
}

#[test]
fn a_dry_run_does_not_ask_the_server() {
    let world = world();
    let request = r#""request":{"method":"GET","url":"http://api.example/"}"#;
    let (status, answer) = world.manage("POST", "/decisions/evaluate", &format!("{{{request}}}"));
    assert_eq!(status.as_u16(), 200, "{answer}");
    assert_eq!(
        (&answer["outcome"], &answer["needs"]),
        (&json!("Undecided"), &json!(["policyServer"]))
    );
    let draft = format!(r#"{{"policy":{{"name":"p","default":"Deny"}},{request}}}"#);
    let (_, answer) = world.manage("POST", "/decisions/evaluate", &draft);
    assert_eq!(answer["outcome"], "Deny", "{answer}");
    assert!(
        answer["notes"][0].as_str().unwrap().contains("Opa"),
        "{answer}"
    );
    assert!(world.reached.borrow().is_empty());
}

#[test]
fn nothing_that_a_server_writes_begins_a_line_or_steers_a_terminal() {
    let world = world();
    let (_, token) = world.agent();
    let answer =
        r#"{"result":{"deny":true,"rule":"a\r\nb","reason":"no\nforged\u001b[2J\u0085\u2028"}}"#;
    let (_, body) = decided(&world, &token, 200, answer);
    let reason = "no\u{fffd}forged\u{fffd}[2J\u{fffd}\u{fffd}";
    assert_eq!(body["detail"], reason);
    assert_eq!(body["rule"], "a\u{fffd}\u{fffd}b");
    assert_eq!(world.audit()[0]["reason"], reason);
}

#[test]
fn a_line_of_the_log_is_one_line() {
    let world = World::new();
    let (_, token) = world.agent();
    let text = "down\r\nforged\u{1b}[2J\u{85}\u{2028}".to_owned();
    for error in [
        UpstreamError::NotSent(text.clone()),
        UpstreamError::Prohibited(text),
    ] {
        world.upstream_fails.replace(Some(error));
        let request = Request::get("/proxy/http://api.example/a")
            .header("authorization", format!("Bearer {token}"));
        world.send(request.body(Vec::new()).unwrap());
    }
    let log = world.log.borrow();
    let told = "down\u{fffd}\u{fffd}forged\u{fffd}[2J\u{fffd}\u{fffd}";
    assert!(log.iter().all(|line| line.contains(told)), "{log:?}");
    assert_eq!(log.len(), 2, "{log:?}");
}
