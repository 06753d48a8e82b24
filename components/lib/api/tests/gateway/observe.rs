//! What is told of a request: the line in the log, its id, its trace, what became of it.

use std::collections::BTreeSet;

use http::{Request, Response};
use serde_json::Value;
use vectra_api::UpstreamError;
use vectra_domain::AuditRecord;
use vectra_domain::repository::AuditRepository;

use crate::world::{ADMIN, World};

const POLICY: &str = r#"{"name":"p","default":"Allow","rules":[
    {"name":"no-delete","effect":"Deny",
     "conditions":[{"field":"method","operator":"eq","value":"DELETE"}]},
    {"name":"ask","effect":"Hitl",
     "conditions":[{"field":"path","operator":"startswith","value":"/ask"}]}]}"#;

struct Stage {
    world: World,
    agent: String,
    token: String,
}

fn stage(config: &str) -> Stage {
    let world = World::configured(config);
    world.policies(&[("p.json", POLICY)]);
    let (agent, token) = world.agent();
    world.assign(&agent, "p");
    world.log_requests.set(true);
    Stage {
        world,
        agent,
        token,
    }
}

impl Stage {
    fn call(&self, method: &str, uri: &str, headers: &[(&str, &str)]) -> Response<Vec<u8>> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.world.send(request.body(Vec::new()).unwrap())
    }

    fn proxied(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response<Vec<u8>> {
        let token = format!("Bearer {}", self.token);
        let mut all = vec![("vectra-authorization", token.as_str())];
        all.extend(headers);
        // The audit is read by time.
        self.world.wait(1);
        self.call(method, &format!("/proxy/http://api.example{path}"), &all)
    }

    /// The one line of the last request.
    fn line(&self) -> Value {
        let lines = self.world.log.take();
        let mut lines = lines.iter().filter(|line| line.starts_with('{'));
        let line = serde_json::from_str(lines.next().unwrap()).unwrap();
        assert_eq!(lines.next(), None);
        line
    }

    fn record(&self) -> AuditRecord {
        let row = &self.world.audit()[0];
        let id = row["auditId"].as_str().unwrap().parse().unwrap();
        AuditRepository::find(&self.world.memory, id)
            .unwrap()
            .unwrap()
    }
}

#[test]
fn every_branch_tells_the_same_fields() {
    let stage = stage(r#"{"System":{"RateLimit":{"DefaultRequestsPerMinute":5}}}"#);
    let admin = format!("Bearer {ADMIN}");
    let admin: &[(&str, &str)] = &[("authorization", &admin)];
    let bad: &[(&str, &str)] = &[("authorization", "Bearer nonsense")];
    let mut known: Option<BTreeSet<String>> = None;
    // Method, path, headers, status, and members that must be told so.
    type Branch<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], u16, Value);
    let branches: Vec<Branch> = vec![
        (
            "GET",
            "/nowhere",
            &[],
            404,
            serde_json::json!({"route": null}),
        ),
        (
            "PATCH",
            "/health",
            &[],
            405,
            serde_json::json!({"route": null}),
        ),
        (
            "GET",
            "/health",
            &[],
            200,
            serde_json::json!({"route": "/health"}),
        ),
        (
            "GET",
            "/agents",
            &[],
            401,
            serde_json::json!({"route": "/agents"}),
        ),
        (
            "GET",
            "/agents",
            admin,
            200,
            serde_json::json!({"error": null}),
        ),
        (
            "GET",
            "/policies/none",
            admin,
            404,
            serde_json::json!({"error": "VEC501003", "route": "/policies/{name}"}),
        ),
        (
            "POST",
            "/agents",
            admin,
            415,
            serde_json::json!({"operator_id": null}),
        ),
        (
            "GET",
            "/proxy/nonsense",
            &[],
            400,
            serde_json::json!({"target": null}),
        ),
        (
            "GET",
            "/proxy/http://api.example/",
            bad,
            401,
            serde_json::json!({"agent_id": null}),
        ),
        (
            "CONNECT",
            "/proxy/http://api.example/",
            bad,
            400,
            serde_json::json!({}),
        ),
    ];
    for (method, path, headers, status, members) in branches {
        let response = stage.call(method, path, headers);
        assert_eq!(response.status(), status, "{method} {path}");
        check(&stage.line(), &response, &mut known, &members);
    }
    let agent = stage.agent.as_str();
    let decided = [
        (
            "GET",
            "/a?token=hidden",
            201,
            serde_json::json!({
            "outcome": "allow", "stage": "none", "upstream_status": 201, "policy": "p",
            "policy_revision": 1, "agent_id": agent, "route": "/proxy/{target}",
            "target": "http://api.example/a?token=***", "risk_score": 0.09}),
        ),
        (
            "DELETE",
            "/a",
            403,
            serde_json::json!({
            "outcome": "deny", "stage": "policy", "rule": "no-delete", "upstream_status": null}),
        ),
        (
            "GET",
            "/ask",
            202,
            serde_json::json!({"outcome": "hitl", "rule": "ask"}),
        ),
    ];
    for (method, path, status, members) in decided {
        let response = stage.proxied(method, path, &[]);
        assert_eq!(response.status(), status, "{method} {path}");
        let line = stage.line();
        check(&line, &response, &mut known, &members);
        assert_eq!(line["trace_id"].as_str().unwrap().len(), 32);
        assert!(line["audit_id"].is_string(), "{line}");
        assert!(!line.to_string().contains("hidden"), "{line}");
    }
    let down = UpstreamError::Unreachable("down".to_owned());
    stage.world.upstream_fails.replace(Some(down));
    let response = stage.proxied("GET", "/a", &[]);
    assert_eq!(response.status(), 503);
    let line = stage.line();
    check(
        &line,
        &response,
        &mut known,
        &serde_json::json!({"outcome": "allow"}),
    );
    assert!(
        line["internal"].as_str().unwrap().contains("down"),
        "{line}"
    );
    stage.world.upstream_fails.replace(None);
    assert_eq!(stage.proxied("GET", "/a", &[]).status(), 201);
    stage.line();
    let response = stage.proxied("GET", "/a", &[]);
    assert_eq!(response.status(), 429);
    check(
        &stage.line(),
        &response,
        &mut known,
        &serde_json::json!({"agent_id": agent}),
    );
}

