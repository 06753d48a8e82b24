//! Credentials of upstreams: added to what goes out, and seen nowhere else.

use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use vectra_api::Clock;
use vectra_domain::repository::{AuditRepository, CredentialRepository, Ledger};
use vectra_domain::{Credential, Origin, PersistenceError, Query};

use crate::database::{Manner, Place};
use crate::world::{DATA_KEY, Reached, World};

const SECRET: &str = "Bearer sk-5f1d-the-upstreams-own";

/// Binds `authorization` and `x-api-key` to an origin; the id.
fn bind(world: &World, origin: &str) -> String {
    let headers = json!({ "Authorization": SECRET, "x-api-key": "k-5f1d" });
    let body = json!({ "origin": origin, "headers": headers }).to_string();
    let (status, credential) = world.manage("POST", "/credentials", &body);
    assert_eq!(status, StatusCode::CREATED, "{credential}");
    credential["credentialId"].as_str().unwrap().to_owned()
}

fn call(world: &World, token: &str, method: &str, target: &str) -> Response<Vec<u8>> {
    let request = Request::builder()
        .method(method)
        .uri(format!("/proxy/{target}"))
        .header("vectra-authorization", format!("Bearer {token}"))
        .header("authorization", "Bearer the-agents-own")
        .header("x-api-key", "one")
        .header("x-api-key", "two");
    world.send(request.body(Vec::new()).unwrap())
}

fn all<'r>(reached: &'r Reached, name: &str) -> Vec<&'r str> {
    let values = reached.headers.get_all(name).iter();
    values.map(|value| value.to_str().unwrap()).collect()
}

#[test]
fn a_credential_takes_the_place_of_the_agents_own_fields() {
    let world = World::new();
    bind(&world, "https://api.example");
    let (_, token) = world.agent();
    let response = call(&world, &token, "GET", "https://api.example/a");
    assert_eq!(response.status(), 201);
    let reached = world.reached.borrow();
    assert_eq!(all(&reached[0], "authorization"), [SECRET]);
    assert_eq!(all(&reached[0], "x-api-key"), ["k-5f1d"]);
}

#[test]
fn another_scheme_host_or_port_gets_nothing() {
    let world = World::new();
    bind(&world, "https://api.example");
    let (_, token) = world.agent();
    let others = [
        "http://api.example/",
        "https://api.example:8443/",
        "https://v2.api.example/",
        "https://api.example.evil.example/",
        "http://api.example:443/",
    ];
    for target in others {
        assert_eq!(
            call(&world, &token, "GET", target).status(),
            201,
            "{target}"
        );
    }
    for (reached, target) in world.reached.borrow().iter().zip(others) {
        assert_eq!(
            all(reached, "authorization"),
            ["Bearer the-agents-own"],
            "{target}"
        );
        assert_eq!(all(reached, "x-api-key"), ["one", "two"], "{target}");
    }
    world.reached.borrow_mut().clear();
    // However it is written, it is the same origin.
    for target in ["HTTPS://API.example:443/", "https://api.example?x"] {
        assert_eq!(
            call(&world, &token, "GET", target).status(),
            201,
            "{target}"
        );
    }
    for reached in world.reached.borrow().iter() {
        assert_eq!(all(reached, "authorization"), [SECRET]);
    }
}

/// A policy that denies what the upstream's key could be seen in.
const SEES: &str = r#"{"name":"p","default":"Allow","rules":[
    {"name":"sees","effect":"Deny","conditions":[
        {"field":"headers.authorization","operator":"contains","value":"5f1d"}]},
    {"name":"ask","effect":"Hitl","conditions":[
        {"field":"method","operator":"eq","value":"PUT"}]}]}"#;

