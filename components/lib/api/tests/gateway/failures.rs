//! Every call of every endpoint fails, in every way that the contract knows.

use http::Request;
use serde_json::Value;
use vectra_domain::PersistenceError::{self, Full, Other, SchemaMissing, SchemaTooNew};
use vectra_domain::PersistenceError::{Conflict, Invalid, NotFound, Unavailable, Uncertain};

use crate::database::{Manner, Place};
use crate::world::{ADMIN, World};

/// Stands in every message of the database, and must stand in no answer.
const INTERNAL: &str = "kingfisher";

const POLICY: &str = r#"{"name":"p","default":"Allow","rules":[
    {"name":"ask","effect":"Hitl",
     "conditions":[{"field":"path","operator":"startswith","value":"/ask"}]},
    {"name":"no","effect":"Deny",
     "conditions":[{"field":"path","operator":"startswith","value":"/no"}]}]}"#;

/// Method, target, body, and the answer while nothing fails.
const ENDPOINTS: [(&str, &str, &str, u16); 33] = [
    (
        "POST",
        "/operators",
        r#"{"name":"new","role":"Auditor"}"#,
        201,
    ),
    ("GET", "/operators", "", 200),
    ("DELETE", "/operators/{operator}", "", 204),
    ("POST", "/agents", r#"{"name":"new"}"#, 201),
    ("GET", "/agents", "", 200),
    ("GET", "/agents/{agent}", "", 200),
    (
        "PUT",
        "/agents/{agent}/policy",
        r#"{"policyName":"p"}"#,
        200,
    ),
    (
        "PUT",
        "/agents/{agent}/policy",
        r#"{"policyName":null}"#,
        200,
    ),
    ("PATCH", "/agents/{agent}", r#"{"name":"newer"}"#, 200),
    (
        "PUT",
        "/agents/{agent}/limit",
        r#"{"requestsPerMinute":9}"#,
        200,
    ),
    ("POST", "/agents/{agent}/quarantine", "", 200),
    ("POST", "/agents/{agent}/revoke", "", 200),
    ("POST", "/agents/{agent}/activate", "", 200),
    ("POST", "/agents/{agent}/secret", "{}", 200),
    ("DELETE", "/agents/{agent}/tokens", "", 204),
    ("DELETE", "/agents/{agent}", "", 204),
    (
        "POST",
        "/tokens",
        r#"{"agentId":"{agent}","clientSecret":"a secret of enough length"}"#,
        200,
    ),
    ("GET", "/policies", "", 200),
    ("GET", "/policies/p", "", 200),
    ("GET", "/audit", "", 200),
    ("GET", "/audit/export", "", 200),
    ("GET", "/audit/export?limit=1", "", 200),
    ("GET", "/audit/acts", "", 200),
    ("GET", "/audit/refusals", "", 200),
    ("GET", "/circuits", "", 200),
    ("GET", "/circuits/changes", "", 200),
    ("GET", "/counters", "", 200),
    ("GET", "/hitls", "", 200),
    ("GET", "/hitls/{held}", "", 200),
    ("GET", "/health", "", 200),
    ("GET", "/proxy/http://api.example/yes", "", 201),
    ("GET", "/proxy/http://api.example/no", "", 403),
    ("GET", "/proxy/http://api.example/ask", "", 202),
];

fn failures() -> Vec<(PersistenceError, Manner)> {
    let text = || format!("{INTERNAL} says no");
    let before = [
        NotFound,
        Conflict(text()),
        Invalid(text()),
        SchemaMissing,
        SchemaTooNew(7),
        Unavailable(text()),
        Full(text()),
        Uncertain(text()),
        Other(text()),
    ]
    .map(|failure| (failure, Manner::Before));
    let after = [Uncertain(text()), Other(text())].map(|failure| (failure, Manner::After));
    before.into_iter().chain(after).collect()
}

struct Stage {
    world: World,
    agent: String,
    token: String,
    operator: String,
    held: String,
}

impl Stage {
    fn new() -> Self {
        let world = World::new();
        world.policies(&[("p.json", POLICY)]);
        let (agent, token) = world.agent();
        world.assign(&agent, "p");
        let operator = world.operator("Ada", "Auditor").0;
        let mut stage = Self {
            world,
            agent,
            token,
            operator,
            held: String::new(),
        };
        let held = stage.send("GET", "/proxy/http://api.example/ask", "");
        stage.held = held.body["id"].as_str().unwrap().to_owned();
        stage
    }

    fn send(&self, method: &str, target: &str, body: &str) -> Answer {
        let fill = |text: &str| {
            text.replace("{agent}", &self.agent)
                .replace("{operator}", &self.operator)
                .replace("{held}", &self.held)
        };
        let key = if target.starts_with("/proxy") {
            &self.token
        } else {
            ADMIN
        };
        let request = Request::builder()
            .method(method)
            .uri(fill(target))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        let request = request.body(fill(body).into_bytes()).unwrap();
        let response = self.world.send(request);
        let text = String::from_utf8(response.body().clone()).unwrap();
        assert!(!text.contains(INTERNAL), "{text}");
        let retry_after = response.headers().get("retry-after");
        Answer {
            status: response.status().as_u16(),
            retry_after: retry_after.map(|value| value.to_str().unwrap().parse().unwrap()),
            body: serde_json::from_str(&text).unwrap_or_default(),
        }
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    retry_after: Option<u32>,
    body: Value,
}

/// Status, code and when to come back, of a call that changes something and of one
/// that reads.
fn expected(call: &str, failure: &PersistenceError) -> (u16, &'static str, Option<u32>) {
    let when = match failure {
        Unavailable(_) | SchemaMissing => Some(5),
        Full(_) => Some(60),
        _ => None,
    };
    match (call, failure) {
        ("ledger.record", _) => (503, "VEC300001", when),
        (
            "agents.update"
            | "agents.delete"
            | "access.limit"
            | "access.rotate"
            | "access.revoke_tokens",
            NotFound,
        ) => (404, "VEC501002", None),
        ("operators.revoke", NotFound) => (404, "VEC501001", None),
        ("operators.insert", Conflict(_)) => (409, "VEC601001", None),
        (
            "agents.insert"
            | "agents.update"
            | "agents.delete"
            | "access.limit"
            | "access.rotate"
            | "access.revoke_tokens"
            | "operators.insert"
            | "operators.revoke",
            _,
        ) => match failure {
            Invalid(_) => (400, "VEC400001", None),
            Unavailable(_) | SchemaMissing | SchemaTooNew(_) => (503, "VEC300003", when),
            _ => (503, "VEC300001", when),
        },
        (_, SchemaTooNew(_)) => (503, "VEC300003", None),
        _ => (503, "VEC300003", Some(5)),
    }
}

#[test]
fn a_failed_call_is_answered_as_documented_and_nothing_is_recorded_twice() {
    for (method, target, body, status) in ENDPOINTS {
        let stage = Stage::new();
        stage.world.database.calls();
        assert_eq!(stage.send(method, target, body).status, status, "{target}");
        let calls = stage.world.database.calls();
        for (nth, call) in (1..).zip(&calls) {
            for (failure, manner) in failures() {
                let case = format!("{method} {target}: {nth} {call} {failure:?} {manner:?}");
                let stage = Stage::new();
                let rows = stage.world.audit().len();
                stage
                    .world
                    .database
                    .fail(Place::Nth(nth), failure.clone(), manner);
                let answer = stage.send(method, target, body);
                let made = stage.world.database.calls();
                stage.world.database.mend();
                check(target, status, call, &failure, &answer, &case);

                let records = made.iter().filter(|call| **call == "ledger.record");
                assert!(records.count() <= 1, "{case}: {made:?}");
                let done = answer.status == status && target.starts_with("/proxy");
                let recorded = done || (*call == "ledger.record" && manner == Manner::After);
                assert_eq!(
                    stage.world.audit().len(),
                    rows + usize::from(recorded),
                    "{case}"
                );
                let forwarded = done && target.ends_with("/yes");
                assert_eq!(
                    stage.world.reached.borrow().len(),
                    usize::from(forwarded),
                    "{case}"
                );
            }
        }
    }
}

fn check(
    target: &str,
    status: u16,
    call: &str,
    failure: &PersistenceError,
    answer: &Answer,
    case: &str,
) {
    // The tables are made and the call is repeated; what reads in steps reads less; what
    // was done is answered even if its outcome is not noted.
    let mended = match failure {
        _ if call == "acts.complete" || call == "audit.complete" => true,
        // What is told of held requests is told after the answer.
        _ if call.starts_with("notifications.") => true,
        SchemaMissing => call != "ledger.record",
        Other(_) | Uncertain(_) => call == "audit.range" && target == "/audit/export",
        _ => false,
    };
    if mended {
        assert_eq!(answer.status, status, "{case}: {answer:?}");
        return;
    }
    if target == "/health" {
        assert_eq!(answer.status, 503, "{case}");
        assert_eq!(answer.body["status"], "Unhealthy", "{case}");
        return;
    }
    let (status, code, retry_after) = expected(call, failure);
    assert_eq!(answer.status, status, "{case}: {answer:?}");
    assert_eq!(answer.body["errorCode"], code, "{case}");
    assert_eq!(answer.retry_after, retry_after, "{case}");
}

#[test]
fn every_endpoint_makes_the_tables_when_they_are_missing() {
    let unknown = "018f4d2e-7c1b-7a3d-9e5f-0123456789ab";
    for (method, target, body, status) in ENDPOINTS {
        // A token of an agent that is not there, since nothing is.
        let token = World::new().agent().1;
        let stage = Stage {
            world: World::new(),
            agent: unknown.to_owned(),
            token,
            operator: unknown.to_owned(),
            held: unknown.to_owned(),
        };
        let status = match target {
            "/tokens" => 401,
            "/policies/p" => 404,
            _ if target.starts_with("/proxy") => 403,
            _ if target.contains('{') => 404,
            _ => status,
        };
        let answer = stage.send(method, target, body);
        assert_eq!(answer.status, status, "{method} {target}: {answer:?}");
        let calls = stage.world.database.calls();
        assert!(calls.contains(&"schema.ensure"), "{target}: {calls:?}");
    }
}

#[test]
fn tables_of_an_earlier_version_are_upgraded_by_the_first_governed_request() {
    let stage = Stage::new();
    stage
        .world
        .database
        .fail(Place::Call("ledger.load"), SchemaMissing, Manner::Before);
    let answer = stage.send("GET", "/proxy/http://api.example/yes", "");
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(
        stage.world.database.calls(),
        [
            "ledger.load",
            "schema.ensure",
            "ledger.load",
            "ledger.record",
            "audit.complete"
        ]
    );
}
