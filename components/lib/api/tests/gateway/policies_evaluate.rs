//! Dry runs: what would be decided about a request that is described.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use http::{Request, StatusCode};
use serde_json::{Value, json};
use vectra_decision::{Intent, IntentStatus};

use crate::world::World;

const POLICY: &str = r#"{"name":"p","default":"Allow","rules":[
    {"name":"no-delete","priority":9,"effect":"Deny","reason":"never delete",
     "conditions":[{"field":"method","operator":"eq","value":"DELETE"}]},
    {"name":"large","priority":8,"effect":"Hitl",
     "conditions":[{"field":"body.amount","operator":"gt","value":1000}]},
    {"name":"team","priority":7,"effect":"Deny",
     "conditions":[{"field":"headers.x-team","operator":"eq","value":"red"}]},
    {"name":"admin","priority":6,"effect":"Deny",
     "conditions":[{"field":"path","operator":"startswith","value":"/admin"}]}]}"#;

const SEMANTIC: &str = r#"{"Semantic":{"Enabled":true}}"#;

fn evaluate(world: &World, path: &str, question: &Value) -> (u16, Value) {
    let (status, answer) = world.manage("POST", path, &question.to_string());
    (status.as_u16(), answer)
}

/// What the draft would decide about a question.
fn draft(world: &World, policy: &str, mut question: Value) -> Value {
    question["policy"] = policy.into();
    let (status, answer) = evaluate(world, "/decisions/evaluate", &question);
    assert_eq!(status, 200, "{answer}");
    answer
}

fn get(url: &str) -> Value {
    json!({ "method": "GET", "url": url })
}

#[test]
fn a_dry_run_tells_what_would_be_decided_and_why() {
    let world = World::new();
    world.policies(&[("p.json", POLICY)]);
    let question = json!({
        "request": { "method": "DELETE", "url": "http://api.example/a" },
        "agent": { "trustScore": 0.8 },
    });
    let (status, answer) = evaluate(&world, "/policies/p/evaluate", &question);
    assert_eq!(status, 200, "{answer}");
    for (field, value) in [
        ("outcome", json!("Deny")),
        ("stage", json!("policy")),
        ("rule", json!("no-delete")),
        ("reason", json!("never delete")),
        ("shadow", Value::Null),
        ("intent", Value::Null),
        (
            "policy",
            json!({"name": "p", "revision": 1, "status": "Active"}),
        ),
        ("notes", json!([])),
        ("warnings", json!([])),
    ] {
        assert_eq!(answer[field], value, "{field}: {answer}");
    }
    assert_eq!(answer["risk"]["factors"].as_array().unwrap().len(), 6);
    let trust = &answer["trust"];
    assert_eq!(
        (&trust["before"], &trust["target"]),
        (&json!(0.8), &json!(0.0))
    );
    assert!(trust["after"].as_f64().unwrap() < 0.8, "{trust}");
    assert!(
        world.audit().is_empty() && world.acts().is_empty(),
        "nothing is recorded"
    );
    assert!(world.reached.borrow().is_empty());
}

