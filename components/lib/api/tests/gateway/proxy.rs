//! The way of a proxied request, and all the ways in which it must not go on.

use base64::Engine as _;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use http::{Request, Response, StatusCode};
use serde_json::Value;
use vectra_api::UpstreamError;
use vectra_domain::PersistenceError;
use vectra_domain::repository::{AuditRepository, HeldRequestRepository};

use crate::database::{Manner, Place};
use crate::world::{DATA_KEY, World};

const DENY_DELETE: &str = r#"{"name":"p","default":"Allow","rules":[
    {"name":"no-delete","effect":"Deny","reason":"never delete",
     "conditions":[{"field":"method","operator":"eq","value":"DELETE"}]},
    {"name":"ask","effect":"Hitl",
     "conditions":[{"field":"path","operator":"startswith","value":"/ask"}]}]}"#;

fn call(world: &World, token: &str, method: &str, target: &str) -> Response<Vec<u8>> {
    let request = Request::builder()
        .method(method)
        .uri(format!("/proxy/{target}"))
        .header("authorization", format!("Bearer {token}"));
    world.send(request.body(Vec::new()).unwrap())
}

fn problem(response: &Response<Vec<u8>>) -> Value {
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    serde_json::from_slice(response.body()).unwrap()
}

fn governed() -> (World, String, String) {
    let world = World::new();
    world.policies(&[("p.json", DENY_DELETE)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    (world, id, token)
}

#[test]
fn an_allowed_request_is_recorded_and_forwarded_as_it_was_sent() {
    let (world, id, token) = governed();
    let request = Request::builder()
        .method("POST")
        .uri("/proxy/http://api.example/a/%61?x=1&token=secret")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "text/plain")
        .header("x-twice", "1")
        .header("x-twice", "2");
    let response = world.send(request.body(b"bytes \xc3\xa9".to_vec()).unwrap());
    assert_eq!(response.status(), 201);
    assert_eq!(response.body(), b"from upstream");
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    assert!(!response.headers().contains_key("x-hop"));
    assert!(response.headers().contains_key("vectra-version"));

    let reached = world.reached.borrow();
    assert_eq!(reached.len(), 1);
    assert_eq!(reached[0].method, "POST");
    assert_eq!(reached[0].uri, "http://api.example/a/%61?x=1&token=secret");
    assert_eq!(reached[0].body, b"bytes \xc3\xa9");
    assert_eq!(reached[0].headers["content-type"], "text/plain");
    assert_eq!(reached[0].headers.get_all("x-twice").iter().count(), 2);
    assert!(!reached[0].headers.contains_key("authorization"));

    let audit = world.audit();
    assert_eq!(audit.len(), 1);
    assert_eq!(audit[0]["agentId"], id.as_str());
    assert_eq!(audit[0]["decisionType"], "Allow");
    assert_eq!(
        audit[0]["targetUrl"],
        "http://api.example/a/%61?x=1&token=***"
    );
    let row = audit[0]["auditId"].as_str().unwrap().parse().unwrap();
    let found = AuditRepository::find(&world.memory, row).unwrap();
    let explanation = found.unwrap().explanation;
    assert!(!explanation.contains("secret"), "{explanation}");
    let explanation: Value = serde_json::from_str(&explanation).unwrap();
    assert_eq!(explanation["policy"]["name"], "p");
    assert_eq!(explanation["risk"]["factors"].as_object().unwrap().len(), 6);
}

#[test]
fn a_denied_request_names_its_rule_and_goes_nowhere() {
    let (world, _, token) = governed();
    let response = call(&world, &token, "DELETE", "http://api.example/a");
    assert_eq!(response.status(), 403);
    let problem = problem(&response);
    assert_eq!(problem["detail"], "never delete");
    assert_eq!(problem["rule"], "no-delete");
    assert_eq!(problem["errorCode"], "VEC700001");
    assert!(world.reached.borrow().is_empty());
    assert_eq!(world.audit()[0]["decisionType"], "Deny");
}

#[test]
fn a_held_request_is_stored_so_that_only_the_key_opens_it() {
    let (world, id, token) = governed();
    let response = call(&world, &token, "GET", "http://api.example/ask?q=1");
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let held = location.strip_prefix("/hitls/").unwrap().parse().unwrap();
    assert!(world.reached.borrow().is_empty());

    let held = world.memory.find_sealed(held).unwrap().unwrap();
    let key = base64::engine::general_purpose::STANDARD
        .decode(DATA_KEY)
        .unwrap();
    let cipher = chacha20poly1305::XChaCha20Poly1305::new_from_slice(&key).unwrap();
    let (nonce, sealed) = held.sealed.split_at(24);
    let nonce = chacha20poly1305::XNonce::try_from(nonce).unwrap();
    let open = |aad: String| {
        cipher.decrypt(
            &nonce,
            Payload {
                msg: sealed,
                aad: aad.as_bytes(),
            },
        )
    };
    let audit = held.audit_id;
    let (created, expires) = (held.created_at, held.expires_at);
    let bound = format!("vectra-held-2:{}:{id}:{audit}:{created}:{expires}", held.id);
    let plain = open(bound).unwrap();
    let plain = String::from_utf8(plain).unwrap();
    let (envelope, form) = plain.split_once('\n').unwrap();
    let envelope: Value = serde_json::from_str(envelope).unwrap();
    assert_eq!(envelope["approvals"], 1);
    let form: Value = serde_json::from_str(form).unwrap();
    assert_eq!(form["url"], "http://api.example/ask?q=1");
    assert!(!form.to_string().contains("uthorization"));
    let other = format!(
        "vectra-held-2:{}:{audit}:{audit}:{created}:{expires}",
        held.id
    );
    assert!(open(other).is_err());

    // Its agent and an operator see it; another agent does not.
    let (status, shown) = world.manage("GET", &location, "");
    assert_eq!(
        (status, &shown["status"]),
        (StatusCode::OK, &Value::from("Pending"))
    );
    let poll = |token: &str| {
        let request = Request::get(&location).header("authorization", format!("Bearer {token}"));
        world.send(request.body(Vec::new()).unwrap()).status()
    };
    assert_eq!(poll(&token), StatusCode::OK);
    let (other_id, other) = world.agent();
    assert_eq!(poll(&other), StatusCode::NOT_FOUND);
    world.manage("DELETE", &format!("/agents/{other_id}"), "");
    assert_eq!(poll(&other), StatusCode::FORBIDDEN);
    world.now.set(world.now.get() + 3_600 * 1_000_000);
    let (_, shown) = world.manage("GET", &location, "");
    assert_eq!(shown["status"], "Expired");
}

#[test]
fn what_cannot_be_recorded_is_not_forwarded() {
    let failures = [
        PersistenceError::Unavailable("x".to_owned()),
        PersistenceError::Full("x".to_owned()),
        PersistenceError::Uncertain("x".to_owned()),
        PersistenceError::Other("x".to_owned()),
        PersistenceError::Conflict("x".to_owned()),
        PersistenceError::SchemaMissing,
    ];
    for failure in failures {
        let (world, _, token) = governed();
        world.database.fail(
            Place::Call("ledger.record"),
            failure.clone(),
            Manner::Before,
        );
        let response = call(&world, &token, "GET", "http://api.example/a");
        assert_eq!(response.status(), 503, "{failure}");
        assert_eq!(problem(&response)["errorCode"], "VEC300001");
        assert!(world.reached.borrow().is_empty(), "{failure}");
        assert!(world.audit().is_empty());
    }
}

#[test]
fn a_database_that_is_down_answers_503_and_forwards_nothing() {
    let (world, _, token) = governed();
    world.memory.fail(Some(PersistenceError::Unavailable(
        "secret detail".to_owned(),
    )));
    let response = call(&world, &token, "GET", "http://api.example/a");
    assert_eq!(response.status(), 503);
    assert!(!String::from_utf8_lossy(response.body()).contains("secret detail"));
    assert!(world.reached.borrow().is_empty());
}

#[test]
fn an_engine_that_never_decides_denies() {
    let (world, _, token) = governed();
    world.undecided.set(true);
    let response = call(&world, &token, "GET", "http://api.example/a");
    assert_eq!(response.status(), 403);
    assert!(world.reached.borrow().is_empty());
}

#[test]
fn a_missing_broken_or_retired_policy_denies() {
    for files in [&[][..], &[("p.json", "{")][..]] {
        let (world, _, token) = governed();
        world.policies(files);
        let response = call(&world, &token, "GET", "http://api.example/a");
        assert_eq!(response.status(), 403, "{files:?}");
        assert!(world.reached.borrow().is_empty());
        assert_eq!(world.audit()[0]["decisionType"], "Deny");
    }
}

#[test]
fn the_limit_refuses_until_the_next_minute() {
    let world = World::configured(r#"{"System":{"RateLimit":{"DefaultRequestsPerMinute":2}}}"#);
    let (_, token) = world.agent();
    world.now.set(world.now.get() + 15_000_000);
    let answers: Vec<u16> = (0..3)
        .map(|_| {
            call(&world, &token, "GET", "http://api.example/a")
                .status()
                .as_u16()
        })
        .collect();
    assert_eq!(answers, [201, 201, 429]);
    let refused = call(&world, &token, "GET", "http://api.example/a");
    assert_eq!(refused.headers()["retry-after"], "45");
    assert_eq!(world.audit().len(), 2);
    world.now.set(world.now.get() + 45_000_000);
    assert_eq!(
        call(&world, &token, "GET", "http://api.example/a").status(),
        201
    );
}

#[test]
fn agents_that_are_gone_and_tokens_that_are_none_get_nowhere() {
    let (world, id, token) = governed();
    let target = "http://api.example/a";
    assert_eq!(call(&world, "x.y.z", "GET", target).status(), 401);
    assert_eq!(
        call(&world, crate::world::ADMIN, "GET", target).status(),
        401
    );
    let (_, foreign) = World::new().agent();
    world.manage("DELETE", &format!("/agents/{id}"), "");
    assert_eq!(call(&world, &token, "GET", target).status(), 403);
    world.now.set(world.now.get() + 900 * 1_000_000);
    let expired = call(&world, &foreign, "GET", target);
    assert_eq!(
        (expired.status().as_u16(), &problem(&expired)["errorCode"]),
        (401, &"VEC800002".into())
    );
    assert!(world.reached.borrow().is_empty());
    assert!(world.audit().is_empty());
}

#[test]
fn targets_that_are_not_allowed_are_denied_and_recorded() {
    let (world, _, token) = governed();
    let response = call(&world, &token, "GET", "http://127.0.0.1:9/a");
    assert_eq!(response.status(), 403);
    assert_eq!(problem(&response)["stage"], "target");
    assert_eq!(world.audit()[0]["decisionType"], "Deny");
    let refused = UpstreamError::Prohibited("127.0.0.1".to_owned());
    world.upstream_fails.replace(Some(refused));
    assert_eq!(
        call(&world, &token, "GET", "http://rebound.example/").status(),
        403
    );
}

#[test]
fn an_upstream_that_cannot_be_reached_is_503() {
    let (world, _, token) = governed();
    world
        .upstream_fails
        .replace(Some(UpstreamError::Unreachable("inner".to_owned())));
    let response = call(&world, &token, "GET", "http://api.example/a");
    assert_eq!(response.status(), 503);
    assert_eq!(
        problem(&response)["detail"],
        "Upstream 'api.example' is unavailable."
    );
    assert!(!String::from_utf8_lossy(response.body()).contains("inner"));
}

#[test]
fn bodies_over_the_limit_and_encoded_bodies_do_not_pass() {
    let world = World::configured(r#"{"Proxy":{"MaxInspectedBody":8}}"#);
    let (_, token) = world.agent();
    let post = |body: &[u8], encoding: &str| {
        let request = Request::post("/proxy/http://api.example/a")
            .header("vectra-authorization", format!("Bearer {token}"))
            .header("authorization", "Basic mine")
            .header("content-encoding", encoding);
        world
            .send(request.body(body.to_vec()).unwrap())
            .status()
            .as_u16()
    };
    assert_eq!(post(b"12345678", "identity"), 201);
    assert_eq!(post(b"123456789", "identity"), 413);
    assert_eq!(post(b"1234", "gzip"), 403);
    let reached = world.reached.borrow();
    assert_eq!(reached.len(), 1);
    assert_eq!(reached[0].headers["authorization"], "Basic mine");
    assert!(!reached[0].headers.contains_key("vectra-authorization"));
}

#[test]
fn an_uninspected_target_streams_and_the_record_says_so() {
    let config = r#"{"Proxy":{"MaxInspectedBody":1,"UninspectedOrigins":["big.example:80"]}}"#;
    let world = World::configured(config);
    let (_, token) = world.agent();
    let request = Request::post("/proxy/http://big.example/a")
        .header("authorization", format!("Bearer {token}"))
        .header("content-length", "5");
    assert_eq!(
        world
            .send(request.body(b"12345".to_vec()).unwrap())
            .status(),
        201
    );
    assert_eq!(world.reached.borrow()[0].body, b"12345");
    let row = world.audit()[0]["auditId"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let found = AuditRepository::find(&world.memory, row).unwrap();
    let explanation = found.unwrap().explanation;
    assert!(
        explanation.contains(r#""kind":"uninspected","size":5"#),
        "{explanation}"
    );
}

#[test]
fn what_is_not_read_is_denied_where_it_would_be_held() {
    let config = r#"{"HumanInTheLoop":{"Threshold":0},
        "Proxy":{"UninspectedOrigins":["big.example:80"]}}"#;
    let world = World::configured(config);
    let (_, token) = world.agent();
    assert_eq!(
        call(&world, &token, "GET", "http://big.example/a").status(),
        403
    );
    world.wait(1);
    assert_eq!(
        call(&world, &token, "GET", "http://api.example/a").status(),
        202
    );
    assert_eq!(world.audit()[1]["decisionType"], "Deny");
}

#[test]
fn the_explanation_says_what_the_policy_looked_at() {
    let (world, _, token) = governed();
    call(&world, &token, "GET", "http://api.example/a?token=hidden");
    let row = world.audit()[0]["auditId"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let found = AuditRepository::find(&world.memory, row).unwrap();
    let explanation = found.unwrap().explanation;
    assert!(!explanation.contains("hidden"), "{explanation}");
    let explanation: Value = serde_json::from_str(&explanation).unwrap();
    // Method and path stand beside it, masked; the policy looked at no header but those
    // that may name another method.
    assert_eq!(explanation["input"]["method"], "GET");
    assert_eq!(explanation["input"]["path"], "/a?token=***");
    assert_eq!(explanation["input"]["masked"], true);
    assert_eq!(explanation["verdict"]["effect"], "Allow");
}

#[test]
fn other_spellings_of_a_denied_target_or_method_are_denied_too() {
    let policy = r#"{"name":"p","default":"Allow","rules":[
        {"name":"url","effect":"Deny",
         "conditions":[{"field":"targetUrl","operator":"startswith","value":"https://evil.example/"}]},
        {"name":"query","effect":"Deny",
         "conditions":[{"field":"targetUrl","operator":"contains","value":"admin=1"}]},
        {"name":"method","effect":"Deny",
         "conditions":[{"field":"method","operator":"eq","value":"DELETE"}]}]}"#;
    let world = World::new();
    world.policies(&[("p.json", policy)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    for target in [
        "https://evil.example/x",
        "https://evil.example",
        "https://evil.example?x=1",
        "https://evil.example:443/x",
        "HTTPS://EVIL.example/x",
        "http://h.example?%61dmin=1",
    ] {
        assert_eq!(
            call(&world, &token, "GET", target).status(),
            403,
            "{target}"
        );
    }
    let overriding = Request::post("/proxy/http://h.example/")
        .header("authorization", format!("Bearer {token}"))
        .header("x-http-method-override", "delete");
    assert_eq!(
        world.send(overriding.body(Vec::new()).unwrap()).status(),
        403
    );
    assert_eq!(
        call(&world, &token, "CONNECT", "http://h.example/").status(),
        400
    );
    assert!(world.reached.borrow().is_empty());
    assert_eq!(
        call(&world, &token, "GET", "https://good.example/x").status(),
        201
    );
}

#[test]
fn an_address_the_host_refuses_is_recorded_as_a_denial() {
    let (world, _, token) = governed();
    let refused = UpstreamError::Prohibited("127.0.0.1".to_owned());
    world.upstream_fails.replace(Some(refused));
    assert_eq!(
        call(&world, &token, "GET", "http://rebound.example/").status(),
        403
    );
    let mut kinds: Vec<Value> = world
        .audit()
        .iter()
        .map(|row| row["decisionType"].clone())
        .collect();
    kinds.sort_by_key(Value::to_string);
    assert_eq!(kinds, ["Allow", "Deny"]);
}

#[test]
fn what_a_body_holds_stands_in_no_record() {
    let policy = r#"{"name":"p","default":"Allow","rules":[{"name":"r","effect":"Deny",
        "conditions":[{"field":"body.password","operator":"eq","value":"x"}]}]}"#;
    let world = World::new();
    world.policies(&[("p.json", policy)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    let request = Request::post("/proxy/http://h.example/")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    let body = br#"{"password":"hunter2"}"#.to_vec();
    assert_eq!(world.send(request.body(body).unwrap()).status(), 201);
    let row = world.audit()[0]["auditId"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let found = AuditRepository::find(&world.memory, row).unwrap();
    let explanation = found.unwrap().explanation;
    assert!(!explanation.contains("hunter2"), "{explanation}");
    assert!(explanation.contains("body.password"), "{explanation}");
}

#[test]
fn a_governed_request_calls_the_database_twice_and_once_more_when_it_is_over() {
    let (world, _, token) = governed();
    for (method, expected) in [
        (
            "GET",
            &["ledger.load", "ledger.record", "audit.complete"][..],
        ),
        ("DELETE", &["ledger.load", "ledger.record"]),
    ] {
        world.database.calls();
        call(&world, &token, method, "http://api.example/a");
        assert_eq!(world.database.calls(), expected, "{method}");
    }
}
