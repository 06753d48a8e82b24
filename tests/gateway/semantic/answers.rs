//! What models answer, and what becomes of the request.

use std::time::{Duration, Instant};

use serde_json::json;
use vectra_tests::DEADLINE;

use super::model::{NONCE, Says, completion};
use super::{KEY, World};

#[tokio::test]
async fn a_good_answer_counts_by_its_label_and_its_confidence() {
    let world = World::start(json!({}), None).await;
    for (path, label, confidence, status) in [
        ("/a", "read", 0.95, 200),
        ("/b", "write", 0.7, 200),
        ("/c", "harmful", 0.9, 403),
        ("/d", "bulk_export", 0.9, 202),
        ("/e", "destructive_delete", 0.9, 202),
        ("/f", "admin_action", 0.9, 202),
        ("/g", "read", 0.69, 202),
        ("/h", "unknown", 1.0, 202),
    ] {
        let got = world.status(path, Says::Label(label, confidence)).await;
        assert_eq!(
            got,
            status,
            "{label} {confidence}\n{}",
            world.vectra.output()
        );
    }
    let asked = world.model.take_asked();
    assert_eq!(asked.len(), 8);
    assert_eq!(asked[0].path, "/v1/chat/completions");
    assert_eq!(
        asked[0].authorization.as_deref(),
        Some(format!("Bearer {KEY}").as_str())
    );
    let data = asked[0].data();
    assert_eq!(
        (data["method"].as_str(), data["path"].as_str()),
        (Some("POST"), Some("/a"))
    );
    assert_eq!(data["text"], "note hello");
    assert_eq!(world.upstream.take_received().len(), 2);
    world.end().await;
}

/// Answers that are none, each of which would be an Allow if it were believed.
fn broken() -> Vec<(&'static str, Says)> {
    let good = format!(
        r#"{{"nonce":"{NONCE}","intent":"read","confidence":0.99,"risk_tags":[],"explanation":"x"}}"#
    );
    let content = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        Says::Content(good.replacen(from, to, 1))
    };
    let raw = |status, kind, body: &str| Says::Raw(status, kind, body.to_owned());
    let json = "application/json";
    vec![
        ("a status of 500", raw(500, json, &completion(&good))),
        ("a status of 429", raw(429, json, "{}")),
        ("a redirection", raw(302, json, "{}")),
        ("a status of 201", raw(201, json, &completion(&good))),
        (
            "another content type",
            raw(200, "text/html", &completion(&good)),
        ),
        ("no JSON", raw(200, json, "<html>")),
        ("nothing", raw(200, json, "")),
        (
            "another document",
            raw(200, json, r#"{"intent":"read","confidence":1}"#),
        ),
        (
            "an error",
            raw(200, json, r#"{"error":{"message":"quota"}}"#),
        ),
        ("a body cut off", Says::CutOff),
        ("a flood", Says::Floods),
        ("a fence", content("{", "```json\n{")),
        ("text before", content("{", "Here you are: {")),
        ("text after", content("\"x\"}", "\"x\"} I hope it helps")),
        ("two objects", Says::Content(format!("{good}{good}"))),
        ("half an object", content("\"x\"}", "\"x\"")),
        ("a label that does not exist", content("read", "harmless")),
        ("another case", content("read", "READ")),
        ("a confidence of 7", content("0.99", "7")),
        ("a confidence below 0", content("0.99", "-1")),
        ("a confidence that is no number", content("0.99", "\"NaN\"")),
        ("a bare NaN", content("0.99", "NaN")),
        ("an unknown tag", content("[]", "[\"safe\"]")),
        ("an unknown member", content("{", "{\"safe\":true,")),
        (
            "a member twice",
            content("\"intent\"", "\"intent\":\"read\",\"intent\""),
        ),
        ("another nonce", content(NONCE, "0000000000000000")),
        ("the key", content("\"x\"", &format!("\"{KEY}\""))),
        (
            "an endless explanation",
            content("\"x\"", &format!("\"{}\"", "x".repeat(2_000))),
        ),
    ]
}

#[tokio::test]
async fn an_answer_that_is_none_holds_or_denies_as_configured_and_never_allows() {
    for (outcome, status) in [("Hitl", 202), ("Deny", 403)] {
        let world = World::start(json!({ "OnFailure": outcome }), None).await;
        for (at, (name, says)) in broken().into_iter().enumerate() {
            let got = world.status(&format!("/items/{at}"), says).await;
            assert_eq!(got, status, "{name}\n{}", world.vectra.output());
        }
        assert_eq!(world.upstream.take_received().len(), 0);
        world.end().await;
    }
}

#[tokio::test]
async fn a_slow_model_is_not_waited_for_beyond_the_deadline() {
    for (outcome, status) in [("Hitl", 202), ("Deny", 403)] {
        let world = World::start(json!({ "OnFailure": outcome }), None).await;
        for (path, says) in [("/silent", Says::Nothing), ("/dripping", Says::Drips)] {
            let begun = Instant::now();
            assert_eq!(
                world.status(path, says).await,
                status,
                "{}",
                world.vectra.output()
            );
            let taken = begun.elapsed();
            assert!(taken >= Duration::from_secs(1), "{path}: {taken:?}");
            // The rest is the machine's.
            assert!(
                taken < Duration::from_secs(1) + DEADLINE / 10,
                "{path}: {taken:?}"
            );
        }
        assert_eq!(world.upstream.take_received().len(), 0);
        world.end().await;
    }
}

#[tokio::test]
async fn a_model_that_is_gone_allows_nothing() {
    let mut world = World::start(json!({}), None).await;
    let host = world.model.host();
    world.model = super::Model::start().await.unwrap();
    assert_ne!(world.model.host(), host);
    let got = world.send("POST", "/x", &json!({ "note": "hello" })).await;
    assert_eq!(got.status, 202, "{}", world.vectra.output());
    world.end().await;
}

#[tokio::test]
async fn a_request_too_long_for_the_model_is_not_cut_and_not_asked() {
    let world = World::start(json!({}), None).await;
    world.model.says(Says::Label("read", 1.0));
    let body = json!({ "note": "x".repeat(40_000) });
    let got = world.send("POST", "/long", &body).await;
    assert_eq!(got.status, 202, "{}", world.vectra.output());
    assert_eq!(world.model.take_asked().len(), 0);
    world.end().await;
}

/// OB §23.5: the path was no part of what an answer was remembered under; failures were
/// remembered for a day.
#[tokio::test]
async fn an_answer_is_asked_for_once_and_a_failure_again() {
    let world = World::start(json!({}), None).await;
    for _ in 0..3 {
        assert_eq!(world.status("/one", Says::Label("read", 0.9)).await, 200);
    }
    assert_eq!(world.model.take_asked().len(), 1);
    assert_eq!(world.status("/two", Says::Label("harmful", 0.9)).await, 403);
    assert_eq!(world.status("/one", Says::Label("harmful", 0.9)).await, 200);
    assert_eq!(world.model.take_asked().len(), 1);
    for status in [202, 202] {
        let failure = Says::Raw(500, "application/json", String::new());
        assert_eq!(world.status("/three", failure).await, status);
    }
    assert_eq!(world.status("/three", Says::Label("read", 0.9)).await, 200);
    assert_eq!(world.model.take_asked().len(), 3);
    world.end().await;
}
