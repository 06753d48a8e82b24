//! Operators: their keys, how they are added, listed and revoked.

use http::{Request, StatusCode};
use serde_json::Value;
use vectra_api::{BodyError, RequestBody};
use vectra_domain::PersistenceError::{self, Unavailable};

use crate::database::{Manner, Place};
use crate::world::{ADMIN, World};

fn down() -> PersistenceError {
    Unavailable("kingfisher".to_owned())
}

#[test]
fn a_key_is_shown_once_and_works_until_it_is_taken_back() {
    let world = World::new();
    let body = r#"{"name":"Ada","role":"Auditor"}"#;
    let request = Request::post("/operators")
        .header("authorization", format!("Bearer {ADMIN}"))
        .header("content-type", "application/json");
    let response = world.send(request.body(Vec::from(body)).unwrap());
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let made: Value = serde_json::from_slice(response.body()).unwrap();
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with("vop_") && key.len() == 47, "{key}");
    assert_eq!(made["createdAt"], "2023-11-15T12:00:00.000000Z");

    assert_eq!(world.ask(key, "GET", "/agents", "").0, StatusCode::OK);
    let (_, listed) = world.manage("GET", "/operators", "");
    let mut expected = made.clone();
    expected.as_object_mut().unwrap().remove("key");
    expected["lastUsedAt"] = "2023-11-15T12:00:00.000000Z".into();
    assert_eq!(listed["items"], Value::Array(vec![expected]));

    let path = format!("/operators/{}", made["operatorId"].as_str().unwrap());
    assert_eq!(world.manage("DELETE", &path, "").0, StatusCode::NO_CONTENT);
    assert_eq!(
        world.ask(key, "GET", "/agents", "").0,
        StatusCode::UNAUTHORIZED
    );
    let (status, problem) = world.manage("DELETE", &path, "");
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(problem["errorCode"], "VEC501001");
    let (_, listed) = world.manage("GET", "/operators", "");
    assert_eq!(
        listed["items"][0]["revokedAt"],
        "2023-11-15T12:00:00.000000Z"
    );
}

#[test]
fn a_key_ends_when_its_time_is_over() {
    let world = World::new();
    let body = r#"{"name":"Ada","role":"Admin","expiresAt":"2023-11-15T13:00:10+01:00"}"#;
    let (status, made) = world.manage("POST", "/operators", body);
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(made["expiresAt"], "2023-11-15T12:00:10.000000Z");
    let key = made["key"].as_str().unwrap();
    world.wait(9);
    assert_eq!(world.ask(key, "GET", "/agents", "").0, StatusCode::OK);
    world.wait(1);
    assert_eq!(
        world.ask(key, "GET", "/agents", "").0,
        StatusCode::UNAUTHORIZED
    );
}

