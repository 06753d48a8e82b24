//! Sending: at most once, whatever fails.

use http::Response;
use serde_json::json;
use vectra_api::{FollowUp, UpstreamError};
use vectra_domain::repository::HeldRequestRepository;
use vectra_domain::{HeldStatus, PersistenceError, Timestamp};

use super::{Stage, problem};
use crate::database::{Manner, Place};
use crate::world::ADMIN;

fn follow_up(stage: &Stage, id: &str) {
    let follow_up = FollowUp::Release(id.parse().unwrap());
    stage
        .world
        .with_gateway(|gateway| gateway.follow_up::<Vec<u8>>(follow_up));
}

#[test]
fn what_a_crash_left_behind_is_sent_by_the_next_tick_and_only_once() {
    let stage = Stage::new();
    let id = stage.hold();
    stage.approve_and_crash(&id);
    assert_eq!(stage.tried(), 0);
    assert_eq!(problem(&stage.response(&id))["heldStatus"], "Approved");
    for _ in 0..3 {
        stage.tick();
        follow_up(&stage, &id);
        assert_eq!(stage.tried(), 1);
    }
    assert_eq!(stage.response(&id).status(), 201);
}

#[test]
fn what_is_not_approved_in_time_is_never_sent() {
    let stage = Stage::new();
    let id = stage.hold();
    stage.approve_and_crash(&id);
    stage.world.wait(3_600);
    stage.tick();
    follow_up(&stage, &id);
    assert_eq!(stage.tried(), 0);
    assert_eq!(stage.show(&id)["status"], "Expired");
    stage.tick();
    let now = Timestamp::from_micros(stage.world.now.get()).unwrap();
    assert_eq!(stage.world.memory.expire(now, 10), Ok(1));
    assert_eq!(stage.status(&id), HeldStatus::Expired);
}

#[test]
fn an_upstream_that_fails_is_told_as_far_as_anything_is_known() {
    let text = || "of-the-host".to_owned();
    let cases = [
        (UpstreamError::NotSent(text()), HeldStatus::Released, 502),
        (UpstreamError::Prohibited(text()), HeldStatus::Released, 502),
        (
            UpstreamError::Unreachable(text()),
            HeldStatus::Uncertain,
            502,
        ),
    ];
    for (error, status, answered) in cases {
        let stage = Stage::new();
        let id = stage.hold();
        stage.world.upstream_fails.replace(Some(error.clone()));
        assert_eq!(stage.approve(&id).0, 200);
        assert_eq!(stage.status(&id), status, "{error:?}");
        let response = stage.response(&id);
        assert_eq!(response.status(), answered);
        assert_eq!(
            problem(&response)["heldStatus"],
            format!("{status:?}"),
            "{error:?}"
        );
        // It is not sent again, also where nothing was sent.
        stage.world.upstream_fails.replace(None);
        stage.tick();
        follow_up(&stage, &id);
        assert_eq!(stage.approve(&id).0, 409);
        assert_eq!(stage.tried(), 1, "{error:?}");
        let audit = stage.world.audit();
        let sent = audit
            .iter()
            .find(|row| row["decisionType"] == "Allow")
            .unwrap();
        let path = format!("/audit/{}", sent["auditId"].as_str().unwrap());
        let (_, record) = stage.world.manage("GET", &path, "");
        let failure = record["outcome"]["failure"].as_str().unwrap();
        assert!(failure.contains("of-the-host"), "{failure}");
    }
}

