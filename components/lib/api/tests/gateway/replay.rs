//! Decisions that are made again from what was recorded of them.

#[path = "replay/mixed.rs"]
mod mixed;

use std::collections::BTreeMap;

use http::{Request, StatusCode};
use serde_json::Value;
use vectra_domain::repository::{AuditRange, AuditRepository};
use vectra_domain::{AuditId, AuditTrail, Timestamp};

use crate::world::World;

/// All rows, oldest first, with their explanations.
pub fn rows(world: &World) -> Vec<(AuditTrail, String)> {
    let mut range = AuditRange {
        agent_id: None,
        since: Timestamp::EPOCH,
        until: Timestamp::EPOCH.plus(i64::MAX),
        after: None,
        limit: 1_000,
    };
    let mut rows = Vec::new();
    loop {
        let page = AuditRepository::range(&world.memory, &range).unwrap();
        let Some((last, _)) = page.last() else {
            return rows;
        };
        range.after = Some((last.timestamp, last.id));
        rows.extend(page);
    }
}

pub fn replay(world: &World, id: &str) -> Value {
    let (status, answer) = world.manage("POST", &format!("/decisions/replay/{id}"), "");
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

/// One request; the row it left.
fn governed(policy: &str, target: &str) -> (World, AuditTrail, String) {
    let world = World::new();
    world.policies(&[("p.json", policy)]);
    let (id, token) = world.agent();
    world.assign(&id, "p");
    let request = Request::post(format!("/proxy/{target}"))
        .header("authorization", format!("Bearer {token}"))
        .header("x-team", "red");
    world.send(request.body(Vec::new()).unwrap());
    let (row, explanation) = rows(&world).pop().unwrap();
    (world, row, explanation)
}

const POLICY: &str = r#"{"name":"p","default":"Allow","rules":[
    {"name":"red","effect":"Deny","reason":"not red",
     "conditions":[{"field":"headers.x-team","operator":"eq","value":"red"}]}]}"#;

/// A copy of a row, changed.
fn changed(world: &World, row: &AuditTrail, explanation: &str, n: u128) -> String {
    let id = AuditId::new(uuid::Uuid::from_u128(
        0x018f_4d2e_7c1b_7000_8000_0000_0000_0000 | n,
    ));
    let copy = AuditTrail { id, ..row.clone() };
    AuditRepository::append(&world.memory, &copy, explanation).unwrap();
    id.to_string()
}

#[test]
fn a_decision_that_is_made_again_is_the_same_and_says_what_was_recomputed() {
    let (world, row, _) = governed(POLICY, "http://api.example/a?x=1");
    let answer = replay(&world, &row.id.to_string());
    assert_eq!(answer["result"], "same", "{answer}");
    assert_eq!(answer["recorded"], answer["replayed"]);
    assert_eq!(answer["replayed"]["outcome"], "Deny");
    assert_eq!(answer["replayed"]["rule"], "red");
    assert_eq!(answer["replayed"]["reason"], "not red");
    let list = |name: &str| answer[name].to_string();
    assert_eq!(
        list("recomputed"),
        r#"["decision","risk","trust","policy"]"#
    );
    assert_eq!(
        list("fromRecord"),
        r#"["activity","agent","body","settings","target","time"]"#
    );
    assert_eq!(list("why"), "[]");
}

#[test]
fn a_record_that_says_otherwise_than_is_decided_is_found_out() {
    let (world, row, explanation) = governed(POLICY, "http://api.example/a");
    let cases = [
        ("/rule", Value::from("blue"), "rule"),
        ("/stage", "risk".into(), "stage"),
        ("/risk/score", 0.5.into(), "risk"),
        (
            "/risk/factors/path",
            0.100_000_000_000_000_02.into(),
            "risk",
        ),
        ("/trust/rate", 0.1.into(), "trust"),
        ("/verdict/effect", "Hitl".into(), "verdict"),
        ("/input/method", "GET".into(), "risk"),
        ("/input/lookedAt/headers.x-team/0", "blue".into(), "outcome"),
        ("/input/targetRefusal", "no".into(), "stage"),
    ];
    for (n, (place, value, differs)) in cases.into_iter().enumerate() {
        let mut told: Value = serde_json::from_str(&explanation).unwrap();
        match told.pointer_mut(place) {
            Some(member) => *member = value,
            None => told["input"]["targetRefusal"] = value,
        }
        let id = changed(&world, &row, &told.to_string(), n as u128 + 1);
        let answer = replay(&world, &id);
        assert_eq!(answer["result"], "different", "{place}: {answer}");
        let why = answer["why"].as_array().unwrap();
        let named = |line: &Value| line.as_str().unwrap().starts_with(&format!("{differs}: "));
        assert!(why.iter().any(named), "{place}: {answer}");
    }
}