/// Each request is sent and described: the two are decided the same, to the last digit of
/// the risk.
#[test]
fn what_is_described_is_decided_as_what_comes() {
    type Sent = (
        &'static str,
        &'static str,
        &'static [(&'static str, &'static str)],
        &'static str,
    );
    const JSON: (&str, &str) = ("content-type", "application/json");
    const REQUESTS: &[Sent] = &[
        ("GET", "http://api.example/a?x=1", &[], ""),
        ("DELETE", "http://api.example/a", &[], ""),
        ("GET", "http://api.example/%61dmin/x", &[], ""),
        ("GET", "http://api.example/admin", &[("x-team", "blue")], ""),
        ("GET", "http://api.example/", &[("X-Team", "red")], ""),
        (
            "GET",
            "http://api.example/",
            &[("x-team", "blue"), ("x-team", "red")],
            "",
        ),
        (
            "GET",
            "http://api.example/",
            &[("connection", "x-team"), ("x-team", "red")],
            "",
        ),
        (
            "POST",
            "http://api.example/pay",
            &[JSON],
            r#"{"amount":1000}"#,
        ),
        (
            "POST",
            "http://api.example/pay",
            &[JSON],
            r#"{"amount":1001}"#,
        ),
        (
            "POST",
            "http://api.example/pay",
            &[JSON],
            r#"{"amount":1,"amount":2000}"#,
        ),
        (
            "POST",
            "http://api.example/pay",
            &[JSON],
            r#"{"amount":"many"}"#,
        ),
        ("POST", "http://api.example/pay", &[JSON], "{"),
        ("POST", "http://api.example/pay", &[], "amount=2000"),
        (
            "POST",
            "http://api.example/pay",
            &[JSON, ("content-encoding", "gzip")],
            "{}",
        ),
        (
            "POST",
            "http://api.example/pay",
            &[("content-type", "text/plain; charset=utf-16")],
            "x",
        ),
        (
            "PUT",
            "https://admin.example/etc/passwd",
            &[JSON],
            r#"{"amount":5}"#,
        ),
        ("GET", "http://127.0.0.1/", &[], ""),
        ("GET", "http://169.254.169.254/latest", &[], ""),
    ];
    for (method, url, headers, body) in REQUESTS {
        let world = World::new();
        world.policies(&[("p.json", POLICY)]);
        let (id, token) = world.agent();
        world.assign(&id, "p");
        let mut request = Request::builder()
            .method(*method)
            .uri(format!("/proxy/{url}"))
            .header("vectra-authorization", format!("Bearer {token}"));
        let mut fields: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in *headers {
            request = request.header(*name, *value);
            fields.entry(name).or_default().push(value);
        }
        world.send(request.body(body.as_bytes().to_vec()).unwrap());
        let row = world.audit().remove(0);

        let described = json!({ "method": method, "url": url, "headers": fields, "body": body });
        let agent = json!({ "agentId": id });
        let question = json!({ "request": described, "agent": agent });
        let (status, answer) = evaluate(&world, "/policies/p/evaluate", &question);
        assert_eq!(status, 200, "{answer}");
        let place = format!("{method} {url} {headers:?} {body}: {answer}");
        assert_eq!(answer["outcome"], row["decisionType"], "{place}");
        assert_eq!(answer["reason"], row["reason"], "{place}");
        assert_eq!(answer["risk"]["score"], row["riskScore"], "{place}");
    }
}

#[test]
fn what_is_refused_before_a_decision_is_an_outcome_too() {
    let world = World::configured(r#"{"Proxy":{"MaxInspectedBody":1024}}"#);
    let long = json!({ "method": "POST", "url": "http://h.example/", "body": "x".repeat(1025) });
    for (request, status) in [
        (get("ftp://h.example/"), 400),
        (get("/etc/passwd"), 400),
        (get("http://h.example/a%2Fb"), 400),
        (get("http://u:p@h.example/"), 400),
        (get("http://h example/"), 400),
        (get(&format!("http://h.example/{}", "x".repeat(9000))), 414),
        (
            json!({"method": "CONNECT", "url": "http://h.example/"}),
            400,
        ),
        (long, 413),
    ] {
        let answer = draft(&world, POLICY, json!({ "request": request }));
        assert_eq!(answer["outcome"], "Refused", "{answer}");
        assert_eq!(answer["status"], status, "{request} {answer}");
    }
}

#[test]
fn a_body_that_is_json_is_sent_as_it_is_written_with_its_type() {
    let world = World::new();
    let policy = r#"{"name":"p","default":"Allow","rules":[{"name":"any","effect":"Deny",
        "conditions":[{"field":"body.n","operator":"eq","value":2}]}]}"#;
    let body = r#"{"policy":POLICY,"request":{"method":"POST","url":"http://h.example/","body":{"n":2,"n":1}}}"#;
    let (_, answer) = world.manage(
        "POST",
        "/decisions/evaluate",
        &body.replace("POLICY", policy),
    );
    assert_eq!(
        answer["rule"], "any",
        "both of a repeated name are seen: {answer}"
    );
}

#[test]
fn time_and_activity_count_as_they_are_described() {
    let world = World::new();
    let factor = |question: Value, name: &str| {
        let answer = draft(&world, POLICY, question);
        let factors = answer["risk"]["factors"].as_array().unwrap().clone();
        let found = factors.into_iter().find(|factor| factor["name"] == name);
        found.unwrap()["score"].as_f64().unwrap()
    };
    let request = get("http://h.example/");
    let at = |time: &str| factor(json!({"request": request, "time": time}), "time_of_day");
    assert!(at("2026-01-07T03:00:00Z") > at("2026-01-07T12:00:00Z"));
    let busy = json!({"request": request, "activity": {"recentTotal": 10, "recentViolations": 10}});
    let quiet = json!({"request": request});
    assert!(factor(busy, "agent_history") > factor(quiet, "agent_history"));
}

fn intent(label: &str) -> Intent {
    Intent {
        label: label.to_owned(),
        confidence: 0.9,
        status: IntentStatus::Classified,
        risk_tags: Vec::new(),
        explanation: None,
        model: None,
    }
}

