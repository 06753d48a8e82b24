//! `POST /lifecycle/tick`: what hosts do that know of no lifecycle.

use http::{Request, StatusCode};
use serde_json::{Value, json};
use vectra_domain::{PersistenceError, Timestamp};

use crate::database::{Manner, Place};
use crate::world::{ADMIN, World};

const HOLDING: &str = r#"{"name":"p","default":"Allow","rules":[{"name":"ask","effect":"Hitl",
    "conditions":[{"field":"path","operator":"startswith","value":"/ask"}]}]}"#;

fn tick(world: &World, body: &Value) -> (StatusCode, Value) {
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    world.manage("POST", "/lifecycle/tick", &body)
}

fn files(files: &[(&str, &str)]) -> Value {
    let file = |(name, content): &(&str, &str)| json!({ "name": name, "content": content });
    json!({ "files": files.iter().map(file).collect::<Vec<_>>() })
}

fn messages(answer: &Value, severity: &str) -> Vec<String> {
    let events = answer["events"].as_array().unwrap().iter();
    events
        .filter(|event| event["severity"] == severity)
        .map(|event| event["message"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_is_due_is_done_and_is_no_act() {
    let world = World::new();
    world.policies(&[("p.json", HOLDING)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    let held = Request::get("/proxy/http://api.example/ask")
        .header("authorization", format!("Bearer {token}"));
    assert_eq!(world.send(held.body(Vec::new()).unwrap()).status(), 202);
    let acts = world.acts().len();
    world.now.set(world.now.get() + Timestamp::DAY);
    let (status, answer) = tick(&world, &Value::Null);
    assert_eq!(status, StatusCode::OK);
    let expected = json!({
        "events": [{ "severity": "info", "message": "1 held requests expired" }],
        "more": false
    });
    assert_eq!(answer, expected);
    let (_, again) = tick(&world, &json!({ "budget": 1 }));
    assert_eq!(again, json!({ "events": [], "more": false }));
    assert_eq!(world.acts().len(), acts);
}

#[test]
fn an_approved_request_that_nobody_sent_is_sent() {
    let world = World::new();
    world.policies(&[("p.json", HOLDING)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    let held = Request::get("/proxy/http://api.example/ask")
        .header("authorization", format!("Bearer {token}"));
    world.send(held.body(Vec::new()).unwrap());
    let (_, list) = world.manage("GET", "/hitls", "");
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    world.crashes.set(true);
    world.manage("POST", &format!("/hitls/{id}/approve"), "");
    world.crashes.set(false);
    assert_eq!(world.reached.borrow().len(), 0);
    assert_eq!(tick(&world, &Value::Null).0, StatusCode::OK);
    assert_eq!(world.reached.borrow().len(), 1);
}

#[test]
fn files_are_taken_as_at_the_start_and_are_an_act() {
    let world = World::new();
    let (status, answer) = tick(&world, &files(&[("p.json", HOLDING), ("q.json", "{")]));
    assert_eq!(status, StatusCode::OK);
    let done = messages(&answer, "info");
    assert!(
        done.contains(&"policy `p`: revision 1".to_owned()),
        "{done:?}"
    );
    let warnings = messages(&answer, "warning");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("q.json: "), "{warnings:?}");
    let state = |name: &str| {
        let (_, policy) = world.manage("GET", &format!("/policies/{name}"), "");
        policy["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (state("p").as_str(), state("q").as_str()),
        ("Active", "Broken")
    );
    let act = &world.acts()[0];
    assert_eq!(act["action"], "POST /lifecycle/tick");
    assert_eq!(act["detail"]["files"], 2);
    assert_eq!(act["detail"]["contentHash"].as_str().unwrap().len(), 64);
    assert_eq!(act["status"], 200);

    let (_, answer) = tick(&world, &files(&[]));
    assert_eq!(messages(&answer, "warning").len(), 2);
    assert_eq!(
        (state("p").as_str(), state("q").as_str()),
        ("Retired", "Retired")
    );
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place_and_changes_nothing() {
    let world = World::new();
    world.policies(&[("p.json", HOLDING)]);
    let acts = world.acts().len();
    for (body, place) in [
        (json!({ "budget": 0 }), "budget"),
        (json!({ "budget": 1_001 }), "budget"),
        (files(&[("p.txt", "{}")]), "files[0].name"),
        (
            files(&[("a.json", "{}"), ("../p.json", "{}")]),
            "files[1].name",
        ),
        (
            files(&[("a.json", "{}"), ("a.json", "{}")]),
            "files[1].name",
        ),
        (files(&[("a\n.json", "{}")]), "files[0].name"),
    ] {
        let (status, answer) = tick(&world, &body);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(answer["errors"][place].is_array(), "{body}: {answer}");
    }
    for body in [
        r#"{"fils":[]}"#,
        r#"{"files":{}}"#,
        "[1",
        r#"{"files":[{"name":"a.json"}]}"#,
    ] {
        let (status, answer) = world.manage("POST", "/lifecycle/tick", body);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {answer}");
    }
    let large = files(&[("p.json", &" ".repeat(8 * 1024 * 1024))]);
    assert_eq!(tick(&world, &large).0, StatusCode::PAYLOAD_TOO_LARGE);
    let text = Request::post("/lifecycle/tick")
        .header("authorization", format!("Bearer {ADMIN}"))
        .header("content-type", "text/plain");
    let status = world.send(text.body(b"{}".to_vec()).unwrap()).status();
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let (_, policy) = world.manage("GET", "/policies/p", "");
    assert_eq!(
        (&policy["status"], &policy["revision"]),
        (&"Active".into(), &1.into())
    );
    assert_eq!(world.acts().len(), acts);
}

#[test]
fn what_the_database_says_stays_in_the_log() {
    let world = World::new();
    world.policies(&[]);
    let inner = PersistenceError::Other("relation secret_table".to_owned());
    world
        .database
        .fail(Place::Call("history.prune"), inner, Manner::Before);
    let (status, answer) = tick(&world, &Value::Null);
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        messages(&answer, "warning"),
        ["not done: history rows pruned"]
    );
    let log = world.log.borrow();
    assert!(
        log.iter()
            .any(|line| line.contains("relation secret_table")),
        "{log:?}"
    );
}

#[test]
fn tables_are_made_where_there_are_none() {
    let world = World::new();
    let (status, answer) = tick(&world, &Value::Null);
    assert_eq!((status, &answer["more"]), (StatusCode::OK, &json!(false)));
}
