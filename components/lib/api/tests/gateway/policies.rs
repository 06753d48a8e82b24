//! Policies over the API: put, shown, retired.

use http::{Request, StatusCode};
use serde_json::{Value, json};
use vectra_api::lifecycle::Event;

use crate::world::{ADMIN, World};

const DENY: &str = r#"{"name":"p","owner":"o","default":"Deny"}"#;
const ALLOW: &str = r#"{"name":"p","owner":"o","default":"Allow"}"#;

fn put(world: &World, name: &str, document: &str) -> (u16, Value) {
    let (status, answer) = world.manage("PUT", &format!("/policies/{name}"), document);
    (status.as_u16(), answer)
}

fn get(world: &World, path: &str) -> Value {
    let (status, answer) = world.manage("GET", path, "");
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

fn delete(world: &World, path: &str) -> u16 {
    world.manage("DELETE", path, "").0.as_u16()
}

/// What an agent's request comes to.
fn call(world: &World, token: &str) -> u16 {
    let (status, _) = world.ask(token, "GET", "/proxy/http://api.example/a", "");
    status.as_u16()
}

#[test]
fn each_put_that_changes_something_is_a_revision() {
    let world = World::new();
    let (status, first) = put(&world, "p", DENY);
    assert_eq!(status, 201, "{first}");
    let expected =
        json!({"name": "p", "revision": 1, "changed": true, "shadow": false, "warnings": []});
    assert_eq!(first, expected);
    let (status, again) = put(&world, "p", DENY);
    assert_eq!((status, &again["changed"]), (200, &json!(false)), "{again}");
    world.wait(1);
    let (status, second) = put(&world, "p", ALLOW);
    assert_eq!((status, &second["revision"]), (200, &json!(2)), "{second}");

    let shown = get(&world, "/policies/p");
    assert_eq!(
        (&shown["default"], &shown["source"]),
        (&json!("Allow"), &json!("Api"))
    );
    assert_eq!(get(&world, "/policies/p?revision=1")["default"], "Deny");
    let page = get(&world, "/policies/p/revisions?limit=1");
    assert_eq!(page["items"][0]["revision"], 2, "{page}");
    let next = page["nextCursor"].as_str().unwrap();
    let page = get(&world, &format!("/policies/p/revisions?cursor={next}"));
    assert_eq!(page["items"][0]["revision"], 1, "{page}");
    assert_eq!(page["items"][0]["createdAt"], "2023-11-15T12:00:00.000000Z");
    assert_eq!(page["nextCursor"], Value::Null);

    let acts: Vec<Value> = world.acts();
    assert_eq!(acts.len(), 3);
    assert_eq!(
        (&acts[0]["action"], &acts[0]["target"]),
        (&json!("PUT /policies/{name}"), &json!("p"))
    );
    let detail = acts[0]["detail"].as_object().unwrap();
    assert_eq!(
        detail.keys().collect::<Vec<_>>(),
        ["contentHash"],
        "the text is not in it"
    );
    assert_eq!(detail["contentHash"], shown["contentHash"]);
}

#[test]
fn a_document_is_read_as_its_author_wrote_it() {
    let world = World::new();
    let document = "// who may read\n{\"name\":\"a b\",\"default\":\"Allow\",}";
    let (status, answer) = put(&world, "a%20b", document);
    assert_eq!(status, 201, "{answer}");
    assert_eq!(get(&world, "/policies/a%20b")["name"], "a b");
}

/// OB §23.8: a rule with an unknown operator or field never fired, and nobody was told.
#[test]
fn defect_8_what_could_never_work_is_refused_with_its_place_and_changes_nothing() {
    let world = World::new();
    put(&world, "p", DENY);
    let rule = |condition: &str| {
        format!(
            r#"{{"name":"p","default":"Allow","rules":[{{"name":"r","effect":"Deny","conditions":[{condition}]}}]}}"#
        )
    };
    for (document, place) in [
        (
            rule(r#"{"field":"method","operator":"is","value":"GET"}"#),
            "rules[0].conditions[0].operator",
        ),
        (
            rule(r#"{"field":"colour","operator":"eq","value":"red"}"#),
            "rules[0].conditions[0].field",
        ),
        (
            rule(r#"{"field":"path","operator":"regex","value":"("}"#),
            "rules[0].conditions[0].value",
        ),
        (r#"{"name":"q","default":"Allow"}"#.to_owned(), "name"),
        (r#"{"default":"Allow"}"#.to_owned(), "name"),
        ("{".to_owned(), "line 1"),
    ] {
        let (status, problem) = put(&world, "p", &document);
        assert_eq!(status, 400, "{document}: {problem}");
        let errors = problem["errors"].as_object().unwrap();
        assert!(
            errors.keys().any(|key| key.starts_with(place)),
            "{place}: {problem}"
        );
    }
    let long = format!(
        "{{\"name\":\"p\",\"description\":\"{}\"}}",
        "x".repeat(1024 * 1024)
    );
    assert_eq!(put(&world, "p", &long).0, 413);
    assert_eq!(get(&world, "/policies/p")["revision"], 1);
    assert_eq!(world.acts().len(), 1, "what is not done is no act");
}

/// OB §23.20: a bad regular expression was a 500 for each request.
#[test]
fn defect_20_a_bad_regex_is_a_denial_of_the_agents_that_are_bound_to_it() {
    let world = World::new();
    let rule = r#"{"name":"r","effect":"Deny","conditions":[{"field":"path","operator":"regex","value":"PATTERN"}]}"#;
    let document = format!(r#"{{"name":"p","default":"Allow","rules":[{rule}]}}"#);
    world.policies(&[("p.json", &document.replace("PATTERN", "/admin"))]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    assert_eq!(call(&world, &token), 201);
    world.policies(&[("p.json", &document.replace("PATTERN", "("))]);
    let (status, problem) = world.ask(&token, "GET", "/proxy/http://api.example/a", "");
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(problem["detail"], "Policy p is broken");
}

#[test]
fn a_condition_that_could_not_be_kept_and_a_body_that_is_no_json_are_refused() {
    let world = World::new();
    for (name, value, status) in [
        ("if-match", "\"1\"", 400),
        ("content-type", "text/plain", 415),
    ] {
        let request = Request::put("/policies/p")
            .header("authorization", format!("Bearer {ADMIN}"))
            .header(name, value);
        let request = if name == "if-match" {
            request.header("content-type", "application/json")
        } else {
            request
        };
        let response = world.send(request.body(DENY.as_bytes().to_vec()).unwrap());
        assert_eq!(response.status(), status, "{name}");
    }
}

#[test]
fn what_looks_wrong_is_told_and_put_all_the_same() {
    let world = World::new();
    let document = r#"{"name":"p","default":"Deny","mode":"Shadow","rules":[
        {"name":"all","priority":2,"effect":"Allow"},
        {"name":"never","priority":1,"effect":"Deny","conditions":[
            {"field":"method","operator":"eq","value":"GET"}]}]}"#;
    let (status, answer) = put(&world, "p", document);
    assert_eq!(status, 201, "{answer}");
    assert_eq!(answer["shadow"], true);
    let warning = &answer["warnings"][0];
    assert!(
        warning["place"].as_str().unwrap().starts_with("rules[1]"),
        "{answer}"
    );
    assert!(!warning["message"].as_str().unwrap().is_empty());

    let events = world.policies(&[("q.json", &document.replace("\"p\"", "\"q\""))]);
    let told = |event: &Event| matches!(event, Event::Warning(text) if text.starts_with("q.json: rules[1]"));
    assert!(events.iter().any(told), "{events:?}");
}

/// OB §23.21: an edit was not seen for up to 24 hours, and a policy that was just
/// assigned denied. Two gateways share one database.
#[test]
fn defect_21_a_change_holds_from_the_next_request_on_on_every_node() {
    let one = World::new();
    let other = one.beside();
    let (id, token) = one.agent();
    put(&one, "p", ALLOW);
    other.assign(&id, "p");
    for (document, status) in [(DENY, 403), (ALLOW, 201), (DENY, 403)] {
        put(&one, "p", document);
        assert_eq!(call(&other, &token), status, "{document}");
        assert_eq!(call(&one, &token), status, "{document}");
    }
    assert_eq!(delete(&other, "/policies/p?force=true"), 204);
    let (status, problem) = one.ask(&token, "GET", "/proxy/http://api.example/a", "");
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(problem["detail"], "Policy p is retired");
}

#[test]
fn a_policy_is_retired_once_no_agent_is_bound_to_it_and_may_come_back() {
    let world = World::new();
    put(&world, "p", ALLOW);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    assert_eq!(delete(&world, "/policies/p"), 409);
    assert_eq!(delete(&world, "/policies/p?force=false"), 409);
    assert_eq!(delete(&world, "/policies/p?force=yes"), 400);
    assert_eq!(delete(&world, "/policies/p?farce=true"), 400);
    assert_eq!(call(&world, &token), 201);

    world.wait(1);
    let (status, agent) = world.manage("DELETE", &format!("/agents/{id}/policy"), "");
    assert_eq!(
        (status, &agent["policyName"]),
        (StatusCode::OK, &Value::Null),
        "{agent}"
    );
    assert_eq!(world.acts()[0]["action"], "DELETE /agents/{agentId}/policy");
    assert_eq!(call(&world, &token), 201, "by Policy.Unassigned");
    for _ in 0..2 {
        assert_eq!(delete(&world, "/policies/p"), 204);
    }
    let shown = get(&world, "/policies/p");
    assert_eq!(
        (&shown["status"], &shown["revision"]),
        (&json!("Retired"), &json!(2))
    );
    let (status, _) = world.manage(
        "PUT",
        &format!("/agents/{id}/policy"),
        r#"{"policyName":"p"}"#,
    );
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(put(&world, "p", ALLOW).1["revision"], 3);
    world.assign(&id, "p");
}

#[test]
fn what_a_file_made_only_its_file_changes_and_the_other_way_round() {
    let world = World::new();
    world.policies(&[("p.json", DENY)]);
    let (status, problem) = put(&world, "p", ALLOW);
    assert_eq!(status, 409, "{problem}");
    assert_eq!(delete(&world, "/policies/p?force=true"), 409);
    let own = ALLOW.replace("\"p\"", "\"own\"");
    assert_eq!(put(&world, "own", &own).0, 201);

    let events = world.policies(&[("own.json", &own.replace("Allow", "Deny"))]);
    let left =
        |event: &Event| matches!(event, Event::Warning(text) if text.contains("over the API"));
    assert!(events.iter().any(left), "{events:?}");
    assert_eq!(get(&world, "/policies/own")["default"], "Allow");
    assert_eq!(
        get(&world, "/policies/p")["status"],
        "Retired",
        "its file is gone"
    );
    let (status, put) = put(&world, "p", ALLOW);
    assert_eq!(status, 200, "a retired name is anybody's again: {put}");
    assert_eq!(get(&world, "/policies/p")["source"], "Api");
}

#[test]
fn files_of_cases_are_no_policies() {
    let world = World::new();
    let cases = r#"{"cases":[]}"#;
    let events = world.policies(&[
        ("p.json", DENY),
        ("p.test.json", cases),
        ("Q.TEST.JSON", cases),
    ]);
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, Event::Warning(_))),
        "{events:?}"
    );
    let list = get(&world, "/policies");
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
}

#[test]
fn what_is_not_there_is_not_found() {
    let world = World::new();
    put(&world, "p", DENY);
    for (method, path, status) in [
        ("GET", "/policies/q", 404),
        ("GET", "/policies/p?revision=2", 404),
        ("GET", "/policies/p?revision=0", 404),
        ("GET", "/policies/p?revision=x", 400),
        ("GET", "/policies/p?version=1", 400),
        ("GET", "/policies/q/revisions", 404),
        ("GET", "/policies/p/revisions?cursor=x", 400),
        ("GET", "/policies/%00", 400),
        ("DELETE", "/policies/q", 404),
        ("DELETE", "/policies/%ff", 400),
    ] {
        let (got, problem) = world.manage(method, path, "");
        assert_eq!(got.as_u16(), status, "{method} {path}: {problem}");
    }
}
