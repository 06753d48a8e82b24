//! `POST /tokens` in both its forms, and the keys that tokens are signed with.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use vectra_api::settings::PathLimit;

use crate::world::{TOKEN_SECRET, World};

const UNKNOWN: &str = "018f4d2e-7c1b-7a3d-9e5f-0123456789ab";
const SECRET: &str = "a secret of enough length";
const FORM: &str = "application/x-www-form-urlencoded";

fn post(world: &World, kind: &str, headers: &[(&str, &str)], body: &str) -> Response<Vec<u8>> {
    let mut request = Request::post("/tokens").header("content-type", kind);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(body.as_bytes().to_vec()).unwrap())
}

fn by_json(world: &World, id: &str, secret: &str) -> Response<Vec<u8>> {
    let body = json!({ "agentId": id, "clientSecret": secret }).to_string();
    post(world, "application/json", &[], &body)
}

fn by_form(world: &World, id: &str, secret: &str) -> Response<Vec<u8>> {
    let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    post(world, FORM, &[], &body.replace(' ', "+"))
}

fn value(response: &Response<Vec<u8>>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

fn proxied(world: &World, token: &str) -> StatusCode {
    let request = Request::get("/proxy/http://api.example/")
        .header("vectra-authorization", format!("Bearer {token}"));
    world.send(request.body(Vec::new()).unwrap()).status()
}

fn registered(world: &World, secret: &str) -> String {
    let body = json!({ "name": "robot", "clientSecret": secret }).to_string();
    let (status, agent) = world.manage("POST", "/agents", &body);
    assert_eq!(status, StatusCode::CREATED, "{agent}");
    agent["agentId"].as_str().unwrap().to_owned()
}

/// All of an answer that could tell something.
fn seen(response: &Response<Vec<u8>>) -> (StatusCode, String, String) {
    let mut headers = response.headers().clone();
    // Another one each time.
    assert!(headers.remove("x-request-id").is_some());
    let headers = format!("{headers:?}");
    let body = String::from_utf8(response.body().clone()).unwrap();
    (response.status(), headers, body)
}

/// OB §23.10: 404 and 401 told which agents there are.
#[test]
fn defect_10_agents_cannot_be_enumerated() {
    for ask in [by_json, by_form] {
        let world = World::new();
        let id = registered(&world, SECRET);
        let shut_out = |step: &str| {
            let id = registered(&world, SECRET);
            world.manage("POST", &format!("/agents/{id}/{step}"), "");
            id
        };
        let (quarantined, revoked) = (shut_out("quarantine"), shut_out("revoke"));
        let deleted = registered(&world, SECRET);
        world.manage("DELETE", &format!("/agents/{deleted}"), "");
        let rotated = registered(&world, SECRET);
        let body = r#"{"overlapSeconds":1}"#;
        world.manage("POST", &format!("/agents/{rotated}/secret"), body);
        world.wait(1);

        let too_long = "x".repeat(73);
        let endless = "x".repeat(50_000);
        let cases = [
            (&*id, "wrong"),
            (&*id, ""),
            (&*id, &*too_long),
            (&*id, &*endless),
            (&*quarantined, SECRET),
            (&*revoked, SECRET),
            (&*deleted, SECRET),
            (&*rotated, SECRET),
            (UNKNOWN, SECRET),
            ("00000000-0000-0000-0000-000000000000", SECRET),
            ("robot", SECRET),
            ("0", SECRET),
            (&*endless, SECRET),
        ];
        world.database.calls();
        let first = seen(&ask(&world, UNKNOWN, "wrong"));
        assert_eq!(first.0, StatusCode::UNAUTHORIZED);
        let calls = world.database.calls();
        let work = [
            "agents.find",
            "access.find",
            "lockouts.find",
            "lockouts.fail",
        ];
        assert_eq!(calls, work);
        for (id, secret) in cases {
            assert_eq!(
                seen(&ask(&world, id, secret)),
                first,
                "{id:.40} {secret:.80}"
            );
            assert_eq!(world.database.calls(), calls, "{id:.40} {secret:.80}");
        }
        // Locked out, with the right secret.
        for _ in 0..20 {
            ask(&world, &id, "wrong");
        }
        world.database.calls();
        assert_eq!(seen(&ask(&world, &id, SECRET)), first);
        assert_eq!(world.database.calls(), calls);
    }
}

/// OB §23.10: bcrypt read 72 bytes of a secret and nobody said so.
#[test]
fn defect_10_a_secret_counts_to_its_last_byte() {
    let world = World::new();
    let secret = "0123456789abcdef".repeat(4) + "12345678";
    assert_eq!(secret.len(), 72);
    let cut = secret.get(..71).unwrap();
    let id = registered(&world, &secret);
    assert_eq!(by_json(&world, &id, &secret).status(), StatusCode::OK);
    assert_eq!(by_form(&world, &id, &secret).status(), StatusCode::OK);
    for wrong in [cut, &format!("{cut}9"), &format!("{secret}9")] {
        let status = by_json(&world, &id, wrong).status();
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{wrong}");
    }
}

/// OB §23.10: one symmetric key for ever.
#[test]
fn defect_10_keys_of_tokens_are_rotated_without_a_gap() {
    let world = World::new();
    let id = registered(&world, SECRET);
    let token = || {
        let answer = value(&by_json(&world, &id, SECRET));
        answer["accessToken"].as_str().unwrap().to_owned()
    };
    let seed = format!("ed25519:{}", URL_SAFE_NO_PAD.encode([7; 32]));
    let old = token();
    // Below the present key, then above it, then alone.
    for (lines, old_holds) in [
        (format!("{TOKEN_SECRET}\n{seed}"), true),
        (format!("{seed}\n{TOKEN_SECRET}"), true),
        (seed.clone(), false),
    ] {
        world.token_secret.replace(lines.clone());
        let new = token();
        assert_eq!(proxied(&world, &new), StatusCode::CREATED, "{lines}");
        let expected = if old_holds {
            StatusCode::CREATED
        } else {
            StatusCode::UNAUTHORIZED
        };
        assert_eq!(proxied(&world, &old), expected, "{lines}");
    }
    // Another gateway may hold what only verifies.
    let last = token();
    let public = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key();
    let public = format!("ed25519-public:{}", STANDARD.encode(public));
    world.token_secret.replace(public);
    assert_eq!(proxied(&world, &last), StatusCode::CREATED);
    let answer = by_json(&world, &id, SECRET);
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[test]
fn a_key_that_is_none_is_named_in_the_log_by_its_line() {
    let world = World::new();
    let id = registered(&world, SECRET);
    let point = format!("ed25519-public:{}", URL_SAFE_NO_PAD.encode([0; 32]));
    for (lines, expected) in [
        (
            format!("{TOKEN_SECRET}\nm4rked"),
            "line 2 of `token_secret` is shorter",
        ),
        (
            format!("{TOKEN_SECRET}\n\n{point}"),
            "line 3 of `token_secret` is not an Ed25519",
        ),
        (String::new(), "line 1 of `token_secret` must be a key"),
    ] {
        world.token_secret.replace(lines);
        let answer = by_json(&world, &id, SECRET);
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let log = world.log.take().join("\n");
        assert!(log.contains(expected), "{log}");
        assert!(!log.contains("m4rked") && !log.contains(&point), "{log}");
        assert!(!String::from_utf8_lossy(answer.body()).contains("token_secret"));
    }
}

#[test]
fn any_oauth_client_gets_a_token() {
    let world = World::new();
    let id = registered(&world, SECRET);
    let basic = format!(
        "Basic {}",
        STANDARD.encode(format!("{id}:{}", SECRET.replace(' ', "%20")))
    );
    let grant = "grant_type=client_credentials";
    let in_body = format!(
        "{grant}&client_id={id}&client_secret={}",
        SECRET.replace(' ', "+")
    );
    let utf8 = format!("{FORM};charset=UTF-8");
    for (kind, headers, body) in [
        (FORM, vec![], &*in_body),
        (
            &*utf8,
            vec![("authorization", "Bearer vop_whatever")],
            &*in_body,
        ),
        (FORM, vec![("authorization", &*basic)], grant),
    ] {
        let response = post(&world, kind, &headers, body);
        assert_eq!(response.status(), StatusCode::OK, "{headers:?}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["pragma"], "no-cache");
        assert_eq!(response.headers()["content-type"], "application/json");
        let answer = value(&response);
        assert_eq!(
            (&answer["token_type"], &answer["expires_in"]),
            (&json!("Bearer"), &json!(900))
        );
        let token = answer["access_token"].as_str().unwrap();
        assert_eq!(proxied(&world, token), StatusCode::CREATED);
    }
}

#[test]
fn errors_of_the_oauth_form_are_those_of_rfc_6749() {
    let world = World::new();
    let id = registered(&world, SECRET);
    let basic = format!("Basic {}", STANDARD.encode(format!("{id}:wrong")));
    let client = format!("client_id={id}&client_secret=wrong");
    let cases = [
        (None, client.clone(), 400, "invalid_request"),
        (
            None,
            format!("grant_type=password&{client}"),
            400,
            "unsupported_grant_type",
        ),
        (
            None,
            format!("grant_type=client_credentials&{client}&scope=x"),
            400,
            "invalid_scope",
        ),
        (
            None,
            format!("grant_type=client_credentials&{client}&{client}"),
            400,
            "invalid_request",
        ),
        (
            Some(&basic),
            format!("grant_type=client_credentials&{client}"),
            400,
            "invalid_request",
        ),
        (
            None,
            "grant_type=client_credentials".to_owned(),
            401,
            "invalid_client",
        ),
        (
            None,
            format!("grant_type=client_credentials&{client}"),
            401,
            "invalid_client",
        ),
        (
            Some(&basic),
            "grant_type=client_credentials".to_owned(),
            401,
            "invalid_client",
        ),
    ];
    for (authorization, body, status, error) in cases {
        let headers: Vec<_> = authorization
            .iter()
            .map(|value| ("authorization", value.as_str()))
            .collect();
        let response = post(&world, FORM, &headers, &body);
        let answer = value(&response);
        let got = (
            response.status().as_u16(),
            answer["error"].as_str().unwrap(),
        );
        assert_eq!(got, (status, error), "{body}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let challenged = response
            .headers()
            .get("www-authenticate")
            .is_some_and(|challenge| challenge.to_str().unwrap().starts_with("Basic "));
        assert_eq!(challenged, status == 401, "{body}");
    }
}

#[test]
fn a_former_secret_gets_tokens_while_it_overlaps() {
    let world = World::new();
    let id = registered(&world, SECRET);
    let body = r#"{"overlapSeconds":60}"#;
    let (status, rotated) = world.manage("POST", &format!("/agents/{id}/secret"), body);
    assert_eq!(status, StatusCode::OK, "{rotated}");
    let new = rotated["clientSecret"].as_str().unwrap();
    for (seconds, expected) in [(59, StatusCode::OK), (1, StatusCode::UNAUTHORIZED)] {
        world.wait(seconds);
        assert_eq!(by_json(&world, &id, SECRET).status(), expected);
        assert_eq!(by_json(&world, &id, new).status(), StatusCode::OK);
    }
}

#[test]
fn an_id_that_no_text_may_be_fails_like_any_other() {
    let world = World::new();
    let wrong = seen(&by_json(&world, UNKNOWN, SECRET));
    assert_eq!(wrong.0, StatusCode::UNAUTHORIZED);
    for id in ["a\u{0}b", "\u{1b}[31m", "a\nb", "\u{85}", ""] {
        assert_eq!(seen(&by_json(&world, id, SECRET)), wrong, "{id:?}");
    }
}

/// `exp` is a whole second, and bcrypt takes a while.
#[test]
fn expires_in_is_what_is_left() {
    let world = World::new();
    let id = registered(&world, SECRET);
    world.now.set(world.now.get() + 1);
    let answer = value(&by_form(&world, &id, SECRET));
    assert_eq!(answer["expires_in"], 899);
}

#[test]
fn a_request_that_is_none_is_told_what_is_wrong() {
    let world = World::new();
    let cases = [
        ("application/json", "{}", 400, "VEC400001"),
        ("application/json", "{", 400, "VEC200003"),
        (
            "application/json",
            r#"{"agentId":7,"clientSecret":"x"}"#,
            400,
            "VEC400001",
        ),
        (
            "application/json",
            r#"{"agentId":"x","clientSecret":null}"#,
            400,
            "VEC400001",
        ),
        (
            "application/json",
            r#"{"agentId":"x","clientSecret":"x","x":1}"#,
            400,
            "VEC400001",
        ),
    ];
    for (kind, body, status, code) in cases {
        let response = post(&world, kind, &[], body);
        let got = (
            response.status().as_u16(),
            value(&response)["errorCode"].clone(),
        );
        assert_eq!(got, (status, json!(code)), "{body}");
    }
    assert_eq!(post(&world, "text/plain", &[], "x").status().as_u16(), 415);
    let large = "x".repeat(65 * 1024);
    assert_eq!(post(&world, FORM, &[], &large).status().as_u16(), 413);
}

#[test]
fn the_host_is_told_how_many_requests_for_tokens_to_have_under_way() {
    let limits = |config: &str| World::configured(config).settings().path_limits();
    let expected = |concurrent| {
        [PathLimit {
            prefix: "/tokens",
            concurrent,
        }]
    };
    assert_eq!(limits("{}"), expected(2));
    let config = r#"{"Security":{"AgentAuth":{"TokenConcurrency":"64"}}}"#;
    assert_eq!(limits(config), expected(64));
    for wrong in ["0", "65", "-1"] {
        let config = format!(r#"{{"Security":{{"AgentAuth":{{"TokenConcurrency":{wrong}}}}}}}"#);
        let (_, problems) = vectra_api::settings::read(&config, &World::new());
        assert_eq!(problems[0].key, "Security.AgentAuth.TokenConcurrency");
    }
}