#[test]
fn a_meaning_that_is_needed_and_not_given_leaves_the_decision_open() {
    let world = World::configured(SEMANTIC);
    world.intent.replace(Some(intent("harmful")));
    let policy = r#"{"name":"p","default":"Allow","rules":[{"name":"reads","effect":"Deny",
        "conditions":[{"field":"intent.label","operator":"eq","value":"read"}]}]}"#;
    for policy in [policy, POLICY] {
        let request = get("http://h.example/");
        let answer = draft(&world, policy, json!({ "request": request }));
        assert_eq!(
            (&answer["outcome"], &answer["needs"]),
            (&json!("Undecided"), &json!(["intent"]))
        );
        assert!(world.asked.borrow().is_empty(), "nobody is asked");
        for (label, outcome) in [
            ("write", "Allow"),
            ("harmful", "Deny"),
            ("bulk_export", "Hitl"),
        ] {
            let given = json!({ "request": request, "intent": { "label": label } });
            let answer = draft(&world, policy, given);
            assert_eq!(answer["outcome"], outcome, "{label} {answer}");
            assert_eq!(answer["intent"]["label"], label);
        }
        world.database.calls();
        let asked = draft(
            &world,
            policy,
            json!({ "request": request, "askClassifier": true }),
        );
        assert_eq!(
            (&asked["outcome"], &asked["stage"]),
            (&json!("Deny"), &json!("semantic"))
        );
        assert_eq!(world.asked.take().len(), 1);
        let calls = world.database.calls();
        assert!(
            !calls.iter().any(|call| call.starts_with("intents")),
            "{calls:?}"
        );
    }
    let off = World::new();
    let given = json!({ "request": get("http://h.example/"), "intent": { "label": "harmful" } });
    let answer = draft(&off, POLICY, given);
    assert_eq!(answer["outcome"], "Allow");
    assert!(
        answer["notes"][0]
            .as_str()
            .unwrap()
            .contains("Semantic.Enabled"),
        "{answer}"
    );
}

#[test]
fn cases_are_compared_with_what_they_expect() {
    let world = World::new();
    let shadow = POLICY.replacen("\"default\"", "\"mode\":\"Shadow\",\"default\"", 1);
    world.policies(&[("p.json", POLICY)]);
    let delete = json!({ "method": "DELETE", "url": "http://h.example/" });
    let case = |name: &str, request: &Value, expect: Value| json!({ "name": name, "request": request, "expect": expect });
    let cases = json!({ "cases": [
        case("right", &delete, json!({ "outcome": "Deny", "rule": "no-delete", "stage": "policy", "reason": "never delete" })),
        case("outcome", &delete, json!({ "outcome": "Allow" })),
        case("rule", &delete, json!({ "outcome": "Deny", "rule": "other" })),
        case("stage", &delete, json!({ "outcome": "Deny", "stage": "risk" })),
        case("reason", &delete, json!({ "outcome": "Deny", "reason": "no" })),
        case("shadow", &delete, json!({ "outcome": "Deny", "shadow": "Deny" })),
        case("refused", &get("nonsense"), json!({ "outcome": "Refused" })),
        { "name": "free", "request": delete },
    ] });
    let (status, answer) = evaluate(&world, "/policies/p/evaluate", &cases);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["passed"], &answer["failed"]),
        (&json!(2), &json!(5)),
        "{answer}"
    );
    for result in answer["results"].as_array().unwrap() {
        let name = result["name"].as_str().unwrap();
        let unmet = result["unmet"].as_array().unwrap();
        match name {
            "right" | "refused" => assert_eq!(result["passed"], true, "{result}"),
            "free" => assert_eq!(result["passed"], Value::Null),
            name => {
                assert_eq!(unmet.len(), 1, "{result}");
                assert!(unmet[0].as_str().unwrap().starts_with(name), "{result}");
            }
        }
    }
    let expect = json!({ "outcome": "Allow", "shadow": "Deny" });
    let answer = draft(
        &world,
        &shadow,
        json!({ "cases": [case("s", &delete, expect)] }),
    );
    assert_eq!(answer["passed"], 1, "{answer}");
}

#[test]
fn what_stands_beside_the_cases_holds_for_those_that_do_not_say_otherwise() {
    let world = World::new();
    let policy = r#"{"name":"p","default":"Allow","rules":[{"name":"low","effect":"Deny",
        "conditions":[{"field":"agent.trust_score","operator":"lt","value":0.4}]}]}"#;
    let request = get("http://h.example/");
    let answer = draft(
        &world,
        policy,
        json!({
            "agent": { "trustScore": 0.1 },
            "cases": [
                { "name": "its own", "request": request, "agent": { "trustScore": 0.9 }, "expect": { "outcome": "Allow" } },
                { "name": "the common", "request": request, "expect": { "outcome": "Deny", "rule": "low" } },
            ],
        }),
    );
    assert_eq!(
        (&answer["passed"], &answer["failed"]),
        (&json!(2), &json!(0)),
        "{answer}"
    );
}