#[test]
fn no_policy_record_held_request_answer_or_log_has_it() {
    let world = World::new();
    world.log_requests.set(true);
    world.policies(&[("p.json", SEES)]);
    let id = bind(&world, "https://api.example");
    let (agent, token) = world.agent();
    world.assign(&agent, "p");
    let allowed = call(&world, &token, "GET", "https://api.example/a");
    assert_eq!(allowed.status(), 201);
    let held = call(&world, &token, "PUT", "https://api.example/a");
    assert_eq!(held.status(), 202);
    let mut seen = world.log.borrow().join("\n");
    for response in [&allowed, &held] {
        seen += &format!("{:?}", response.headers());
        seen += &String::from_utf8_lossy(response.body());
    }
    let held: Value = serde_json::from_slice(held.body()).unwrap();
    let held = held["id"].as_str().unwrap();
    let put = json!({ "headers": { "Authorization": SECRET } }).to_string();
    for (method, path, body) in [
        ("GET", format!("/hitls/{held}"), ""),
        ("GET", "/credentials".to_owned(), ""),
        ("GET", "/audit".to_owned(), ""),
        ("PUT", format!("/credentials/{id}"), put.as_str()),
        ("GET", "/audit/acts".to_owned(), ""),
    ] {
        let (status, answer) = world.manage(method, &path, body);
        assert_eq!(status, StatusCode::OK, "{method} {path}: {answer}");
        seen += &answer.to_string();
    }
    for row in world.audit() {
        let id = row["auditId"].as_str().unwrap().parse().unwrap();
        let record = AuditRepository::find(&world.memory, id).unwrap().unwrap();
        seen += &record.explanation;
    }
    assert!(seen.contains("api.example") && seen.contains("x-api-key"));
    assert!(!seen.contains("5f1d"), "{seen}");
    for row in CredentialRepository::list(&world.memory, None, 10).unwrap() {
        assert!(row.sealed.is_empty());
    }
}

#[test]
fn a_refused_body_tells_no_value() {
    let world = World::new();
    let value = json!(SECRET);
    for (origin, headers) in [
        ("https://api.example/path", json!({ "x-key": value })),
        ("api.example", json!({ "x-key": value })),
        ("https://api.example", json!({})),
        ("https://api.example", json!(value)),
        ("https://api.example", json!({ "host": value })),
        ("https://api.example", json!({ "x-key": [value] })),
        (
            "https://api.example",
            json!({ "x-key": format!("{SECRET}\n") }),
        ),
        (
            "https://api.example",
            json!({ "x-key": value, "X-KEY": value }),
        ),
        (
            "https://api.example",
            (0..9).map(|n| (format!("x-{n}"), value.clone())).collect(),
        ),
    ] {
        let body = json!({ "origin": origin, "headers": headers }).to_string();
        let (status, answer) = world.manage("POST", "/credentials", &body);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {answer}");
        assert!(!answer.to_string().contains("5f1d"), "{answer}");
    }
    assert!(!world.log.borrow().join("\n").contains("5f1d"));
}