#[test]
fn a_name_is_had_by_one_operator_at_a_time() {
    let world = World::new();
    let (id, _) = world.operator("Ada", "Auditor");
    for name in ["Ada", "admin_key", "Admin_Key", "gateway", "GateWay"] {
        let body = format!(r#"{{"name":"{name}","role":"Auditor"}}"#);
        let (status, problem) = world.manage("POST", "/operators", &body);
        assert_eq!(status, StatusCode::CONFLICT, "{name}");
        assert_eq!(problem["errorCode"], "VEC601001", "{name}");
    }
    world.manage("DELETE", &format!("/operators/{id}"), "");
    world.operator("Ada", "Admin");
}

#[test]
fn operators_are_listed_by_name_page_by_page() {
    let world = World::new();
    for name in ["b", "c", "a"] {
        world.operator(name, "Reviewer");
    }
    let (mut path, mut names) = ("/operators?limit=2".to_owned(), Vec::new());
    loop {
        let (_, page) = world.manage("GET", &path, "");
        for operator in page["items"].as_array().unwrap() {
            names.push(operator["name"].clone());
        }
        let Some(cursor) = page["nextCursor"].as_str() else {
            break;
        };
        path = format!("/operators?limit=2&cursor={cursor}");
    }
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn what_is_wrong_with_a_new_operator_is_named() {
    let world = World::new();
    let cases = [
        (r#"{"role":"Admin"}"#, "name"),
        (r#"{"name":" a","role":"Admin"}"#, "name"),
        (r#"{"name":"a"}"#, "role"),
        (r#"{"name":"a","role":"admin"}"#, "role"),
        (r#"{"name":"a","role":"Root"}"#, "role"),
        (
            r#"{"name":"a","role":"Admin","expiresAt":"soon"}"#,
            "expiresAt",
        ),
        (
            r#"{"name":"a","role":"Admin","expiresAt":"2023-11-15T12:00:00Z"}"#,
            "expiresAt",
        ),
        (r#"{"name":"a","role":"Admin","key":"vop_mine"}"#, "key"),
    ];
    for (body, member) in cases {
        let (status, problem) = world.manage("POST", "/operators", body);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(problem["errors"][member].is_array(), "{body}: {problem}");
    }
    let (_, listed) = world.manage("GET", "/operators", "");
    assert_eq!(listed["items"], Value::Array(vec![]));
    assert_eq!(world.acts(), Vec::<Value>::new());
}

#[test]
fn the_last_use_of_a_key_is_noted_once_a_minute_at_most() {
    let world = World::new();
    let (_, key) = world.operator("Ada", "Admin");
    let noted = |seconds| {
        world.wait(seconds);
        world.database.calls();
        assert_eq!(world.ask(&key, "GET", "/health", "").0, StatusCode::OK);
        assert_eq!(world.ask(&key, "GET", "/agents", "").0, StatusCode::OK);
        world.database.calls().contains(&"operators.touch")
    };
    // What is noted is the minute.
    let cases = [
        (0, true),
        (1, false),
        (59, false),
        (1, true),
        (59, false),
        (1, true),
    ];
    for (seconds, expected) in cases {
        assert_eq!(noted(seconds), expected, "{seconds}");
    }
}

#[test]
fn a_use_that_cannot_be_noted_keeps_nobody_out() {
    let world = World::new();
    let (_, key) = world.operator("Ada", "Admin");
    let place = Place::Call("operators.touch");
    world.database.fail(place, down(), Manner::Before);
    assert_eq!(world.ask(&key, "GET", "/agents", "").0, StatusCode::OK);
    let log = world.log.borrow().join("\n");
    assert!(log.contains("kingfisher") && !log.contains(&key), "{log}");
}

/// Fail closed: neither let in nor told that the key is wrong.
#[test]
fn a_database_that_does_not_answer_lets_nobody_in_but_the_first_key() {
    let world = World::new();
    let (_, key) = world.operator("Ada", "Admin");
    let place = Place::Call("operators.find_by_key");
    world.database.fail(place, down(), Manner::Before);
    let (status, problem) = world.ask(&key, "GET", "/agents", "");
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(problem["errorCode"], "VEC300003");
    assert_eq!(world.manage("GET", "/agents", "").0, StatusCode::OK);
}

#[test]
fn one_key_only_and_only_as_a_bearer() {
    let world = World::new();
    let (_, key) = world.operator("Ada", "Admin");
    let cases: [&[String]; 5] = [
        &[format!("bearer={key}")],
        &[format!("Basic {key}")],
        &[format!("Bearer {key}"), format!("Bearer {key}")],
        &[format!("Bearer {key}, Bearer {key}")],
        &[format!("Bearer {}", key.to_lowercase())],
    ];
    for values in cases {
        let mut request = Request::get("/agents");
        for value in values {
            request = request.header("authorization", value);
        }
        let response = world.send(request.body(Vec::new()).unwrap());
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{values:?}");
    }
}

/// A body on whose way something happens.
struct Meanwhile<F>(F, &'static str);

impl<F: FnOnce()> RequestBody for Meanwhile<F> {
    fn read(self, _: usize) -> Result<Vec<u8>, BodyError> {
        (self.0)();
        Ok(self.1.as_bytes().to_vec())
    }
}

#[test]
fn a_key_that_ends_while_the_body_is_on_its_way_changes_nothing_any_more() {
    let world = World::new();
    let (id, key) = world.operator("mallory", "Admin");
    let acts = world.acts().len();
    let revoke = || {
        let (status, _) = world.manage("DELETE", &format!("/operators/{id}"), "");
        assert_eq!(status, StatusCode::NO_CONTENT);
    };
    let request = Request::post("/operators")
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .body(Meanwhile(revoke, r#"{"name":"eve","role":"Admin"}"#));
    assert_eq!(
        world.send(request.unwrap()).status(),
        StatusCode::UNAUTHORIZED
    );
    let (_, operators) = world.manage("GET", "/operators", "");
    assert!(!operators.to_string().contains("eve"), "{operators}");
    assert_eq!(world.acts().len(), acts + 1, "only the revocation");
}