#[test]
fn an_earlier_revision_can_be_asked_and_one_that_denies_everything_says_so() {
    let world = World::new();
    for default in ["Deny", "Allow"] {
        let document = format!(r#"{{"name":"p","default":"{default}"}}"#);
        world.manage("PUT", "/policies/p", &document);
    }
    let ask = |more: Value| {
        let mut question = json!({ "request": get("http://h.example/") });
        if let (Value::Object(question), Value::Object(more)) = (&mut question, more) {
            question.extend(more);
        }
        evaluate(&world, "/policies/p/evaluate", &question)
    };
    assert_eq!(ask(json!({})).1["outcome"], "Allow");
    assert_eq!(ask(json!({"revision": 1})).1["outcome"], "Deny");
    assert_eq!(ask(json!({"revision": 3})).0, 404);
    world.manage("DELETE", "/policies/p", "");
    let answer = ask(json!({})).1;
    assert_eq!(answer["reason"], "Policy p is retired", "{answer}");
}

#[test]
fn a_question_that_is_wrong_is_told_what_is_wrong() {
    let world = World::new();
    world.policies(&[("p.json", POLICY)]);
    let request = get("http://h.example/");
    let many: Vec<Value> = (0..1001)
        .map(|n| json!({"name": n.to_string(), "request": request}))
        .collect();
    let ask = "/policies/p/evaluate";
    let draft = "/decisions/evaluate";
    for (path, question, status) in [
        (ask, json!({}), 400),
        (ask, json!([]), 400),
        (ask, json!({"request": request, "cases": []}), 400),
        (ask, json!({"request": request, "other": 1}), 400),
        (ask, json!({"request": request, "policy": {}}), 400),
        (ask, json!({"request": {"method": "GET"}}), 400),
        (
            ask,
            json!({"request": {"method": "G T", "url": "http://h.example/"}}),
            400,
        ),
        (
            ask,
            json!({"request": {"method": "GET", "url": "http://h.example/", "headers": {"a b": "c"}}}),
            400,
        ),
        (
            ask,
            json!({"request": {"method": "GET", "url": "http://h.example/", "headers": {"a": "b\nc"}}}),
            400,
        ),
        (
            ask,
            json!({"request": request, "agent": {"trustScore": 1.5}}),
            400,
        ),
        (
            ask,
            json!({"request": request, "agent": {"agentId": "x"}}),
            400,
        ),
        (ask, json!({"request": request, "time": "now"}), 400),
        (
            ask,
            json!({"request": request, "intent": {"label": "read", "confidence": 2}}),
            400,
        ),
        (
            ask,
            json!({"cases": [{"name": "n", "request": request, "time": "now"}]}),
            400,
        ),
        (ask, json!({"cases": many}), 400),
        ("/policies/q/evaluate", json!({"request": request}), 404),
        (draft, json!({"request": request, "revision": 1}), 400),
        (draft, json!({"request": request, "policy": {}}), 400),
        (draft, json!({"request": request, "policy": "{"}), 400),
        (draft, json!({"request": request}), 200),
    ] {
        let (got, answer) = evaluate(&world, path, &question);
        assert_eq!(got, status, "{path} {question} {answer}");
    }
    let (status, answer) = world.manage("POST", draft, "{");
    assert_eq!(
        (status, &answer["errorCode"]),
        (StatusCode::BAD_REQUEST, &json!("VEC200003"))
    );
    let too_long = "x".repeat(3 * 1024 * 1024 + 1);
    assert_eq!(
        world.manage("POST", draft, &too_long).0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let (_, problem) = evaluate(
        &world,
        draft,
        &json!({"policy": {"name": "p", "default": "Maybe"}, "request": request}),
    );
    assert!(problem["errors"].get("default").is_some(), "{problem}");
}

#[test]
fn each_example_policy_passes_the_cases_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../policies");
    let mut tried = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.ends_with(".json") || name.ends_with(".test.json") {
            continue;
        }
        let cases = fs::read_to_string(path.with_extension("test.json")).expect(&name);
        let cases: Value = serde_json::from_str(&cases).unwrap();
        let expected = cases["cases"].as_array().unwrap().len();
        let policy = fs::read_to_string(&path).unwrap();
        let answer = draft(&World::new(), &policy, cases);
        assert_eq!(answer["passed"], expected, "{name}: {answer}");
        assert_eq!(answer["warnings"], json!([]), "{name}");
        tried += 1;
    }
    assert_eq!(tried, 6);
}
