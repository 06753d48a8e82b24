//! What decides beside policies: modes, trust, meaning.

use http::{Request, Response};
use serde_json::Value;
use vectra_decision::{Intent, IntentStatus};

use crate::world::World;

fn call(world: &World, token: &str, method: &str, path: &str, body: &str) -> Response<Vec<u8>> {
    let request = Request::builder()
        .method(method)
        .uri(format!("/proxy/http://api.example{path}"))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"));
    world.send(request.body(body.as_bytes().to_vec()).unwrap())
}

fn status(world: &World, token: &str, method: &str, path: &str) -> u16 {
    call(world, token, method, path, "").status().as_u16()
}

const DENY_DELETE: &str = r#"{"name":"p","default":"Allow","rules":[
    {"name":"no-delete","effect":"Deny","reason":"never delete",
     "conditions":[{"field":"method","operator":"eq","value":"DELETE"}]}]}"#;

fn says(label: &str, confidence: f64) -> Intent {
    Intent {
        label: label.to_owned(),
        confidence,
        status: IntentStatus::Classified,
        risk_tags: Vec::new(),
        explanation: None,
        model: Some("test 1".to_owned()),
    }
}

/// Config with meaning switched on.
fn semantic(more: &str) -> String {
    format!(r#"{{"Semantic":{{"Enabled":true{more}}}}}"#)
}

fn world_that_says(config: &str, intent: Intent) -> World {
    let world = World::configured(config);
    world.intent.replace(Some(intent));
    world
}

#[test]
fn in_shadow_mode_a_judgement_is_told_and_let_through() {
    for (config, policy) in [
        (r#"{"Decision":{"Mode":"Shadow"}}"#, DENY_DELETE.to_owned()),
        ("{}", DENY_DELETE.replacen('{', r#"{"mode":"Shadow","#, 1)),
    ] {
        let world = World::configured(config);
        world.policies(&[("p.json", &policy)]);
        let (id, token) = world.agent();
        world.assign(&id, "p");
        assert_eq!(status(&world, &token, "DELETE", "/a"), 201, "{config}");
        assert_eq!(world.reached.borrow().len(), 1);
        let row = &world.audit()[0];
        assert_eq!(row["decisionType"], "Allow");
        assert_eq!(row["reason"], "Shadow: would deny: never delete");
        // Nothing but what is judged is let through.
        let request = Request::builder()
            .uri("/proxy/http://127.0.0.1/")
            .header("authorization", format!("Bearer {token}"));
        assert_eq!(world.send(request.body(Vec::new()).unwrap()).status(), 403);
        let (_, agent) = world.manage("GET", &format!("/agents/{id}"), "");
        assert!(agent["trustScore"].as_f64().unwrap() < 0.5, "{agent}");
    }
}

#[test]
fn a_broken_or_missing_policy_denies_in_shadow_mode_too() {
    let world = World::configured(r#"{"Decision":{"Mode":"Shadow"}}"#);
    world.policies(&[("p.json", DENY_DELETE)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    world.policies(&[]);
    assert_eq!(status(&world, &token, "GET", "/a"), 403);
    assert!(world.reached.borrow().is_empty());
}

#[test]
fn an_agent_whose_trust_falls_below_the_floor_is_quarantined_until_an_operator_lifts_it() {
    let world = World::configured(
        r#"{"AgentQuarantine":{"Enabled":true,"TrustScoreFloor":0.4},"Trust":{"DenyRate":0.1}}"#,
    );
    world.policies(&[("p.json", DENY_DELETE)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    // 0.5, 0.45, 0.405, 0.3645.
    for _ in 0..3 {
        assert_eq!(status(&world, &token, "GET", "/a"), 201);
        assert_eq!(status(&world, &token, "DELETE", "/a"), 403);
    }
    let (_, agent) = world.manage("GET", &format!("/agents/{id}"), "");
    assert_eq!(agent["status"], "Quarantined", "{agent}");
    let rows = world.audit().len();
    assert_eq!(status(&world, &token, "GET", "/a"), 403);
    assert_eq!(world.audit().len(), rows, "nothing is decided about it");

    let (answer, agent) = world.manage("POST", &format!("/agents/{id}/activate"), "");
    assert_eq!(answer, 200, "{agent}");
    let (_, agent) = world.manage("GET", &format!("/agents/{id}"), "");
    assert_eq!(agent["trustScore"], 0.5);
    assert_eq!(status(&world, &token, "GET", "/a"), 201);
}

#[test]
fn without_a_floor_nobody_is_quarantined() {
    let world = World::configured(r#"{"Trust":{"DenyRate":1}}"#);
    world.policies(&[("p.json", DENY_DELETE)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    assert_eq!(status(&world, &token, "DELETE", "/a"), 403);
    assert_eq!(status(&world, &token, "GET", "/a"), 201);
}

#[test]
fn risk_is_weighed_and_searched_for_as_the_operator_says() {
    let world = World::configured(
        r#"{"Risk":{"Weights":{"Path":1,"Method":0,"AgentHistory":0,"TimeOfDay":0,"BodySize":0,
            "Anomaly":0},"PathPatterns":[{"Pattern":"/vault/*/keys","Score":0.9}]}}"#,
    );
    let (_, token) = world.agent();
    assert_eq!(status(&world, &token, "GET", "/admin/x"), 201);
    world.wait(1);
    assert_eq!(status(&world, &token, "GET", "/vault/7/keys"), 202);
    assert_eq!(world.audit()[0]["riskScore"], 0.9);
}

#[test]
fn defect_7_a_confident_label_decides() {
    for (label, confidence, status) in [
        ("read", 0.9, 201),
        ("harmful", 0.9, 403),
        ("harmful", 0.6, 202),
        ("bulk_export", 0.9, 202),
        ("write", 0.69, 202),
    ] {
        let world = world_that_says(&semantic(""), says(label, confidence));
        let (_, token) = world.agent();
        let response = call(&world, &token, "POST", "/a", r#"{"a":"b"}"#);
        assert_eq!(response.status(), status, "{label} {confidence}");
    }
}

#[test]
fn a_classification_that_fails_is_held_or_denied_and_never_kept() {
    for (config, expected) in [
        (semantic(""), 202),
        (semantic(r#","AllowLowConfidence":true"#), 202),
        (semantic(r#","OnFailure":"Deny""#), 403),
    ] {
        let failed = Intent {
            status: IntentStatus::Failed,
            ..says("read", 1.0)
        };
        let world = world_that_says(&config, failed);
        let (_, token) = world.agent();
        for asked in 1..=2 {
            assert_eq!(status(&world, &token, "GET", "/a"), expected, "{config}");
            assert_eq!(world.asked.borrow().len(), asked, "{config}");
        }
    }
}

#[test]
fn defect_5_answers_are_kept_by_all_that_was_asked() {
    let world = world_that_says(&semantic(""), says("read", 0.9));
    let (_, token) = world.agent();
    let asked = |method: &str, path: &str, body: &str| {
        let response = call(&world, &token, method, path, body);
        assert_eq!(response.status(), 201);
        world.asked.borrow().len()
    };
    assert_eq!(asked("POST", "/a", r#"{"x":1}"#), 1);
    assert_eq!(asked("POST", "/a", r#"{"x":1}"#), 1);
    assert_eq!(asked("POST", "/b", r#"{"x":1}"#), 2);
    assert_eq!(asked("PATCH", "/a", r#"{"x":1}"#), 3);
    assert_eq!(asked("POST", "/a", r#"{"x":2}"#), 4);
    assert_eq!(asked("POST", "/a", r#"{"x":1}"#), 4);
    world.fingerprint.replace("another model".to_owned());
    assert_eq!(asked("POST", "/a", r#"{"x":1}"#), 5);
    world.wait(86_401);
    let (_, token) = world.agent();
    assert_eq!(
        call(&world, &token, "POST", "/a", r#"{"x":1}"#).status(),
        201
    );
    assert_eq!(world.asked.borrow().len(), 6, "too old");
}

#[test]
fn a_policy_that_reads_the_meaning_has_it_asked_for_once() {
    let policy = r#"{"name":"p","default":"Allow","rules":[
        {"name":"no-exports","effect":"Deny",
         "conditions":[{"field":"intent.label","operator":"eq","value":"bulk_export"}]}]}"#;
    let world = world_that_says(&semantic(r#","CacheSeconds":0"#), says("bulk_export", 0.9));
    world.policies(&[("p.json", policy)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    let response = call(&world, &token, "POST", "/a", r#"{"x":1}"#);
    assert_eq!(response.status(), 403);
    let problem: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(problem["rule"], "no-exports");
    assert_eq!(world.asked.borrow().len(), 1);
    world.intent.replace(Some(says("read", 0.9)));
    assert_eq!(
        call(&world, &token, "POST", "/a", r#"{"x":1}"#).status(),
        201
    );
    assert_eq!(world.asked.borrow().len(), 2);
}

#[test]
fn a_policy_that_reads_the_meaning_denies_where_nobody_can_be_asked() {
    let policy = r#"{"name":"p","default":"Allow","rules":[
        {"name":"no-exports","effect":"Deny",
         "conditions":[{"field":"intent.label","operator":"eq","value":"bulk_export"}]}]}"#;
    let world = World::new();
    world.policies(&[("p.json", policy)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    assert_eq!(status(&world, &token, "GET", "/a"), 403);
    assert!(world.asked.borrow().is_empty());
}

#[test]
fn nobody_is_asked_about_a_request_over_its_limit() {
    let config = r#"{"Semantic":{"Enabled":true},
        "System":{"RateLimit":{"DefaultRequestsPerMinute":3}}}"#;
    let world = world_that_says(config, says("read", 0.9));
    let (_, token) = world.agent();
    for (nth, expected) in [(1, 201), (2, 201), (3, 201), (4, 429), (5, 429)] {
        let body = format!(r#"{{"x":{nth}}}"#);
        let response = call(&world, &token, "POST", "/a", &body);
        assert_eq!(response.status(), expected, "{nth}");
        assert_eq!(world.asked.borrow().len(), nth.min(3), "{nth}");
    }
    let (_, refusals) = world.manage("GET", "/audit/refusals", "");
    assert_eq!(refusals["items"][0]["refused"], 2, "{refusals}");
    assert_eq!(world.audit().len(), 3);
}

#[test]
fn the_meaning_of_a_body_that_is_not_read_is_not_believed() {
    let config = r#"{"Semantic":{"Enabled":true},
        "Proxy":{"UninspectedOrigins":["api.example:80"]}}"#;
    let world = world_that_says(config, says("read", 0.9));
    let (_, token) = world.agent();
    let response = call(&world, &token, "POST", "/a", r#"{"x":1}"#);
    assert_eq!(response.status(), 403, "what would be held and cannot be");
    assert!(world.asked.borrow().is_empty());
}
