//! What a record says of a decision.

use http::{Request, StatusCode};
use serde_json::{Value, json};
use vectra_domain::repository::AuditRepository;
use vectra_domain::{AuditOutcome, Timestamp};

use crate::world::World;

const POLICY: &str = r#"{"name":"p","default":"Allow","mode":"Shadow","rules":[
    {"name":"red","effect":"Deny","reason":"not red",
     "conditions":[{"field":"headers.x-team","operator":"eq","value":"red"}]}]}"#;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn shown(world: &World) -> (String, Value) {
    let id = world.audit()[0]["auditId"].as_str().unwrap().to_owned();
    let (status, row) = world.manage("GET", &format!("/audit/{id}"), "");
    assert_eq!(status, StatusCode::OK, "{row}");
    (id, row)
}

fn asked(config: &str) -> World {
    let world = World::configured(config);
    world.policies(&[("p.json", POLICY)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    let request = Request::post("/proxy/HTTPS://API.example/%61?token=hush")
        .header("authorization", format!("Bearer {token}"))
        .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"))
        .header("x-team", "red");
    let response = world.send(request.body(b"{}".to_vec()).unwrap());
    assert_eq!(response.status(), StatusCode::CREATED);
    world
}

#[test]
fn a_row_shows_why_it_was_decided_so_and_what_became_of_it() {
    let world = asked(
        r#"{"Audit":{"RecordOutcomes":false},"AgentQuarantine":{"Enabled":true,"TrustScoreFloor":0.25}}"#,
    );
    let (id, row) = shown(&world);
    assert_eq!(row["traceId"], TRACE);
    assert_eq!(row["outcome"], Value::Null);
    assert_eq!(row["path"], "/%61?token=***");
    let why = &row["explanation"];
    assert_eq!(why["v"], 2);
    assert_eq!(why["outcome"], "Allow");
    assert_eq!(
        why["shadow"],
        json!({"outcome":"Deny","reason":"not red","stage":"policy","rule":"red"})
    );
    assert_eq!(
        why["verdict"],
        json!({"effect":"Deny","rule":"red","reason":"not red","shadow":true})
    );
    let policy = &why["policy"];
    assert_eq!(policy["provider"], "Internal");
    assert_eq!(
        (&policy["name"], &policy["revision"]),
        (&json!("p"), &json!(1))
    );
    assert_eq!(
        why["trust"],
        json!({"before":0.5,"after":0.5,"target":0.0,"rate":0.0,"floor":0.25})
    );
    let input = &why["input"];
    assert_eq!(input["origin"], "https://api.example");
    assert_eq!(input["path"], "/%61?token=***");
    assert_eq!(input["normalisedPath"], "/a?token=***");
    assert_eq!(input["masked"], true);
    assert_eq!(input["lookedAt"]["headers.x-team"], json!(["red"]));
    assert!(why.get("settings").is_none(), "{why}");
    assert!(!row.to_string().contains("hush"), "{row}");

    let outcome = AuditOutcome {
        status: Some(201),
        response_bytes: 13,
        duration: 1_500,
        failure: None,
        completed_at: Timestamp::from_micros(world.now.get()).unwrap(),
    };
    world
        .memory
        .complete(id.parse().unwrap(), &outcome)
        .unwrap();
    let (_, row) = shown(&world);
    assert_eq!(
        row["outcome"],
        json!({"status":201,"bytes":13,"durationMs":1.5,"failure":null,
               "completedAt":"2023-11-15T12:00:00.000000Z"})
    );
}

#[test]
fn settings_are_told_where_they_are_not_the_usual_ones() {
    let world = asked(
        r#"{"HumanInTheLoop":{"Threshold":0.95},"Decision":{"Mode":"Shadow"},
            "Risk":{"PathPatterns":[{"Pattern":"/x","Score":0.5}]},"Trust":{"DenyRate":0.1}}"#,
    );
    let (_, row) = shown(&world);
    let settings = &row["explanation"]["settings"];
    assert_eq!(settings["riskThreshold"], 0.95);
    assert_eq!(settings["shadow"], true);
    assert_eq!(settings["trustRates"]["deny"], 0.1);
    assert_eq!(settings["riskPathsSha256"].as_str().unwrap().len(), 64);
    assert_eq!(settings.as_object().unwrap().len(), 4);
}

/// What is written for every request ought to be small.
#[test]
fn an_ordinary_row_takes_less_than_a_kilobyte() {
    let world = World::new();
    let policy = r#"{"name":"read-only","default":"Allow","rules":[{"name":"no-delete","effect":"Deny",
        "conditions":[{"field":"method","operator":"eq","value":"DELETE"}]}]}"#;
    world.policies(&[("p.json", policy)]);
    let (id, token) = world.agent();
    world.assign(&id, "read-only");
    let request = Request::get("/proxy/https://api.example/orders/7?x=1")
        .header("authorization", format!("Bearer {token}"));
    world.send(request.body(Vec::new()).unwrap());
    let (_, explanation) = crate::replay::rows(&world).pop().unwrap();
    println!("{} bytes: {explanation}", explanation.len());
    assert!(explanation.len() < 1_024, "{explanation}");
}