#[test]
fn an_answer_that_cannot_be_kept_is_told_with_its_status() {
    let large = Response::builder().status(207).body(vec![0; 11]).unwrap();
    let switched = Response::builder().status(101).body(Vec::new()).unwrap();
    for (answer, status, why) in [
        (large, 207, "its answer was not kept: too long"),
        (switched, 101, "it switched protocols unasked"),
    ] {
        let stage = Stage::configured(r#"{"HumanInTheLoop":{"MaxResponseBytes":10}}"#);
        let id = stage.hold();
        stage.world.answer.replace(Some(answer));
        stage.approve(&id);
        let response = stage.response(&id);
        assert_eq!(response.status(), 502);
        let problem = problem(&response);
        assert_eq!(problem["upstreamStatus"], status);
        assert!(
            problem["detail"].as_str().unwrap().contains(why),
            "{problem}"
        );
        assert_eq!(stage.status(&id), HeldStatus::Released);
    }
}

#[test]
fn an_answer_is_kept_up_to_the_limit_and_readable_for_nobody_else() {
    let stage = Stage::configured(r#"{"HumanInTheLoop":{"MaxResponseBytes":10}}"#);
    let id = stage.hold();
    let answer = Response::builder().status(204).body(Vec::new()).unwrap();
    stage.world.answer.replace(Some(answer));
    stage.approve(&id);
    assert_eq!(stage.response(&id).status(), 204);

    let id = stage.hold();
    let secret = Response::builder().body(b"ten-secret".to_vec()).unwrap();
    stage.world.answer.replace(Some(secret));
    stage.approve(&id);
    assert_eq!(stage.response(&id).body(), b"ten-secret");
    let release = stage.world.memory.find_release(stage.row(&id).id).unwrap();
    let outcome = release.unwrap().outcome.unwrap();
    let shown = outcome.sealed.windows(10).any(|part| part == b"ten-secret");
    assert!(!shown);
    let log = stage.world.log.borrow().join("\n");
    assert!(!log.contains("ten-secret"), "{log}");
}

#[test]
fn an_open_circuit_keeps_what_is_approved_until_a_probe_may_pass() {
    let config = r#"{"System":{"CircuitBreaker":{"FailureThreshold":2},
        "RateLimit":{"Enabled":false}}}"#;
    let stage = Stage::configured(config);
    let (held, second) = (stage.hold(), stage.hold());
    stage.approve_and_crash(&held);
    let failing = UpstreamError::NotSent("down".to_owned());
    stage.world.upstream_fails.replace(Some(failing));
    for _ in 0..10 {
        let request = http::Request::get("/proxy/http://api.example/yes")
            .header("authorization", format!("Bearer {}", stage.token));
        stage.world.send(request.body(Vec::new()).unwrap());
    }
    stage.world.upstream_fails.replace(None);
    let tried = stage.tried();
    stage.tick();
    assert_eq!(stage.tried(), tried);
    assert_eq!(stage.status(&held), HeldStatus::Approved);
    let (status, answer) = stage.approve(&second);
    assert_eq!((status, &answer["heldStatus"]), (503, &json!("Pending")));
    stage.world.wait(120);
    stage.tick();
    assert_eq!(stage.tried(), tried + 1);
    assert_eq!(stage.status(&held), HeldStatus::Released);
    assert_eq!(stage.approve(&second).0, 200);
}

/// Every call of the database on the way of a release fails once, done or not.
#[test]
fn whatever_the_database_fails_at_nothing_is_sent_twice() {
    let stage = Stage::new();
    let id = stage.hold();
    stage.approve_and_crash(&id);
    stage.world.database.calls();
    follow_up(&stage, &id);
    let calls = stage.world.database.calls();
    assert_eq!(
        calls,
        [
            "held.find_sealed",
            "held.approvals",
            "audit.find",
            "ledger.load",
            "held.claim",
            "audit.complete",
            "held.finish",
        ]
    );
    for (nth, call) in (1..).zip(calls) {
        let text = || "x".to_owned();
        for failure in [
            PersistenceError::Unavailable(text()),
            PersistenceError::Uncertain(text()),
            PersistenceError::Other(text()),
            PersistenceError::Conflict(text()),
        ] {
            for manner in [Manner::Before, Manner::After] {
                let case = format!("{call} {failure:?} {manner:?}");
                let stage = Stage::new();
                let id = stage.hold();
                stage.approve_and_crash(&id);
                let database = &stage.world.database;
                database.fail(Place::Nth(nth), failure.clone(), manner);
                follow_up(&stage, &id);
                database.mend();
                let claimed = !(call == "held.claim" && manner == Manner::After);
                for _ in 0..2 {
                    stage.tick();
                }
                assert_eq!(stage.tried(), usize::from(claimed), "{case}");
                // What is not known to have been sent becomes known not to be known.
                stage.world.wait(600);
                let now = Timestamp::from_micros(stage.world.now.get()).unwrap();
                stage.world.memory.expire(now, 10).unwrap();
                let lost = call == "held.finish"
                    && manner == Manner::Before
                    && matches!(failure, PersistenceError::Conflict(_));
                let expected = if claimed && !lost {
                    HeldStatus::Released
                } else {
                    HeldStatus::Uncertain
                };
                assert_eq!(stage.status(&id), expected, "{case}");
            }
        }
    }
}

