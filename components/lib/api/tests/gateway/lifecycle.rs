//! Policies from files.

use http::StatusCode;
use vectra_api::lifecycle::Event;

use crate::world::World;

const ALLOW: &str = r#"{"name":"p","description":"d","owner":"o","default":"Allow"}"#;
const DENY: &str = r#"{"name":"p","default":"Deny"}"#;

fn status(world: &World, name: &str) -> String {
    let (code, policy) = world.manage("GET", &format!("/policies/{name}"), "");
    assert_eq!(code, StatusCode::OK, "{policy}");
    policy["status"].as_str().unwrap().to_owned()
}

fn warnings(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Warning(text) => Some(text.as_str()),
            Event::Done(_) => None,
        })
        .collect()
}

#[test]
fn files_make_revisions_only_when_they_change() {
    let world = World::new();
    world.policies(&[("a.json", ALLOW)]);
    world.policies(&[("a.json", ALLOW)]);
    let (_, policy) = world.manage("GET", "/policies/p", "");
    assert_eq!(
        (&policy["revision"], &policy["default"]),
        (&1.into(), &"Allow".into())
    );
    world.policies(&[("a.json", DENY)]);
    let (_, list) = world.manage("GET", "/policies", "");
    assert_eq!(list["items"][0]["revision"], 2);
    assert_eq!(list["items"][0]["default"], "Deny");
    assert_eq!(list["items"][0]["ruleCount"], 0);
}

#[test]
fn a_file_that_is_gone_retires_its_policy_and_one_that_breaks_breaks_it() {
    let world = World::new();
    world.policies(&[("a.json", ALLOW)]);
    let events = world.policies(&[]);
    assert_eq!(warnings(&events).len(), 1, "{events:?}");
    assert_eq!(status(&world, "p"), "Retired");
    world.policies(&[("a.json", ALLOW)]);
    assert_eq!(status(&world, "p"), "Active");
    let events = world.policies(&[("a.json", "{ not json")]);
    assert!(warnings(&events)[0].starts_with("a.json: "), "{events:?}");
    assert_eq!(status(&world, "p"), "Broken");
    let (id, _) = world.agent();
    let path = format!("/agents/{id}/policy");
    let (code, _) = world.manage("PUT", &path, r#"{"policyName":"p"}"#);
    assert_eq!(code, StatusCode::CONFLICT);
    let (code, _) = world.manage("PUT", &path, r#"{"policyName":"q"}"#);
    assert_eq!(code, StatusCode::NOT_FOUND);
    let (code, _) = world.manage("PUT", &path, r#"{"policyName":null}"#);
    assert_eq!(code, StatusCode::OK);
}

#[test]
fn two_files_with_one_name_deny() {
    let world = World::new();
    let events = world.policies(&[("a.json", ALLOW), ("b.json", DENY)]);
    assert!(warnings(&events)[0].contains("a.json"), "{events:?}");
    assert_eq!(status(&world, "p"), "Broken");
}