#[test]
fn an_origin_has_one_credential_which_is_listed_replaced_and_removed() {
    let world = World::new();
    let id = bind(&world, "https://api.example");
    let again = r#"{"origin":"HTTPS://API.EXAMPLE:443","headers":{"x-key":"other"}}"#;
    let (status, answer) = world.manage("POST", "/credentials", again);
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    bind(&world, "https://b.example");
    let (_, page) = world.manage("GET", "/credentials?limit=1", "");
    assert_eq!(page["items"][0]["origin"], "https://api.example:443");
    assert_eq!(
        page["items"][0]["headerNames"],
        json!(["authorization", "x-api-key"])
    );
    let cursor = page["nextCursor"].as_str().unwrap();
    let (_, page) = world.manage("GET", &format!("/credentials?limit=1&cursor={cursor}"), "");
    assert_eq!(page["items"][0]["origin"], "https://b.example:443");
    assert_eq!(page["nextCursor"], Value::Null);

    let path = format!("/credentials/{id}");
    world.wait(1);
    let (status, after) = world.manage("PUT", &path, r#"{"headers":{"X-New":"v"}}"#);
    assert_eq!(status, StatusCode::OK, "{after}");
    assert_eq!(after["headerNames"], json!(["x-new"]));
    assert!(after["updatedAt"].as_str() > after["createdAt"].as_str());
    let (_, token) = world.agent();
    call(&world, &token, "GET", "https://api.example/");
    assert_eq!(all(&world.reached.borrow()[0], "x-new"), ["v"]);
    assert_eq!(all(&world.reached.borrow()[0], "x-api-key"), ["one", "two"]);

    assert_eq!(world.manage("DELETE", &path, "").0, StatusCode::NO_CONTENT);
    for (method, body) in [("DELETE", ""), ("PUT", r#"{"headers":{"x":"y"}}"#)] {
        assert_eq!(world.manage(method, &path, body).0, StatusCode::NOT_FOUND);
    }
    call(&world, &token, "GET", "https://api.example/");
    assert_eq!(all(&world.reached.borrow()[1], "x-new"), Vec::<&str>::new());
}

/// What is recorded of the newest request.
fn outcome(world: &World) -> Value {
    let row = world.audit()[0]["auditId"].as_str().unwrap().to_owned();
    world.manage("GET", &format!("/audit/{row}"), "").1["outcome"].clone()
}

/// The row of an origin with all that is sealed in it.
fn kept(world: &World, host: &str) -> Credential {
    let origin = Origin {
        scheme: "https".to_owned(),
        host: host.to_owned(),
        port: 443,
    };
    let query = Query {
        agent_id: "018f4d2e-7c1b-7a3d-9e5f-0123456789ab".parse().unwrap(),
        origin: Some(origin.clone()),
        now: Clock::now(world),
    };
    let sealed = Ledger::load(&world.memory, &query).unwrap().credential;
    let sealed = sealed.unwrap();
    Credential {
        id: sealed.id,
        origin: origin.to_string(),
        header_names: vec!["authorization".to_owned()],
        key_id: sealed.key_id,
        sealed: sealed.sealed,
        created_at: query.now,
        updated_at: query.now,
    }
}

#[test]
fn what_cannot_be_opened_is_never_sent_without() {
    let world = World::new();
    let id = bind(&world, "https://api.example").parse().unwrap();
    let (_, token) = world.agent();
    let row = kept(&world, "api.example");
    // The row of one origin, moved to another by whoever may write into the database.
    let moved = Credential {
        origin: "https://evil.example:443".to_owned(),
        ..row.clone()
    };
    CredentialRepository::remove(&world.memory, id).unwrap();
    CredentialRepository::insert(&world.memory, &moved).unwrap();
    let response = call(&world, &token, "GET", "https://evil.example/");
    assert_eq!(response.status(), 500);
    assert!(world.reached.borrow().is_empty());
    let told = String::from_utf8_lossy(response.body()).into_owned();
    assert!(
        told.contains("nothing was forwarded") && !told.contains("5f1d"),
        "{told}"
    );
    let recorded = outcome(&world);
    assert!(recorded["failure"].is_string(), "{recorded}");

    // Changed in its place.
    CredentialRepository::remove(&world.memory, id).unwrap();
    let mut changed = row;
    *changed.sealed.last_mut().unwrap() ^= 1;
    CredentialRepository::insert(&world.memory, &changed).unwrap();
    assert_eq!(
        call(&world, &token, "GET", "https://api.example/").status(),
        500
    );
    assert!(world.reached.borrow().is_empty());
}

#[test]
fn keys_are_rotated_by_a_new_first_line() {
    let world = World::new();
    bind(&world, "https://old.example");
    let (_, token) = world.agent();
    let new = "//////////////////////////////////////////8=";
    *world.data_key.borrow_mut() = format!("{new}\n{DATA_KEY}\n");
    bind(&world, "https://new.example");
    for target in ["https://old.example/", "https://new.example/"] {
        assert_eq!(
            call(&world, &token, "GET", target).status(),
            201,
            "{target}"
        );
    }
    // Without the old line only what the new one sealed opens.
    *world.data_key.borrow_mut() = new.to_owned();
    assert_eq!(
        call(&world, &token, "GET", "https://new.example/").status(),
        201
    );
    assert_eq!(
        call(&world, &token, "GET", "https://old.example/").status(),
        500
    );
    assert_eq!(world.reached.borrow().len(), 3);
}

#[test]
fn trace_is_not_sent_where_it_would_show_them() {
    let world = World::new();
    bind(&world, "https://api.example");
    let (_, token) = world.agent();
    for method in ["TRACE", "trace", "Trace", "TRACK", "track"] {
        let response = call(&world, &token, method, "https://api.example/");
        assert_eq!(response.status(), 403, "{method}");
    }
    assert_eq!(
        call(&world, &token, "TRACE", "https://b.example/").status(),
        201
    );
    assert_eq!(world.reached.borrow().len(), 1);
}

#[test]
fn acts_note_names_and_a_failure_of_the_database_changes_nothing() {
    let world = World::new();
    bind(&world, "https://api.example");
    let act = &world.acts()[0];
    assert_eq!(act["action"], "POST /credentials");
    let detail = act["detail"].to_string();
    assert!(
        detail.contains("x-api-key") && !detail.contains("5f1d"),
        "{act}"
    );
    let down = PersistenceError::Unavailable("down".to_owned());
    world
        .database
        .fail(Place::Call("credentials.insert"), down, Manner::Before);
    let body = r#"{"origin":"https://b.example","headers":{"x":"y"}}"#;
    let (status, _) = world.manage("POST", "/credentials", body);
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let (_, page) = world.manage("GET", "/credentials", "");
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
}