/// Every call of the database on the way of a decision fails once, done or not.
#[test]
fn a_decision_is_answered_as_it_was_made() {
    for (verb, made) in [
        ("approve", HeldStatus::Approved),
        ("deny", HeldStatus::Denied),
    ] {
        let decide = |stage: &Stage, id: &str| {
            stage.world.crashes.set(true);
            let answer = stage.decide(ADMIN, id, verb, &json!({}));
            stage.world.crashes.set(false);
            answer
        };
        let stage = Stage::new();
        let id = stage.hold();
        stage.world.database.calls();
        assert_eq!(decide(&stage, &id).0, 200);
        let calls = stage.world.database.calls();
        for (nth, call) in (1..).zip(calls) {
            for manner in [Manner::Before, Manner::After] {
                let case = format!("{verb} {call} {manner:?}");
                let stage = Stage::new();
                let id = stage.hold();
                let failure = PersistenceError::Uncertain("kingfisher".to_owned());
                let database = &stage.world.database;
                database.fail(Place::Nth(nth), failure, manner);
                let (status, answer) = decide(&stage, &id);
                database.mend();
                assert!(!answer.to_string().contains("kingfisher"), "{case}");
                let stands = stage.status(&id);
                match status {
                    200 => assert_eq!(stands, made, "{case}"),
                    503 if ["held.approve", "held.advance"].contains(&call) => {
                        let expected = match manner {
                            Manner::Before => HeldStatus::Pending,
                            Manner::After => made,
                        };
                        assert_eq!(stands, expected, "{case}");
                    }
                    503 => assert_eq!(stands, HeldStatus::Pending, "{case}"),
                    other => panic!("{case}: {other} {answer}"),
                }
            }
        }
    }
}

#[test]
fn an_operator_settles_what_nobody_knows() {
    for (sent, status, answered) in [
        (true, HeldStatus::Released, 502),
        (false, HeldStatus::Denied, 403),
    ] {
        let stage = Stage::new();
        let id = stage.hold();
        stage.approve_and_crash(&id);
        let database = &stage.world.database;
        let gone = PersistenceError::Uncertain("x".to_owned());
        database.fail(Place::Call("held.claim"), gone, Manner::After);
        stage.tick();
        database.mend();
        assert_eq!(stage.status(&id), HeldStatus::Releasing);
        assert_eq!(stage.response(&id).status(), 425);
        // The lease has 60 s more than the upstream, which has 60 s and 30 s.
        let now = Timestamp::from_micros(stage.world.now.get()).unwrap();
        let expire = |seconds: i64| {
            let then = now.plus(seconds * Timestamp::SECOND);
            stage.world.memory.expire(then, 10).unwrap()
        };
        assert_eq!(expire(149), 0);
        let body = json!({"sent": sent, "comment": "looked it up"});
        assert_eq!(stage.decide(ADMIN, &id, "settle", &body).0, 409);
        assert_eq!(expire(150), 1);
        assert_eq!(stage.response(&id).status(), 502);
        let (code, answer) = stage.decide(ADMIN, &id, "settle", &body);
        assert_eq!(code, 200, "{answer}");
        assert_eq!(stage.status(&id), status);
        assert_eq!(stage.response(&id).status(), answered);
        assert_eq!(stage.decide(ADMIN, &id, "settle", &body).0, 409);
        stage.tick();
        assert_eq!(stage.tried(), 0);
    }
}

