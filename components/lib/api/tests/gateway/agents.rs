//! Agents: their states, secrets, limits; how they are changed and found.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::world::{ADMIN, World};

const UNKNOWN: &str = "018f4d2e-7c1b-7a3d-9e5f-0123456789ab";

/// The secret of [`World::agent`].
const SECRET: &str = "a secret of enough length";

fn token(world: &World, id: &str, secret: &str) -> Option<String> {
    let body = json!({ "agentId": id, "clientSecret": secret }).to_string();
    let (status, answer) = world.manage("POST", "/tokens", &body);
    let token = answer["accessToken"].as_str().map(str::to_owned);
    assert_eq!(token.is_some(), status == StatusCode::OK, "{answer}");
    token
}

fn call(world: &World, token: &str) -> u16 {
    let (status, _) = world.ask(token, "GET", "/proxy/http://api.example/", "");
    status.as_u16()
}

#[test]
fn name_and_owner_are_changed_and_nothing_else() {
    let world = World::new();
    let (id, _) = world.agent();
    let path = format!("/agents/{id}");
    let (_, before) = world.manage("GET", &path, "");
    world.wait(1);
    let cases = [
        (r#"{"name":"new"}"#, "new", json!(null)),
        (r#"{"ownerId":"o"}"#, "new", json!("o")),
        (r#"{"name":"newer","ownerId":null}"#, "newer", json!(null)),
    ];
    for (body, name, owner) in cases {
        let (status, changed) = world.manage("PATCH", &path, body);
        assert_eq!(status, StatusCode::OK, "{changed}");
        assert_eq!(
            (&changed["name"], &changed["ownerId"]),
            (&name.into(), &owner)
        );
        assert_eq!(changed["updatedAt"], "2023-11-15T12:00:01.000000Z");
        let (_, shown) = world.manage("GET", &path, "");
        for field in ["agentId", "status", "policyName", "trustScore", "createdAt"] {
            assert_eq!(shown[field], before[field], "{field}");
        }
        assert_eq!(shown["name"], name);
    }
}

#[test]
fn names_and_owners_are_1_to_128_characters_without_white_space_at_the_ends() {
    let world = World::new();
    let (id, _) = world.agent();
    let long = "ä".repeat(128);
    let cases = [
        ("x", true),
        ("Ägent 😀", true),
        (&long, true),
        (&format!("{long}ä"), false),
        ("", false),
        (" ", false),
        (" x", false),
        ("x ", false),
        ("x\u{a0}", false),
        ("x\ny", false),
        ("x\u{7f}", false),
    ];
    for (name, good) in cases {
        let requests = [
            ("POST", "/agents".to_owned(), json!({ "name": name })),
            (
                "POST",
                "/agents".to_owned(),
                json!({ "name": "a", "ownerId": name }),
            ),
            ("PATCH", format!("/agents/{id}"), json!({ "name": name })),
            ("PATCH", format!("/agents/{id}"), json!({ "ownerId": name })),
        ];
        for (method, path, body) in requests {
            let (status, answer) = world.manage(method, &path, &body.to_string());
            assert_eq!(status.is_success(), good, "{method} {body}: {answer}");
            assert!(good || status == StatusCode::BAD_REQUEST, "{method} {body}");
        }
    }
    for body in [
        r#"{}"#,
        r#"{"name":null}"#,
        r#"{"name":7}"#,
        r#"{"status":"Active"}"#,
    ] {
        let (status, _) = world.manage("PATCH", &format!("/agents/{id}"), body);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }
}

#[test]
fn an_agent_goes_from_every_state_to_every_other_but_not_back_from_deleted() {
    let steps = [
        ("quarantine", "Quarantined"),
        ("revoke", "Revoked"),
        ("activate", "Active"),
    ];
    let world = World::new();
    let (id, _) = world.agent();
    for (first, _) in steps {
        for (second, status) in steps {
            world.manage("POST", &format!("/agents/{id}/{first}"), "");
            for _ in 0..2 {
                let (got, agent) = world.manage("POST", &format!("/agents/{id}/{second}"), "");
                assert_eq!(got, StatusCode::OK, "{first} {second}");
                assert_eq!(agent["status"], status, "{first} {second}");
            }
        }
    }
    world.manage("DELETE", &format!("/agents/{id}"), "");
    for (step, _) in steps {
        for id in [&id, UNKNOWN] {
            let (status, problem) = world.manage("POST", &format!("/agents/{id}/{step}"), "");
            assert_eq!(status, StatusCode::NOT_FOUND, "{step}");
            assert_eq!(problem["errorCode"], "VEC501002");
        }
    }
}

#[test]
fn a_state_holds_for_tokens_that_are_out_already() {
    let world = World::new();
    let (id, token) = world.agent();
    for (step, status) in [("quarantine", 403), ("activate", 201), ("revoke", 403)] {
        world.manage("POST", &format!("/agents/{id}/{step}"), "");
        assert_eq!(call(&world, &token), status, "{step}");
    }
    world.manage("POST", &format!("/agents/{id}/activate"), "");
    world.manage("DELETE", &format!("/agents/{id}"), "");
    assert_eq!(call(&world, &token), 403);
}

#[test]
fn a_limit_is_set_shown_and_taken_away() {
    let world = World::new();
    let (id, token) = world.agent();
    let path = format!("/agents/{id}/limit");
    let (status, agent) = world.manage("PUT", &path, r#"{"requestsPerMinute":1}"#);
    assert_eq!(status, StatusCode::OK, "{agent}");
    assert_eq!(agent["requestsPerMinute"], 1);
    let (_, shown) = world.manage("GET", &format!("/agents/{id}"), "");
    assert_eq!(shown, agent);
    assert_eq!(call(&world, &token), 201);
    assert_eq!(call(&world, &token), 429);

    let (_, refusals) = world.manage("GET", &format!("/audit/refusals?agentId={id}"), "");
    let expected = json!([{
        "agentId": id, "minute": "2023-11-15T12:00:00.000000Z", "requests": 1, "refused": 1,
    }]);
    assert_eq!(refusals["items"], expected);
    let (_, others) = world.manage("GET", &format!("/audit/refusals?agentId={UNKNOWN}"), "");
    assert_eq!(others["items"], json!([]));

    let (_, agent) = world.manage("PUT", &path, r#"{"requestsPerMinute":null}"#);
    assert_eq!(agent["requestsPerMinute"], Value::Null);
    assert_eq!(call(&world, &token), 201);
    for body in [
        "{}",
        r#"{"requestsPerMinute":-1}"#,
        r#"{"requestsPerMinute":1.5}"#,
        r#"{"requestsPerMinute":"7"}"#,
        r#"{"requestsPerMinute":1000001}"#,
    ] {
        let (status, problem) = world.manage("PUT", &path, body);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(problem["errors"]["requestsPerMinute"].is_array(), "{body}");
    }
    let path = format!("/agents/{UNKNOWN}/limit");
    let (status, _) = world.manage("PUT", &path, r#"{"requestsPerMinute":1}"#);
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[test]
fn a_new_secret_ends_the_old_one_and_every_token_at_once() {
    let world = World::new();
    let (id, old) = world.agent();
    world.wait(1);
    let (status, made) = world.manage("POST", &format!("/agents/{id}/secret"), "{}");
    assert_eq!(status, StatusCode::OK, "{made}");
    assert_eq!(made["formerSecretUntil"], Value::Null);
    let secret = made["clientSecret"].as_str().unwrap();
    assert_eq!(call(&world, &old), 401);
    assert_eq!(token(&world, &id, SECRET), None);
    world.wait(1);
    let token = token(&world, &id, secret).unwrap();
    assert_eq!(call(&world, &token), 201);
    let (_, shown) = world.manage("GET", &format!("/agents/{id}"), "");
    assert_eq!(shown["tokensNotBefore"], "2023-11-15T12:00:01.000000Z");
}

#[test]
fn with_an_overlap_both_secrets_work_for_a_while() {
    let world = World::new();
    let (id, old) = world.agent();
    world.wait(1);
    let body = r#"{"clientSecret":"another secret, also long","overlapSeconds":60}"#;
    let (status, made) = world.manage("POST", &format!("/agents/{id}/secret"), body);
    assert_eq!(status, StatusCode::OK, "{made}");
    assert_eq!(made["formerSecretUntil"], "2023-11-15T12:01:01.000000Z");
    assert_eq!(made.get("clientSecret"), None);
    assert_eq!(call(&world, &old), 201);
    assert!(token(&world, &id, SECRET).is_some());
    assert!(token(&world, &id, "another secret, also long").is_some());
    world.wait(60);
    assert_eq!(token(&world, &id, SECRET), None);
    assert!(token(&world, &id, "another secret, also long").is_some());
}

#[test]
fn tokens_are_ended_without_a_new_secret() {
    let world = World::new();
    let (id, old) = world.agent();
    world.wait(1);
    let (status, _) = world.manage("DELETE", &format!("/agents/{id}/tokens"), "");
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(call(&world, &old), 401);
    world.wait(1);
    let new = token(&world, &id, SECRET).unwrap();
    assert_eq!(call(&world, &new), 201);
    let (status, _) = world.manage("DELETE", &format!("/agents/{UNKNOWN}/tokens"), "");
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[test]
fn an_ended_token_shows_no_held_request() {
    let world = World::new();
    let (id, token) = world.agent();
    let path = format!("/hitls/{UNKNOWN}");
    assert_eq!(world.ask(&token, "GET", &path, "").0, StatusCode::NOT_FOUND);
    world.wait(1);
    world.manage("DELETE", &format!("/agents/{id}/tokens"), "");
    assert_eq!(
        world.ask(&token, "GET", &path, "").0,
        StatusCode::UNAUTHORIZED
    );
}

#[test]
fn secrets_that_could_be_guessed_or_cut_off_are_refused() {
    let world = World::new();
    let (id, _) = world.agent();
    let cases = [
        "fifteen letters",
        "aaaaaaaaaaaaaaaaaaaa",
        "abababababababababab",
        "the-ROBOT-says-hello",
        &format!("{id}!"),
        &"é".repeat(40),
        &"0123456789".repeat(8),
        "a secret\twith a tab in it",
    ];
    for secret in cases {
        let body = json!({ "clientSecret": secret }).to_string();
        let path = format!("/agents/{id}/secret");
        let (status, problem) = world.manage("POST", &path, &body);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{secret}");
        assert!(problem["errors"]["clientSecret"].is_array(), "{problem}");
        assert!(!problem.to_string().contains(secret), "{problem}");
    }
    let body = json!({ "name": "robot", "clientSecret": "the-ROBOT-says-hello" });
    let (status, _) = world.manage("POST", "/agents", &body.to_string());
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(token(&world, &id, SECRET).is_some());
    let (status, _) = world.manage("POST", &format!("/agents/{UNKNOWN}/secret"), "{}");
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[test]
fn an_answer_with_a_secret_is_not_to_be_stored() {
    let world = World::new();
    let (id, _) = world.agent();
    let requests = [
        ("/agents".to_owned(), r#"{"name":"new"}"#),
        (format!("/agents/{id}/secret"), "{}"),
        ("/operators".to_owned(), r#"{"name":"new","role":"Admin"}"#),
    ];
    for (path, body) in requests {
        let request = Request::post(&path)
            .header("authorization", format!("Bearer {ADMIN}"))
            .header("content-type", "application/json");
        let response = world.send(request.body(Vec::from(body)).unwrap());
        assert!(response.status().is_success(), "{path}");
        assert_eq!(response.headers()["cache-control"], "no-store", "{path}");
    }
}

#[test]
fn agents_are_found_by_name_owner_policy_and_state() {
    let world = World::new();
    world.policies(&[("p.json", r#"{"name":"p","default":"Allow","rules":[]}"#)]);
    let register = |name: &str, owner: &str| {
        let body = json!({ "name": name, "ownerId": owner }).to_string();
        let (_, agent) = world.manage("POST", "/agents", &body);
        agent["agentId"].as_str().unwrap().to_owned()
    };
    let (first, second) = (register("a b", "o"), register("a b", "other"));
    let third = register("c", "o");
    world.assign(&first, "p");
    world.assign(&third, "p");
    world.manage("POST", &format!("/agents/{third}/quarantine"), "");
    let cases: [(&str, &[&String]); 8] = [
        ("name=a+b", &[&first, &second]),
        ("name=a%20b&ownerId=o", &[&first]),
        ("name=a", &[]),
        ("policyName=p", &[&first, &third]),
        ("policyName=P", &[]),
        ("policyName=p&status=Quarantined", &[&third]),
        ("ownerId=o", &[&first, &third]),
        ("status=Deleted", &[]),
    ];
    for (query, expected) in cases {
        let (status, page) = world.manage("GET", &format!("/agents?{query}"), "");
        assert_eq!(status, StatusCode::OK, "{query}: {page}");
        let mut ids: Vec<&str> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|agent| agent["agentId"].as_str().unwrap())
            .collect();
        ids.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(ids, expected, "{query}");
    }
}