/// The line has the fields that all have, and says what the answer says.
fn check(
    line: &Value,
    response: &Response<Vec<u8>>,
    known: &mut Option<BTreeSet<String>>,
    members: &Value,
) {
    let fields: BTreeSet<String> = line.as_object().unwrap().keys().cloned().collect();
    let known = known.get_or_insert_with(|| fields.clone());
    assert_eq!(&fields, known, "{line}");
    assert_eq!(line["event"], "request");
    assert_eq!(line["status"], response.status().as_u16(), "{line}");
    let id = response.headers()["x-request-id"].to_str().unwrap();
    assert_eq!(line["request_id"], id, "{line}");
    for (name, value) in members.as_object().unwrap() {
        match value.as_f64().filter(|_| value.is_f64()) {
            Some(number) => {
                let told = line[name].as_f64().unwrap();
                assert!((told - number).abs() < 1e-6, "{name}: {line}");
            }
            None => assert_eq!(&line[name], value, "{name}: {line}"),
        }
    }
}

#[test]
fn lines_are_left_out_where_they_are_not_wanted_and_failures_are_told_all_the_same() {
    let stage = stage("{}");
    stage.world.log_requests.set(false);
    stage.world.log.take();
    assert_eq!(stage.proxied("GET", "/a", &[]).status(), 201);
    assert!(stage.world.log.take().is_empty());
    let down = UpstreamError::Unreachable("down".to_owned());
    stage.world.upstream_fails.replace(Some(down));
    assert_eq!(stage.proxied("GET", "/a", &[]).status(), 503);
    assert!(stage.world.log.take().join("\n").contains("down"));
}

#[test]
fn a_request_id_goes_from_the_caller_to_the_upstream_and_back() {
    let stage = stage("{}");
    let response = stage.proxied("GET", "/a", &[("x-request-id", "abc.1")]);
    assert_eq!(response.headers()["x-request-id"], "abc.1");
    assert_eq!(
        stage.world.reached.borrow()[0].headers["x-request-id"],
        "abc.1"
    );
    let response = stage.proxied("GET", "/a", &[("x-request-id", "a b\"c")]);
    let made = &response.headers()["x-request-id"];
    assert_eq!(made.len(), 32);
    assert_eq!(
        &stage.world.reached.borrow()[1].headers["x-request-id"],
        made
    );
}

#[test]
fn the_upstream_is_a_child_of_the_gateway_in_the_callers_trace() {
    let stage = stage("{}");
    let (id, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let known = format!("00-{id}-");
    let given = &*format!("{known}{parent}-01");
    let headers = [("traceparent", given), ("tracestate", "vendor=1")];
    assert_eq!(stage.proxied("GET", "/a", &headers).status(), 201);
    assert_eq!(stage.line()["trace_id"], id);
    {
        let reached = stage.world.reached.borrow();
        let passed = reached[0].headers["traceparent"].to_str().unwrap();
        assert!(
            passed.starts_with(&*known) && passed.ends_with("-01"),
            "{passed}"
        );
        assert!(!passed.contains(parent), "{passed}");
        assert_eq!(reached[0].headers["tracestate"], "vendor=1");
    }
    let explanation: Value = serde_json::from_str(&stage.record().explanation).unwrap();
    assert_eq!(explanation["traceId"], id);

    let headers = [("traceparent", "nonsense"), ("tracestate", "vendor=1")];
    assert_eq!(stage.proxied("GET", "/a", &headers).status(), 201);
    let reached = stage.world.reached.borrow();
    assert_eq!(reached[1].headers["traceparent"].len(), 55);
    assert!(!reached[1].headers.contains_key("tracestate"));
}

#[test]
fn what_becomes_of_a_forwarded_request_is_recorded_once() {
    let stage = stage("{}");
    assert_eq!(stage.proxied("GET", "/a", &[]).status(), 201);
    let outcome = stage.record().outcome.unwrap();
    assert_eq!(outcome.status, Some(201));
    assert_eq!(outcome.response_bytes, "from upstream".len() as u64);
    assert_eq!(outcome.failure, None);

    let down = UpstreamError::Unreachable("down".to_owned());
    stage.world.upstream_fails.replace(Some(down));
    assert_eq!(stage.proxied("GET", "/a", &[]).status(), 503);
    let outcome = stage.record().outcome.unwrap();
    assert_eq!((outcome.status, outcome.response_bytes), (None, 0));
    assert!(outcome.failure.unwrap().contains("down"));

    // What is not let out has no outcome.
    assert_eq!(stage.proxied("DELETE", "/a", &[]).status(), 403);
    assert_eq!(stage.record().outcome, None);
}

#[test]
fn outcomes_are_left_out_where_they_are_not_wanted() {
    let stage = stage(r#"{"Audit":{"RecordOutcomes":false}}"#);
    assert_eq!(stage.proxied("GET", "/a", &[]).status(), 201);
    assert_eq!(stage.record().outcome, None);
}