#[test]
fn an_approval_that_was_given_is_answered_whether_or_not_it_can_be_shown() {
    let stage = Stage::new();
    let database = &stage.world.database;
    stage.world.crashes.set(true);
    for (call, shown) in [("held.approvals", "Approved"), ("held.find", "Pending")] {
        let id = stage.hold();
        database.calls();
        let down = PersistenceError::Unavailable("down".to_owned());
        database.fail(Place::Call(call), down, Manner::Before);
        let (status, answer) = stage.approve(&id);
        assert!(database.calls().contains(&call));
        database.mend();
        assert_eq!((status, &answer["status"]), (200, &json!(shown)), "{call}");
        assert_eq!(stage.status(&id), HeldStatus::Approved, "{call}");
    }
}

#[test]
fn too_many_held_requests_are_denied_and_stand_in_the_audit() {
    let stage = Stage::configured(r#"{"HumanInTheLoop":{"MaxPendingPerAgent":1}}"#);
    let id = stage.hold();
    let trust = |stage: &Stage| stage.show(&id)["agent"]["trustScore"].clone();
    let before = trust(&stage);
    let response = stage.world.send(stage.ask().body(Vec::new()).unwrap());
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "5");
    assert!(response.headers().contains_key("ratelimit"));
    assert_eq!(trust(&stage), before);
    let audit = stage.world.audit();
    assert_eq!(audit[0]["decisionType"], "Deny");
    assert_eq!(
        audit[0]["reason"],
        "as many requests wait for a human as may"
    );
    assert_eq!(problem(&response)["auditId"], audit[0]["auditId"]);
    let (_, counters) = stage.world.manage("GET", "/counters", "");
    assert_eq!(counters["counters"]["deny/none"], 1, "{counters}");
    assert_eq!(counters["heldPending"], 1);
    // It counts as any other request of the minute.
    let stage = Stage::configured(
        r#"{"HumanInTheLoop":{"MaxPendingPerAgent":1},"System":{"RateLimit":{"DefaultRequestsPerMinute":3}}}"#,
    );
    stage.hold();
    let titles: Vec<_> = (0..3)
        .map(|_| stage.world.send(stage.ask().body(Vec::new()).unwrap()))
        .map(|response| problem(&response)["title"].clone())
        .collect();
    let crowded = "Too many held requests";
    assert_eq!(titles, [crowded, crowded, "Rate limit exceeded"]);
}

#[test]
fn the_upstream_of_a_held_request_has_a_bounded_time() {
    for (setting, expected) in [(100, 60), (60, 60), (7, 7)] {
        let config = serde_json::json!({"Proxy": {"UpstreamTimeoutSeconds": setting}});
        let stage = Stage::configured(&config.to_string());
        let id = stage.hold();
        stage.approve(&id);
        let seconds = |seconds| Some(std::time::Duration::from_secs(seconds));
        let patience = stage.world.patience.get();
        assert_eq!(patience, (seconds(expected), seconds(30)), "{setting}");
        let release = stage.world.memory.find_release(stage.row(&id).id).unwrap();
        let release = release.unwrap();
        let lease = release.lease_until.micros() - release.started_at.micros();
        let whole = i64::try_from(expected).unwrap() + 30 + 60;
        assert_eq!(lease, whole * Timestamp::SECOND, "{setting}");
        // Any other request has the time that is set.
        let request = http::Request::get("/proxy/http://api.example/yes")
            .header("authorization", format!("Bearer {}", stage.token));
        stage.world.send(request.body(Vec::new()).unwrap());
        assert_eq!(stage.world.patience.get().0, seconds(setting), "{setting}");
    }
}
