//! The ways around an approval that somebody may try, none of which leads to the upstream.

use http::{Request, StatusCode};
use serde_json::{Value, json};
use vectra_domain::HeldStatus;

use super::{DENYING, Stage};
use crate::world::ADMIN;

#[test]
fn an_agent_approves_nothing_and_nobody_does_without_a_key() {
    let stage = Stage::new();
    let id = stage.hold();
    let (_, auditor) = stage.world.operator("looks", "Auditor");
    let callers = [
        (stage.token.as_str(), 401),
        ("", 401),
        ("vop_wrong", 401),
        (&auditor, 403),
    ];
    for (key, expected) in callers {
        for verb in ["approve", "deny", "settle"] {
            let body = json!({"sent": true});
            assert_eq!(stage.decide(key, &id, verb, &body).0, expected, "{verb}");
        }
    }
    // Nor does the agent where its token travels beside.
    let request = Request::post(format!("/hitls/{id}/approve"))
        .header("vectra-authorization", format!("Bearer {}", stage.token));
    let response = stage.world.send(request.body(Vec::new()).unwrap());
    assert_eq!(response.status(), 401);
    assert_eq!(stage.status(&id), HeldStatus::Pending);
    assert_eq!(stage.tried(), 0);
}

#[test]
fn the_agents_owner_may_not_approve_unless_that_is_wanted() {
    for (config, expected) in [
        ("{}", 403),
        (r#"{"HumanInTheLoop":{"OwnerMayApprove":true}}"#, 200),
    ] {
        let stage = Stage::configured(config);
        let path = format!("/agents/{}", stage.agent);
        stage.world.manage("PATCH", &path, r#"{"ownerId":"ada"}"#);
        let (_, ada) = stage.world.operator("Ada", "Reviewer");
        let (_, bob) = stage.world.operator("Bob", "Reviewer");
        let id = stage.hold();
        let (status, answer) = stage.decide(&ada, &id, "approve", &json!({}));
        assert_eq!(status, expected, "{answer}");
        assert_eq!(stage.tried(), usize::from(expected == 200));
        // To say no is nothing that anyone is kept from.
        let second = stage.hold();
        assert_eq!(stage.decide(&ada, &second, "deny", &json!({})).0, 200);
        if expected == 403 {
            assert_eq!(stage.decide(&bob, &id, "approve", &json!({})).0, 200);
        }
    }
}

#[test]
fn a_guessed_id_and_another_agents_id_are_not_found() {
    let stage = Stage::new();
    let id = stage.hold();
    let guessed = "018f4d2e-7c1b-7a3d-9e5f-0123456789ab";
    for (verb, body) in [
        ("approve", json!({})),
        ("deny", json!({})),
        ("settle", json!({"sent": true})),
    ] {
        let (status, answer) = stage.decide(ADMIN, guessed, verb, &body);
        let code = &answer["errorCode"];
        assert_eq!((status, code), (404, &json!("VEC501004")), "{verb}");
        assert_eq!(stage.decide(ADMIN, "x", verb, &body).0, 400);
    }
    stage.approve(&id);
    let (_, other) = stage.world.agent();
    for path in ["", "/response"] {
        let request = Request::get(format!("/hitls/{id}{path}"))
            .header("authorization", format!("Bearer {other}"));
        let response = stage.world.send(request.body(Vec::new()).unwrap());
        assert_eq!(response.status(), 404, "{path}");
    }
    assert_eq!(stage.response(&id).status(), 201);
    // An operator has no answers of their own.
    let path = format!("/hitls/{id}/response");
    assert_eq!(
        stage.world.manage("GET", &path, "").0,
        StatusCode::UNAUTHORIZED
    );
}

#[test]
fn a_decision_is_final() {
    let stage = Stage::new();
    let (_, other) = stage.world.operator("Bob", "Reviewer");
    let refused = |id: &str, status: &str| {
        let before = stage.tried();
        for key in [ADMIN, other.as_str()] {
            for verb in ["approve", "deny", "settle"] {
                let body = match verb {
                    "settle" => json!({"sent": false}),
                    _ => json!({}),
                };
                let (code, answer) = stage.decide(key, id, verb, &body);
                assert_eq!(code, 409, "{verb}: {answer}");
                assert_eq!(answer["heldStatus"], status, "{verb}");
            }
        }
        stage.tick();
        assert_eq!(stage.tried(), before);
    };
    let denied = stage.hold();
    assert_eq!(stage.deny(&denied).0, 200);
    refused(&denied, "Denied");

    let released = stage.hold();
    assert_eq!(stage.approve(&released).0, 200);
    assert_eq!(stage.tried(), 1);
    refused(&released, "Released");

    // Approved and not sent yet.
    let approved = stage.hold();
    stage.approve_and_crash(&approved);
    for verb in ["approve", "deny"] {
        let (code, answer) = stage.decide(&other, &approved, verb, &json!({}));
        assert_eq!((code, &answer["heldStatus"]), (409, &json!("Approved")));
    }
    stage.tick();
    assert_eq!(stage.tried(), 2);

    // The row is moved by ticks; its time decides already.
    let expired = stage.hold();
    stage.world.wait(3_600);
    refused(&expired, "Expired");
}

#[test]
fn a_digest_that_is_given_must_be_the_one_of_the_request() {
    let stage = Stage::new();
    let (id, other) = (stage.hold(), stage.hold());
    let digest = stage.show(&other)["digest"].clone();
    let wrong = [digest, json!("00")];
    for digest in wrong {
        let (status, answer) = stage.decide(ADMIN, &id, "approve", &json!({"digest": digest}));
        assert_eq!((status, &answer["heldStatus"]), (409, &json!("Pending")));
    }
    assert_eq!(stage.tried(), 0);
    let digest = stage.row(&id).digest.to_uppercase();
    let body = json!({"digest": digest});
    assert_eq!(stage.decide(ADMIN, &id, "approve", &body).0, 200);
}

#[test]
fn what_is_no_decision_is_refused() {
    let stage = Stage::new();
    let id = stage.hold();
    let cases = [
        ("approve", r#"{"comment":7}"#),
        ("approve", r#"{"reason":"x"}"#),
        ("approve", "{"),
        ("approve", "[]"),
        ("deny", r#"{"digest":"x"}"#),
        ("deny", r#"{"comment":"\u0000"}"#),
        ("settle", "{}"),
        ("settle", r#"{"sent":"yes"}"#),
    ];
    for (verb, body) in cases {
        let path = format!("/hitls/{id}/{verb}");
        let (status, answer) = stage.world.ask(ADMIN, "POST", &path, body);
        assert_eq!(status, 400, "{verb} {body}: {answer}");
    }
    assert_eq!(stage.status(&id), HeldStatus::Pending);
    // Without a body nothing is said but yes.
    let (status, _) = stage
        .world
        .ask(ADMIN, "POST", &format!("/hitls/{id}/approve"), "");
    assert_eq!(status, 200);
}

/// What happens after a request was held, and how its approval is answered then.
type Change = fn(&Stage);

const CHANGES: [(&str, u16, Change); 5] = [
    ("Agent is not active", 403, |stage| {
        stage
            .world
            .manage("POST", &format!("/agents/{}/revoke", stage.agent), "");
    }),
    ("Agent is not active", 403, |stage| {
        stage
            .world
            .manage("POST", &format!("/agents/{}/quarantine", stage.agent), "");
    }),
    ("Agent is not active", 403, |stage| {
        stage
            .world
            .manage("DELETE", &format!("/agents/{}", stage.agent), "");
    }),
    ("it is denied now", 403, |stage| {
        stage.world.policies(&[("p.json", DENYING)]);
    }),
    ("it is denied now: Policy p is retired", 403, |stage| {
        stage.world.policies(&[]);
    }),
];

#[test]
fn what_may_not_be_sent_any_more_is_not_approved() {
    for (why, expected, change) in CHANGES {
        let stage = Stage::new();
        let id = stage.hold();
        change(&stage);
        let (status, answer) = stage.approve(&id);
        assert_eq!(status, expected, "{why}: {answer}");
        assert!(answer["detail"].as_str().unwrap().contains(why), "{answer}");
        assert_eq!(answer["heldStatus"], "Pending");
        assert_eq!(stage.status(&id), HeldStatus::Pending);
        assert_eq!(stage.tried(), 0);
        // It can be denied.
        assert_eq!(stage.deny(&id).0, 200);
    }
}

#[test]
fn what_may_not_be_sent_any_more_when_it_is_approved_is_denied() {
    for (why, _, change) in CHANGES {
        let stage = Stage::new();
        let id = stage.hold();
        stage.approve_and_crash(&id);
        change(&stage);
        stage.tick();
        assert_eq!(stage.tried(), 0, "{why}");
        let row = stage.row(&id);
        assert_eq!(row.status, HeldStatus::Denied, "{why}");
        assert_eq!(row.decided_by.as_deref(), Some("gateway"));
        assert!(row.comment.unwrap().contains(why), "{why}");
    }
}

#[test]
fn a_target_that_is_no_longer_allowed_is_not_reached() {
    let allowing = r#"{"Proxy":{"AllowedUpstreams":["10.0.0.1:80"]}}"#;
    for crashed in [false, true] {
        let mut stage = Stage::configured(allowing);
        let request = Request::get("/proxy/http://10.0.0.1/ask")
            .header("authorization", format!("Bearer {}", stage.token));
        let id = stage.held(request.body(Vec::new()).unwrap());
        if crashed {
            stage.approve_and_crash(&id);
        }
        stage.world.config = "{}".to_owned();
        let status = if crashed {
            stage.tick();
            HeldStatus::Denied
        } else {
            let (status, answer) = stage.approve(&id);
            assert_eq!(status, 403, "{answer}");
            assert!(answer.to_string().contains("10.0.0.1:80 is not allowed"));
            HeldStatus::Pending
        };
        assert_eq!(stage.status(&id), status);
        assert_eq!(stage.tried(), 0);
    }
}

#[test]
fn as_many_operators_as_are_needed_must_approve_each_once() {
    let stage = Stage::configured(r#"{"HumanInTheLoop":{"RequiredApprovals":3}}"#);
    let keys: Vec<String> = ["Ada", "Bob"]
        .iter()
        .map(|name| stage.world.operator(name, "Reviewer").1)
        .collect();
    let id = stage.hold();
    for key in [&keys[0], &keys[1]] {
        let (status, answer) = stage.decide(key, &id, "approve", &json!({}));
        assert_eq!((status, &answer["status"]), (200, &json!("Pending")));
        let (status, answer) = stage.decide(key, &id, "approve", &json!({}));
        assert_eq!((status, &answer["heldStatus"]), (409, &json!("Pending")));
        assert!(answer["detail"].as_str().unwrap().contains("already"));
        stage.tick();
        assert_eq!(stage.tried(), 0);
        stage.world.wait(1);
    }
    let shown = stage.show(&id);
    assert_eq!(shown["needed"], 3);
    let names: Vec<&Value> = shown["approvals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|approval| &approval["operator"])
        .collect();
    assert_eq!(names, [&json!("Ada"), &json!("Bob")]);
    let (status, answer) = stage.approve(&id);
    assert_eq!((status, &answer["status"]), (200, &json!("Approved")));
    assert_eq!(stage.tried(), 1);
    let reason = &stage.world.audit()[0]["reason"];
    assert!(
        reason.as_str().unwrap().ends_with("by Ada, Bob, admin_key"),
        "{reason}"
    );
}

#[test]
fn the_stricter_number_of_approvals_holds_whenever_it_was_set() {
    let two = r#"{"HumanInTheLoop":{"RequiredApprovals":2}}"#;
    for (then, now) in [(two, "{}"), ("{}", two)] {
        let mut stage = Stage::configured(then);
        let id = stage.hold();
        stage.world.config = now.to_owned();
        assert_eq!(stage.approve(&id).1["status"], "Pending");
        assert_eq!(stage.show(&id)["needed"], 2);
        assert_eq!(stage.tried(), 0);
    }
    // Also of what has been approved and is not sent yet.
    let mut stage = Stage::new();
    let id = stage.hold();
    stage.approve_and_crash(&id);
    stage.world.config = two.to_owned();
    stage.tick();
    assert_eq!(stage.status(&id), HeldStatus::Denied);
    assert_eq!(stage.tried(), 0);
}
