//! The management endpoints: shapes, refusals, paging.

use http::{Request, StatusCode};
use serde_json::Value;
use vectra_domain::PersistenceError;

use crate::world::World;

const UNKNOWN: &str = "018f4d2e-7c1b-7a3d-9e5f-0123456789ab";

#[test]
fn an_agent_is_registered_shown_listed_and_deleted() {
    let world = World::new();
    let (status, made) = world.manage("POST", "/agents", r#"{"name":"b","ownerId":"o"}"#);
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(
        (&made["status"], &made["trustScore"]),
        (&"Active".into(), &0.5.into())
    );
    let id = made["agentId"].as_str().unwrap();
    let secret = made["clientSecret"].as_str().unwrap();
    let body = format!(r#"{{"agentId":"{id}","clientSecret":"{secret}"}}"#);
    let (status, token) = world.manage("POST", "/tokens", &body);
    assert_eq!(
        (status, &token["tokenType"]),
        (StatusCode::OK, &"Bearer".into())
    );
    assert_eq!(token["expiresAt"], "2023-11-15T12:15:00.000000Z");

    let (_, shown) = world.manage("GET", &format!("/agents/{id}"), "");
    assert_eq!(shown["ownerId"], "o");
    let text = shown.to_string();
    assert!(
        !text.contains(secret) && !text.contains("clientSecret"),
        "{text}"
    );
    for name in ["c", "a"] {
        world.manage("POST", "/agents", &format!(r#"{{"name":"{name}"}}"#));
    }
    let (_, first) = world.manage("GET", "/agents?limit=2", "");
    let names = |page: &Value| {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["name"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&first), ["a", "b"]);
    let next = format!(
        "/agents?limit=2&cursor={}",
        first["nextCursor"].as_str().unwrap()
    );
    let (_, second) = world.manage("GET", &next, "");
    assert_eq!(
        (names(&second), &second["nextCursor"]),
        (vec!["c".into()], &Value::Null)
    );

    assert_eq!(
        world.manage("DELETE", &format!("/agents/{id}"), "").0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        world.manage("DELETE", &format!("/agents/{id}"), "").0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        world.manage("GET", &format!("/agents/{id}"), "").0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        world.manage("POST", "/tokens", &body).0,
        StatusCode::UNAUTHORIZED
    );
}

#[test]
fn every_failed_token_request_gets_the_same_answer() {
    let world = World::new();
    let (id, _) = world.agent();
    let ask = |id: &str| {
        world.manage(
            "POST",
            "/tokens",
            &format!(r#"{{"agentId":"{id}","clientSecret":"wrong"}}"#),
        )
    };
    let wrong = ask(&id);
    assert_eq!(wrong.0, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.1["errorCode"], "VEC800003");
    assert_eq!(ask(UNKNOWN), wrong);
    world.manage("DELETE", &format!("/agents/{id}"), "");
    assert_eq!(ask(&id), wrong);
}

#[test]
fn bad_input_is_named_and_changes_nothing() {
    let long = "x".repeat(129);
    let too_long = format!(r#"{{"name":"{long}"}}"#);
    let wide = format!(r#"{{"name":"a","clientSecret":"{}"}}"#, "é".repeat(40));
    // body, status, code, the member that names what is wrong
    let cases = [
        ("{", 400, "VEC200003", ""),
        ("[]", 400, "VEC400001", ""),
        ("{}", 400, "VEC400001", "name"),
        (r#"{"name":7}"#, 400, "VEC400001", "name"),
        (r#"{"name":""}"#, 400, "VEC400001", "name"),
        (r#"{"name":"a\u0000"}"#, 400, "VEC400001", "name"),
        (&too_long, 400, "VEC400001", "name"),
        (
            r#"{"name":"a","clientSecret":"short"}"#,
            400,
            "VEC400001",
            "clientSecret",
        ),
        (&wide, 400, "VEC400001", "clientSecret"),
        (r#"{"name":"a","role":"x"}"#, 400, "VEC400001", "role"),
    ];
    let world = World::new();
    for (body, status, code, member) in cases {
        let (got, problem) = world.manage("POST", "/agents", body);
        assert_eq!(
            (got.as_u16(), &problem["errorCode"]),
            (status, &code.into()),
            "{body}"
        );
        if !member.is_empty() {
            assert!(problem["errors"][member].is_array(), "{body}: {problem}");
        }
    }
    assert_eq!(
        world.manage("GET", "/agents", "").1["items"],
        Value::Array(vec![])
    );
}

#[test]
fn paths_that_are_wrong_are_answered_clearly() {
    let world = World::new();
    let cases = [
        ("GET", "/agents/nonsense", 400, "VEC400001"),
        ("GET", "/nowhere", 404, "VEC501001"),
        ("GET", "/policies/none", 404, "VEC501003"),
        ("GET", "/policies/%00", 400, "VEC400001"),
        ("GET", "/agents?limit=0", 400, "VEC400001"),
        ("GET", "/agents?page=1", 400, "VEC400001"),
        ("GET", "/audit?agentId=x", 400, "VEC400001"),
        ("GET", "/hitls/x", 400, "VEC400001"),
    ];
    for (method, path, status, code) in cases {
        let (got, problem) = world.manage(method, path, "");
        assert_eq!(
            (got.as_u16(), &problem["errorCode"]),
            (status, &code.into()),
            "{path}"
        );
    }
    let request = Request::patch("/agents").body(Vec::new()).unwrap();
    let response = world.send(request);
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &"POST, GET, HEAD".parse().unwrap())
    );
}

#[test]
fn health_asks_the_database() {
    let world = World::new();
    let (status, health) = world.manage("GET", "/health", "");
    assert_eq!(
        (status, &health["status"]),
        (StatusCode::OK, &"Healthy".into())
    );
    world
        .memory
        .fail(Some(PersistenceError::Unavailable("down".to_owned())));
    let (status, health) = world.manage("GET", "/health", "");
    assert_eq!(
        (status, &health["status"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"Unhealthy".into())
    );
}

#[test]
fn what_can_be_read_can_be_asked_for_with_head() {
    let world = World::new();
    for path in ["/health", "/agents", "/audit"] {
        assert_eq!(world.manage("HEAD", path, "").0, StatusCode::OK, "{path}");
    }
    assert_eq!(
        world.manage("HEAD", "/tokens", "").0,
        StatusCode::METHOD_NOT_ALLOWED
    );
    assert_eq!(
        world.ask("vop_", "HEAD", "/agents", "").0,
        StatusCode::UNAUTHORIZED
    );
}
