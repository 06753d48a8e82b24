//! Defects of the original (OB §23) that are mended at what operators do, each under its
//! number. OB §23.1 is in `roles.rs`.

use http::{Request, StatusCode};
use serde_json::json;
use vectra_api::{Access, ROUTES};

use crate::world::World;

const UNKNOWN: &str = "018f4d2e-7c1b-7a3d-9e5f-0123456789ab";

/// OB §23.1, the other half: who did it is known.
#[test]
fn defect_1_the_operator_behind_a_change_is_known() {
    let world = World::new();
    let (_, key) = world.operator("Ada", "Admin");
    let (id, _) = world.agent();
    world.wait(1);
    world.ask(&key, "POST", &format!("/agents/{id}/quarantine"), "");
    let acts = world.acts();
    assert_eq!(acts[0]["operatorName"], "Ada");
    assert_eq!(acts[0]["target"], id);
}

/// OB §23.10: a secret longer than what bcrypt reads was cut off in silence.
#[test]
fn defect_10_no_secret_is_cut_off() {
    let world = World::new();
    let longest = "01234567".repeat(9);
    for (secret, status) in [(&longest, 201), (&format!("{longest}8"), 400)] {
        let body = json!({ "name": "a", "clientSecret": secret }).to_string();
        assert_eq!(world.manage("POST", "/agents", &body).0.as_u16(), status);
    }
}

/// OB §23.10: a token could not be taken back before its time.
#[test]
fn defect_10_a_token_that_is_out_can_be_ended() {
    let world = World::new();
    let (id, token) = world.agent();
    world.wait(1);
    world.manage("DELETE", &format!("/agents/{id}/tokens"), "");
    let (status, _) = world.ask(&token, "GET", "/proxy/http://api.example/", "");
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

/// OB §23.19: status never changed.
#[test]
fn defect_19_an_agent_can_be_shut_out_and_let_in_again() {
    let world = World::new();
    let (id, token) = world.agent();
    for (step, status) in [("revoke", 403), ("activate", 201)] {
        world.manage("POST", &format!("/agents/{id}/{step}"), "");
        let (got, _) = world.ask(&token, "GET", "/proxy/http://api.example/", "");
        assert_eq!(got, status, "{step}");
    }
}

/// OB §23.20: a bad GUID and a missing agent were a 500.
#[test]
fn defect_20_bad_ids_and_missing_rows_are_the_callers_affair() {
    let world = World::new();
    let body = |path: &str, method: &str| match (method, path.rsplit('/').next()) {
        ("PATCH", _) => r#"{"name":"n"}"#,
        (_, Some("policy")) => r#"{"policyName":null}"#,
        (_, Some("limit")) => r#"{"requestsPerMinute":1}"#,
        (_, Some("secret")) => "{}",
        (_, Some("settle")) => r#"{"sent":true}"#,
        ("PUT", _) if path.starts_with("/credentials") => r#"{"headers":{"x-key":"value"}}"#,
        _ => "",
    };
    // What is an agent's alone is no operator's affair.
    let with_id = |route: &&vectra_api::Route| {
        let named = route.path.contains("Id}") || route.path.contains("{id}");
        named && route.access != Access::Owner
    };
    let mut seen = 0;
    for route in ROUTES.iter().filter(with_id) {
        for (id, status) in [("nonsense", 400), ("%00", 400), (UNKNOWN, 404)] {
            let names = [
                "{agentId}",
                "{operatorId}",
                "{auditId}",
                "{credentialId}",
                "{id}",
            ];
            let path = names
                .iter()
                .fold(route.path.to_owned(), |path, name| path.replace(name, id));
            let (got, problem) = world.manage(route.method, &path, body(route.path, route.method));
            assert_eq!(got.as_u16(), status, "{} {path}: {problem}", route.method);
            seen += 1;
        }
    }
    assert!(seen >= 30, "{seen}");
}

/// OB §23.24: 404 for a wrong method; pages without bounds.
#[test]
fn defect_24_wrong_methods_are_405_and_pages_are_bounded() {
    let world = World::new();
    for route in ROUTES.iter().filter(|route| route.method != "ANY") {
        let path = route
            .path
            .replace("{agentId}", UNKNOWN)
            .replace("{operatorId}", UNKNOWN)
            .replace("{id}", UNKNOWN)
            .replace("{name}", "p");
        let request = Request::builder().method("TRACE").uri(&path);
        let response = world.send(request.body(Vec::new()).unwrap());
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allowed = response.headers()["allow"].to_str().unwrap();
        assert!(
            allowed.split(", ").any(|method| method == route.method),
            "{path}"
        );
    }
    let lists = [
        "/operators",
        "/agents",
        "/policies",
        "/audit",
        "/audit/export",
        "/audit/acts",
        "/audit/refusals",
        "/circuits",
        "/circuits/changes",
    ];
    for list in lists {
        assert_eq!(world.manage("GET", list, "").0, StatusCode::OK, "{list}");
        for query in [
            "limit=0",
            "limit=-1",
            "limit=501",
            "limit=",
            "page=1",
            "cursor=%21",
        ] {
            let (status, problem) = world.manage("GET", &format!("{list}?{query}"), "");
            assert_eq!(status, StatusCode::BAD_REQUEST, "{list}?{query}: {problem}");
        }
    }
}

/// OB §23.27: an update wrote every column, so of two concurrent ones one was lost.
#[test]
fn defect_27_a_change_writes_only_what_it_names() {
    let world = World::new();
    let (id, token) = world.agent();
    world.policies(&[("p.json", r#"{"name":"p","default":"Allow","rules":[]}"#)]);
    world.assign(&id, "p");
    world.ask(&token, "GET", "/proxy/http://api.example/", "");
    let (_, before) = world.manage("GET", &format!("/agents/{id}"), "");
    let steps = [
        ("PATCH", "", r#"{"ownerId":"o"}"#, "ownerId"),
        ("POST", "/quarantine", "", "status"),
        (
            "PUT",
            "/limit",
            r#"{"requestsPerMinute":9}"#,
            "requestsPerMinute",
        ),
        ("PUT", "/policy", r#"{"policyName":null}"#, "policyName"),
    ];
    let mut expected = before;
    for (method, path, body, field) in steps {
        world.wait(1);
        world.manage(method, &format!("/agents/{id}{path}"), body);
        let (_, after) = world.manage("GET", &format!("/agents/{id}"), "");
        assert_ne!(after[field], expected[field], "{field}");
        expected[field] = after[field].clone();
        expected["updatedAt"] = after["updatedAt"].clone();
        assert_eq!(after, expected, "{field}");
    }
}
