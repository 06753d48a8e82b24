//! What a draft would have decided about requests of the past.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::replay::rows;
use crate::world::World;

const POLICY: &str = r#"{"name":"p","default":"Allow","rules":[
    {"name":"red","effect":"Deny",
     "conditions":[{"field":"headers.x-team","operator":"eq","value":"red"}]}]}"#;

/// Thirty requests under the policy: ten each of GET blue, POST blue and POST red; and
/// ten of an agent without a policy.
fn world() -> World {
    let world = World::new();
    world.policies(&[("p.json", POLICY)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    let (_, other) = world.agent();
    for _ in 0..10 {
        for (token, method, team) in [
            (&token, "GET", "blue"),
            (&token, "POST", "blue"),
            (&token, "POST", "red"),
            (&other, "POST", "red"),
        ] {
            world.now.set(world.now.get() + 1_000_000);
            let request = Request::builder()
                .method(method)
                .uri("/proxy/http://api.example/a")
                .header("authorization", format!("Bearer {token}"))
                .header("x-team", team);
            world.send(request.body(Vec::new()).unwrap());
        }
    }
    world
}

fn ask(world: &World, mut more: Value) -> (StatusCode, Value) {
    let question = more.as_object_mut().unwrap();
    question
        .entry("from")
        .or_insert("2000-01-01T00:00:00Z".into());
    question
        .entry("to")
        .or_insert("2100-01-01T00:00:00Z".into());
    world.manage("POST", "/decisions/what-if", &more.to_string())
}

fn draft(world: &World, rules: Value) -> Value {
    let policy = json!({"name":"p","default":"Allow","rules":rules});
    let (status, answer) = ask(world, json!({ "policy": policy }));
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

fn rule(effect: &str, field: &str, value: &str) -> Value {
    json!({"name":"new","effect":effect,
        "conditions":[{"field":field,"operator":"eq","value":value}]})
}

#[test]
fn the_same_policy_changes_nothing() {
    let world = world();
    let (_, answer) = ask(&world, json!({"policyName":"p","revision":1}));
    assert_eq!(
        answer,
        json!({"read":40,"examined":30,"unchanged":30,"changed":{},
            "notReplayable":{"count":0,"reasons":{}},"first":[],"nextCursor":null})
    );
}

#[test]
fn changes_are_counted_and_the_first_told() {
    let world = world();
    let answer = draft(
        &world,
        json!([
            rule("Hitl", "method", "GET"),
            rule("Deny", "headers.x-team", "blue")
        ]),
    );
    assert_eq!(answer["examined"], 30);
    // Red is let out now, what reads is held, and blue that writes is denied.
    assert_eq!(
        answer["changed"],
        json!({"Allow->Hitl":10,"Allow->Deny":10,"Deny->Allow":10})
    );
    let first = answer["first"].as_array().unwrap();
    assert_eq!(first.len(), 20);
    let row = &rows(&world)[0].0;
    assert_eq!(first[0]["auditId"], row.id.to_string());
    assert_eq!(
        (&first[0]["from"], &first[0]["to"]),
        (&json!("Allow"), &json!("Hitl"))
    );
    assert_eq!(first[0]["rule"], "new");
}

#[test]
fn what_nobody_looked_at_cannot_be_told() {
    let world = world();
    let answer = draft(&world, json!([rule("Deny", "headers.x-other", "1")]));
    assert_eq!(
        answer["notReplayable"],
        json!({"count":30,"reasons":{"headers.x-other: it was not looked at":30}})
    );
    assert_eq!(
        (&answer["unchanged"], &answer["changed"]),
        (&json!(0), &json!({}))
    );
}

#[test]
fn a_draft_that_is_only_tried_out_shows_what_it_would_object_to() {
    let world = world();
    let policy = json!({"name":"p","default":"Allow","mode":"Shadow",
        "rules":[rule("Deny", "method", "GET")]});
    let (_, answer) = ask(&world, json!({ "policy": policy }));
    assert_eq!(
        answer["changed"],
        json!({"Allow->Allow (shadow Deny)":10,"Deny->Allow":10})
    );
}

#[test]
fn a_draft_may_stand_for_another_policy_or_agent() {
    let world = world();
    let agent = rows(&world)[0].0.agent_id.to_string();
    let policy = json!({"name":"draft","default":"Deny"});
    for (more, examined) in [
        (json!({}), 0),
        (json!({"onlyPolicy":"p"}), 30),
        (json!({"onlyPolicy":"p","agentId":agent}), 30),
        (json!({"onlyPolicy":"p","to":"2023-11-15T12:00:08.5Z"}), 6),
        (json!({"onlyPolicy":"p","from":"2023-11-15T12:00:40Z"}), 0),
    ] {
        let mut question = more.clone();
        question["policy"] = policy.clone();
        let (_, answer) = ask(&world, question);
        assert_eq!(answer["examined"], examined, "{more}: {answer}");
    }
}

#[test]
fn nothing_is_recorded() {
    let world = world();
    let before = (rows(&world).len(), world.acts().len());
    draft(&world, json!([rule("Deny", "method", "GET")]));
    assert_eq!((rows(&world).len(), world.acts().len()), before);
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let world = world();
    let good = json!({"name":"p","default":"Allow"});
    for (question, status) in [
        (json!({}), 400),
        (json!({"policy":good,"policyName":"p"}), 400),
        (json!({"policy":good,"revision":1}), 400),
        (json!({"policy":{"name":"p"}, "limit":1, "x":1}), 400),
        (json!({"policy":{"name":"p","default":"Perhaps"}}), 400),
        (json!({"policy":good,"limit":0}), 400),
        (json!({"policy":good,"limit":101}), 400),
        (json!({"policy":good,"from":"yesterday"}), 400),
        (json!({"policy":good,"from":"2101-01-01T00:00:00Z"}), 400),
        (json!({"policy":good,"agentId":"7"}), 400),
        (json!({"policy":good,"cursor":"7"}), 400),
        (json!({"policyName":"none"}), 404),
        (json!({"policyName":"p","revision":9}), 404),
        (json!({"policyName":"a\u{0}b"}), 400),
    ] {
        let (answered, problem) = ask(&world, question.clone());
        assert_eq!(answered.as_u16(), status, "{question}: {problem}");
    }
    let (status, _) = world.manage("POST", "/decisions/what-if", "{");
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