#[test]
fn what_was_not_kept_is_not_guessed() {
    let (world, row, explanation) = governed(POLICY, "http://api.example/a");
    let edited = |edit: &dyn Fn(&mut Value)| {
        let mut told: Value = serde_json::from_str(&explanation).unwrap();
        edit(&mut told);
        told.to_string()
    };
    let cases = [
        (String::new(), "explanation: there is none"),
        ("{}".to_owned(), "explanation: it cannot be read"),
        (
            edited(&|told| told["v"] = 1.into()),
            "explanation: version 1 does not keep enough",
        ),
        (
            edited(&|told| told["v"] = 3.into()),
            "explanation: version 3 is not known",
        ),
        (
            edited(&|told| told["outcome"] = "Allow".into()),
            "outcome: the row says what the host did after the decision",
        ),
        (
            edited(&|told| told["policy"]["revision"] = 7.into()),
            "policy: its revision is gone",
        ),
        (
            edited(&|told| told["policy"]["contentHash"] = "00".into()),
            "policy: its revision is gone",
        ),
        (
            edited(&|told| told["settings"]["riskPathsSha256"] = "00".into()),
            "settings: Risk.PathPatterns were others then",
        ),
        (
            edited(&|told| told["policy"]["provider"] = "Opa".into()),
            "",
        ),
        (
            edited(&|told| {
                told["input"]["lookedAt"] = serde_json::json!({});
            }),
            "headers.x-team: it was not looked at",
        ),
        (
            edited(&|told| {
                told["input"]["masked"] = true.into();
                told["risk"]["factors"]["path"] = 0.9.into();
            }),
            "risk.path: values of the query are masked",
        ),
    ];
    for (n, (told, why)) in cases.into_iter().enumerate() {
        if told.is_empty() {
            continue;
        }
        let id = changed(&world, &row, &told, n as u128 + 1);
        let answer = replay(&world, &id);
        if why.is_empty() {
            // A server's word is data.
            assert_eq!(answer["result"], "same", "{answer}");
            assert!(answer["fromRecord"].to_string().contains("policy"));
            continue;
        }
        assert_eq!(answer["result"], "not-replayable", "{why}: {answer}");
        assert_eq!(answer["why"], serde_json::json!([why]), "{answer}");
        assert_eq!(answer["replayed"], Value::Null);
    }
}

#[test]
fn a_decision_is_made_again_with_the_revision_of_then() {
    let (world, row, _) = governed(POLICY, "http://api.example/a");
    world.policies(&[("p.json", r#"{"name":"p","default":"Allow"}"#)]);
    assert_eq!(replay(&world, &row.id.to_string())["result"], "same");
    world.policies(&[]);
    assert_eq!(replay(&world, &row.id.to_string())["result"], "same");
}

#[test]
fn a_replay_records_nothing_and_knows_wrong_ids() {
    let (world, row, _) = governed(POLICY, "http://api.example/a");
    let before = (rows(&world).len(), world.acts().len());
    replay(&world, &row.id.to_string());
    assert_eq!((rows(&world).len(), world.acts().len()), before);
    let none = "018f4d2e-7c1b-7a3d-9e5f-0123456789ab";
    for (id, status, code) in [(none, 404, "VEC501001"), ("7", 400, "VEC400001")] {
        for (method, path) in [("POST", "/decisions/replay"), ("GET", "/audit")] {
            let (answered, problem) = world.manage(method, &format!("{path}/{id}"), "");
            assert_eq!(answered.as_u16(), status, "{method} {path}");
            assert_eq!(problem["errorCode"], code);
        }
    }
}

/// Ten thousand decisions of all kinds.
#[test]
fn what_was_recorded_of_10_000_mixed_decisions_gives_the_same_again() {
    let mut results: BTreeMap<String, u32> = BTreeMap::new();
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    let mut bytes = 0;
    for world in mixed::worlds() {
        for (row, explanation) in rows(&world) {
            bytes += explanation.len();
            let answer = replay(&world, &row.id.to_string());
            let result = answer["result"].as_str().unwrap();
            assert_ne!(result, "different", "{answer}\n{explanation}");
            *results.entry(result.to_owned()).or_default() += 1;
            let stage = answer["recorded"]["stage"].as_str().unwrap_or("none");
            let outcome = answer["recorded"]["outcome"].as_str().unwrap_or("none");
            *results.entry(format!("{outcome}/{stage}")).or_default() += 1;
            let why = answer["why"].as_array().unwrap();
            assert_eq!(why.is_empty(), result == "same", "{answer}");
            for line in why {
                *kinds.entry(line.as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
    }
    let total = results["same"] + results["not-replayable"];
    println!(
        "{results:?}\n{kinds:?}\n{} bytes a row",
        bytes / total as usize
    );
    assert!(total >= 10_000, "{total}");
    // What cannot be decided again is of these kinds and no other, and each occurs.
    let known = [
        "engine: it did not decide",
        "outcome: the row says what the host did after the decision",
        "risk.path: values of the query are masked",
        "path: ",
        "targetUrl: ",
        "body: ",
    ];
    for kind in kinds.keys() {
        assert!(known.iter().any(|known| kind.starts_with(known)), "{kind}");
    }
    for known in known.iter().take(4) {
        assert!(kinds.keys().any(|kind| kind.starts_with(known)), "{known}");
    }
    assert!(results["same"] * 10 >= total * 9, "{results:?}");
    for kind in [
        "Deny/target",
        "Deny/body",
        "Hitl/body",
        "Deny/policy",
        "Hitl/policy",
        "Hitl/risk",
        "Deny/risk",
        "Deny/semantic",
        "Hitl/semantic",
        "Allow/none",
    ] {
        assert!(
            results.get(kind).is_some_and(|count| *count >= 5),
            "{kind}: {results:?}"
        );
    }
}
