//! Acts: what operators change is noted before and after, and holds no secret.

use http::{Request, StatusCode};
use serde_json::{Value, json};
use vectra_domain::PersistenceError::{Full, Other, Unavailable};

use crate::database::{Manner, Place};
use crate::world::{ADMIN, World};

const SECRET: &str = "marked-secret-0f9e";

/// Every change there is: method, path, body, status.
const CHANGES: [(&str, &str, &str, u16); 12] = [
    (
        "POST",
        "/operators",
        r#"{"name":"b","role":"Auditor","expiresAt":null}"#,
        201,
    ),
    ("DELETE", "/operators/{operator}", "", 204),
    (
        "POST",
        "/agents",
        r#"{"name":"n","clientSecret":"marked-secret-0f9e"}"#,
        201,
    ),
    ("PATCH", "/agents/{agent}", r#"{"ownerId":"o"}"#, 200),
    (
        "PUT",
        "/agents/{agent}/policy",
        r#"{"policyName":null}"#,
        200,
    ),
    (
        "PUT",
        "/agents/{agent}/limit",
        r#"{"requestsPerMinute":5}"#,
        200,
    ),
    ("POST", "/agents/{agent}/quarantine", "", 200),
    ("POST", "/agents/{agent}/revoke", "", 200),
    ("POST", "/agents/{agent}/activate", "", 200),
    (
        "POST",
        "/agents/{agent}/secret",
        r#"{"clientSecret":"marked-secret-0f9e","overlapSeconds":9}"#,
        200,
    ),
    ("DELETE", "/agents/{agent}/tokens", "", 204),
    ("DELETE", "/agents/{agent}", "", 204),
];

struct Stage {
    world: World,
    agent: String,
    operator: String,
    admin: String,
    admin_key: String,
}

impl Stage {
    fn new() -> Self {
        let world = World::new();
        let (admin, admin_key) = world.operator("Ada", "Admin");
        Self {
            agent: world.agent().0,
            operator: world.operator("a", "Auditor").0,
            world,
            admin,
            admin_key,
        }
    }

    fn path(&self, path: &str) -> String {
        path.replace("{agent}", &self.agent)
            .replace("{operator}", &self.operator)
    }

    fn send(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let (status, answer) = self
            .world
            .ask(&self.admin_key, method, &self.path(path), body);
        (status.as_u16(), answer)
    }
}

#[test]
fn every_change_is_noted_with_who_what_and_what_came_of_it() {
    let stage = Stage::new();
    for (method, path, body, status) in CHANGES {
        stage.world.wait(1);
        let (got, answer) = stage.send(method, path, body);
        assert_eq!(got, status, "{method} {path}: {answer}");
        let acts = stage.world.acts();
        let act = &acts[0];
        let route = path
            .replace("{agent}", "{agentId}")
            .replace("{operator}", "{operatorId}");
        assert_eq!(act["action"], format!("{method} {route}"));
        assert_eq!(act["operatorId"], stage.admin, "{path}");
        assert_eq!(act["operatorName"], "Ada", "{path}");
        assert_eq!(act["operatorRole"], "Admin", "{path}");
        assert_eq!(act["status"], status, "{path}");
        assert_eq!(act["completedAt"], act["timestamp"], "{path}");
        let made = [&answer["operatorId"], &answer["agentId"]];
        let made = made.iter().find_map(|id| id.as_str());
        let target = made
            .or(stage.path(path).split('/').nth(2))
            .map(str::to_owned);
        assert_eq!(act["target"].as_str(), target.as_deref(), "{path}");
    }
}

#[test]
fn the_detail_is_what_was_asked_for_without_secrets() {
    let stage = Stage::new();
    for (method, path, body, _) in CHANGES {
        stage.world.wait(1);
        let (_, answer) = stage.send(method, path, body);
        let mut expected: Value = serde_json::from_str(body).unwrap_or(json!({}));
        if let Some(secret) = expected.get_mut("clientSecret") {
            *secret = "***".into();
        }
        let acts = stage.world.acts();
        assert_eq!(acts[0]["detail"], expected, "{method} {path}");
        let text = Value::Array(acts).to_string();
        assert!(!text.contains(SECRET), "{text}");
        if let Some(key) = answer["key"].as_str() {
            assert!(!text.contains(key), "{text}");
        }
    }
}

#[test]
fn a_refused_change_is_noted_with_its_status() {
    let stage = Stage::new();
    let cases = [
        (
            "PUT",
            "/agents/{agent}/policy",
            r#"{"policyName":"none"}"#,
            404,
        ),
        (
            "DELETE",
            "/agents/018f4d2e-7c1b-7a3d-9e5f-0123456789ab",
            "",
            404,
        ),
        (
            "POST",
            "/operators",
            r#"{"name":"Ada","role":"Admin"}"#,
            409,
        ),
    ];
    for (method, path, body, status) in cases {
        stage.world.wait(1);
        assert_eq!(stage.send(method, path, body).0, status, "{path}");
        assert_eq!(stage.world.acts()[0]["status"], status, "{path}");
    }
}

#[test]
fn what_is_no_change_and_what_cannot_be_read_is_no_act() {
    let stage = Stage::new();
    let before = stage.world.acts();
    let cases = [
        ("GET", "/agents", "", 200),
        ("POST", "/agents", "{", 400),
        (
            "POST",
            "/agents",
            r#"{"name":"n","secret":"marked-secret-0f9e"}"#,
            400,
        ),
        (
            "PATCH",
            "/agents/{agent}",
            r#"{"name":"","clientSecret":"x"}"#,
            400,
        ),
        ("DELETE", "/agents/nonsense", "", 400),
    ];
    for (method, path, body, status) in cases {
        assert_eq!(stage.send(method, path, body).0, status, "{path}");
    }
    assert_eq!(stage.world.acts(), before);
}

#[test]
fn what_cannot_be_noted_is_not_done() {
    for (method, path, body, _) in CHANGES {
        let stage = Stage::new();
        for failure in [Unavailable("x".into()), Full("x".into()), Other("x".into())] {
            let place = Place::Call("acts.append");
            stage.world.database.fail(place, failure, Manner::Before);
            let (status, problem) = stage.send(method, path, body);
            assert_eq!(status, 503, "{method} {path}");
            assert_eq!(problem["errorCode"], "VEC300003", "{method} {path}");
            let calls = stage.world.database.calls();
            assert_eq!(calls.last(), Some(&"acts.append"), "{method} {path}");
        }
    }
}

#[test]
fn what_was_done_is_answered_though_its_outcome_cannot_be_noted() {
    for (method, path, body, status) in CHANGES {
        let stage = Stage::new();
        let place = Place::Call("acts.complete");
        let failure = Unavailable("kingfisher".to_owned());
        stage.world.wait(1);
        stage.world.database.fail(place, failure, Manner::Before);
        assert_eq!(stage.send(method, path, body).0, status, "{method} {path}");
        stage.world.database.mend();
        assert_eq!(stage.world.acts()[0]["status"], Value::Null, "{path}");
        assert_eq!(stage.world.acts()[0]["completedAt"], Value::Null, "{path}");
        let log = stage.world.log.borrow();
        let lines: Vec<_> = log
            .iter()
            .filter(|line| line.contains("kingfisher"))
            .collect();
        assert_eq!(lines.len(), 1, "{log:?}");
    }
}

#[test]
fn the_first_key_acts_under_its_own_name_and_without_an_id() {
    let world = World::new();
    let request = Request::post("/agents")
        .header("authorization", format!("Bearer {ADMIN}"))
        .header("spin-client-addr", "10.0.0.1:1")
        .header("spin-client-addr", "192.0.2.7:5000")
        .header("content-type", "application/json");
    let response = world.send(request.body(br#"{"name":"n"}"#.to_vec()).unwrap());
    assert_eq!(response.status(), StatusCode::CREATED);
    let acts = world.acts();
    assert_eq!(acts[0]["operatorId"], Value::Null);
    assert_eq!(acts[0]["operatorName"], "admin_key");
    assert_eq!(acts[0]["operatorRole"], "Admin");
    assert_eq!(acts[0]["clientAddress"], "192.0.2.7");
}

#[test]
fn acts_are_listed_newest_first_by_operator_page_by_page() {
    let stage = Stage::new();
    for name in ["x", "y", "z"] {
        stage.world.wait(1);
        stage.send("POST", "/agents", &format!(r#"{{"name":"{name}"}}"#));
        stage.world.wait(1);
        stage.world.manage("POST", "/agents", r#"{"name":"other"}"#);
    }
    let mut path = "/audit/acts?operatorName=Ada&limit=2".to_owned();
    let mut names = Vec::new();
    loop {
        let (_, page) = stage.world.manage("GET", &path, "");
        for act in page["items"].as_array().unwrap() {
            names.push(act["detail"]["name"].clone());
        }
        let Some(cursor) = page["nextCursor"].as_str() else {
            break;
        };
        path = format!("/audit/acts?operatorName=Ada&limit=2&cursor={cursor}");
    }
    assert_eq!(names, ["z", "y", "x"]);
    let (_, nobody) = stage
        .world
        .manage("GET", "/audit/acts?operatorName=ada", "");
    assert_eq!(nobody["items"], json!([]));
}
