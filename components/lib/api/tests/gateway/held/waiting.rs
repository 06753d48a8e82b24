//! `Prefer: wait`: the call stays open until somebody has decided.

use http::{Request, Response};
use serde_json::{Value, json};
use vectra_domain::Timestamp;

use super::{Stage, problem};
use crate::world::{ADMIN, World};

/// Asks and waits; meanwhile this happens.
fn waiting(stage: &Stage, method: &str, meanwhile: impl Fn(&World) + 'static) -> Response<Vec<u8>> {
    stage.world.meanwhile.replace(Some(Box::new(meanwhile)));
    let request = Request::builder()
        .method(method)
        .uri("/proxy/http://api.example/ask")
        .header("authorization", format!("Bearer {}", stage.token))
        .header("prefer", "wait=30");
    let response = stage.world.send(request.body(Vec::new()).unwrap());
    assert_eq!(response.headers()["preference-applied"], "wait=30");
    response
}

fn decide(verb: &'static str) -> impl Fn(&World) {
    move |world| {
        let (_, page) = world.manage("GET", "/hitls?status=Pending", "");
        let id = page["items"][0]["id"].as_str().unwrap();
        let path = format!("/hitls/{id}/{verb}");
        let (status, answer) = world.ask(ADMIN, "POST", &path, "{}");
        assert_eq!(status, 200, "{answer}");
    }
}

#[test]
fn a_call_that_waits_gets_the_upstreams_answer_or_why_there_is_none() {
    let stage = Stage::new();
    let response = waiting(&stage, "GET", decide("approve"));
    assert_eq!(response.status(), 201);
    assert_eq!(response.body(), b"from upstream");
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    assert!(response.headers().contains_key("ratelimit"));
    assert_eq!(stage.tried(), 1);

    let response = waiting(&stage, "GET", decide("deny"));
    assert_eq!(response.status(), 403);
    assert_eq!(problem(&response)["heldStatus"], "Denied");
    assert_eq!(stage.tried(), 1);
}

#[test]
fn the_answer_to_a_head_request_keeps_its_length_where_it_has_no_body() {
    let stage = Stage::new();
    let answer = Response::builder().header("content-length", "77");
    let answer = answer.body(Vec::new()).unwrap();
    stage.world.answer.replace(Some(answer));
    let response = waiting(&stage, "HEAD", decide("approve"));
    assert_eq!(response.headers()["content-length"], "77");
    assert_eq!(stage.world.reached.borrow()[0].method, "HEAD");
    // The answer to a GET would be waited for.
    let (_, page) = stage.world.manage("GET", "/hitls", "");
    let response = stage.response(page["items"][0]["id"].as_str().unwrap());
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("content-length"));
    assert!(response.body().is_empty());
}

#[test]
fn a_call_that_waits_in_vain_is_held_as_any_other() {
    let stage = Stage::new();
    let begun = stage.world.now.get();
    let response = waiting(&stage, "GET", |_| {});
    assert_eq!(response.status(), 202);
    assert!(response.headers().contains_key("location"));
    let held: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(held["status"], "Pending");
    assert_eq!(stage.world.now.get() - begun, 30 * Timestamp::SECOND);
    let looks = stage.world.database.calls();
    let looks = looks.iter().filter(|call| **call == "held.find").count();
    assert!((30..40).contains(&looks), "{looks}");
}

#[test]
fn nobody_waits_longer_than_the_settings_let_them() {
    for (most, waited) in [(7, 7), (0, 0)] {
        let config = json!({"HumanInTheLoop": {"MaxWaitSeconds": most}});
        let stage = Stage::configured(&config.to_string());
        let begun = stage.world.now.get();
        let request = stage.ask().header("prefer", "wait=600");
        let response = stage.world.send(request.body(Vec::new()).unwrap());
        assert_eq!(response.status(), 202);
        assert_eq!(stage.world.now.get() - begun, waited * Timestamp::SECOND);
        let applied = response.headers().get("preference-applied");
        assert_eq!(applied.is_some(), waited > 0);
    }
}

#[test]
fn who_may_not_ask_any_more_gets_no_answer_however_long_it_has_waited() {
    type End = fn(&World, &str);
    let ends: [(u16, End); 3] = [
        (401, |world, agent| {
            let path = format!("/agents/{agent}/tokens");
            assert_eq!(world.manage("DELETE", &path, "").0, 204);
        }),
        (403, |world, agent| {
            let path = format!("/agents/{agent}/revoke");
            assert_eq!(world.manage("POST", &path, "").0, 200);
        }),
        (403, |world, agent| {
            let path = format!("/agents/{agent}");
            assert_eq!(world.manage("DELETE", &path, "").0, 204);
        }),
    ];
    for (expected, end) in ends {
        for verb in ["approve", "deny"] {
            let stage = Stage::new();
            let agent = stage.agent.clone();
            let response = waiting(&stage, "GET", move |world| {
                decide(verb)(world);
                end(world, &agent);
            });
            assert_eq!(response.status(), expected, "{verb}");
            let told = problem(&response);
            assert!(told.get("heldStatus").is_none(), "{told}");
            assert_eq!(stage.tried(), usize::from(verb == "approve"));
        }
    }
}

#[test]
fn telling_whoever_is_to_decide_is_part_of_the_wait() {
    let stage = Stage::configured(
        r#"{"Security":{"InternalHosts":["hooks.example:443"]},
            "HumanInTheLoop":{"NotificationWebhookUrl":"https://hooks.example/"}}"#,
    );
    stage.world.crashes.set(true);
    for _ in 0..3 {
        stage.hold();
    }
    stage.world.crashes.set(false);
    stage.world.slowness.set(4 * Timestamp::SECOND);
    stage.world.meanwhile.replace(Some(Box::new(|world| {
        // One at most is told before; the rest once it is answered.
        assert_eq!(world.tried.get(), 1);
    })));
    let begun = stage.world.now.get();
    let request = stage.ask().header("prefer", "wait=30");
    let response = stage.world.with_gateway(|gateway| {
        let request = request.body(Vec::new()).unwrap();
        gateway.handle(request).status()
    });
    assert_eq!(response, 202);
    assert_eq!(stage.tried(), 1);
    assert_eq!(stage.world.now.get() - begun, 30 * Timestamp::SECOND);
}
