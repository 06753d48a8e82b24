//! Policies from files.

use http::StatusCode;
use vectra_api::Clock;
use vectra_api::lifecycle::{Event, File, start};
use vectra_domain::PersistenceError;

use crate::database::{Manner, Place};
use crate::world::World;

const ALLOW: &str = r#"{"name":"p","description":"d","owner":"o","default":"Allow"}"#;
const DENY: &str = r#"{"name":"p","default":"Deny"}"#;

fn status(world: &World, name: &str) -> String {
    let (code, policy) = world.manage("GET", &format!("/policies/{name}"), "");
    assert_eq!(code, StatusCode::OK, "{policy}");
    policy["status"].as_str().unwrap().to_owned()
}

fn warnings(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .filter(|event| !matches!(event, Event::Done(_)))
        .map(Event::to_string)
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

#[test]
fn a_policy_whose_name_cannot_be_kept_is_a_problem_of_its_file_alone() {
    let (long, longest) = ("n".repeat(129), "n".repeat(128));
    let named = |name: &str| format!(r#"{{"name":"{name}","owner":"o","default":"Allow"}}"#);
    let too_long = named(&long);
    let fits = named(&longest);
    let file = format!("{long}.json");
    // The file, what is in it, and the policy that is broken by it.
    for (file, text, broken) in [
        ("long.json", too_long.as_str(), Some("long")),
        (&file, &too_long, None),
        (&file, "{", None),
        (".json", "{", None),
        ("nul.json", &named("a\\u0000"), Some("nul")),
    ] {
        let world = World::new();
        let events = world.policies(&[("a.json", ALLOW), (file, text), ("z.json", &fits)]);
        let warnings = warnings(&events);
        assert!(!warnings.is_empty(), "{events:?}");
        for warning in warnings {
            assert!(warning.starts_with(&format!("{file}: ")), "{warning}");
        }
        assert_eq!(status(&world, "p"), "Active");
        assert_eq!(status(&world, &longest), "Active");
        let (_, list) = world.manage("GET", "/policies", "");
        let count = 2 + usize::from(broken.is_some());
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{list}");
        if let Some(broken) = broken {
            assert_eq!(status(&world, broken), "Broken");
        }
    }
}

#[test]
fn a_policy_that_can_no_longer_be_kept_is_retired() {
    let world = World::new();
    world.policies(&[("a.json", ALLOW)]);
    let refused = PersistenceError::Invalid("it is blue".to_owned());
    world
        .database
        .fail(Place::Call("policies.put"), refused, Manner::Before);
    let events = world.policies(&[("a.json", DENY)]);
    let warnings = warnings(&events);
    assert_eq!(warnings[0], "a.json: its policy cannot be kept: it is blue");
    assert_eq!(status(&world, "p"), "Retired");
}

#[test]
fn a_start_that_fails_may_be_repeated() {
    let world = World::new();
    let file = || File {
        name: "a.json".to_owned(),
        content: Ok(ALLOW.to_owned()),
    };
    let database = &world.database;
    let start = || start(vec![file()], Clock::now(&world), database, database, &world);
    start().unwrap();
    let calls = world.database.calls().len();
    assert!(calls > 3, "{calls}");
    for nth in 1..=calls {
        for manner in [Manner::Before, Manner::After] {
            let lost = PersistenceError::Uncertain("lost".to_owned());
            world.database.fail(Place::Nth(nth), lost.clone(), manner);
            assert_eq!(start(), Err(lost), "{nth} {manner:?}");
            world.database.mend();
            start().unwrap();
            let (_, policy) = world.manage("GET", "/policies/p", "");
            assert_eq!(
                (&policy["revision"], &policy["status"]),
                (&1.into(), &"Active".into())
            );
        }
    }
}

#[test]
fn a_line_of_the_token_secret_that_is_no_key_is_told_at_the_start_by_its_number() {
    let world = World::new();
    assert_eq!(vectra_api::lifecycle::check_keys(&world), None);
    let weak = format!("{}\ntoo short", "k".repeat(32));
    world.token_secret.replace(weak);
    let Some(Event::Warning(told)) = vectra_api::lifecycle::check_keys(&world) else {
        panic!("nothing is told");
    };
    assert!(told.contains("line 2 of `token_secret`"), "{told}");
    assert!(!told.contains("too short"), "{told}");
}
