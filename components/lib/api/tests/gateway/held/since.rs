//! What has changed since a request was held: of its agent, of those who approved it, and of
//! those who are asked about it.

use http::Request;
use serde_json::{Value, json};
use vectra_api::UpstreamError;
use vectra_decision::{Intent, IntentStatus};
use vectra_domain::HeldStatus;

use super::{DENYING, Stage};
use crate::world::ADMIN;

#[test]
fn what_an_agent_asked_for_before_its_tokens_were_ended_is_not_sent() {
    let why = "the agent's tokens were ended after it was held";
    let end = |stage: &Stage| {
        let path = format!("/agents/{}/tokens", stage.agent);
        assert_eq!(stage.world.manage("DELETE", &path, "").0, 204);
    };
    for seconds in [0, 5] {
        let stage = Stage::new();
        let (waits, approved) = (stage.hold(), stage.hold());
        stage.approve_and_crash(&approved);
        stage.world.wait(seconds);
        end(&stage);
        let (status, answer) = stage.approve(&waits);
        assert_eq!((status, &answer["detail"]), (403, &json!(why)));
        assert_eq!(answer["heldStatus"], "Pending");
        stage.tick();
        assert_eq!(stage.status(&approved), HeldStatus::Denied);
        assert_eq!(stage.row(&approved).comment.as_deref(), Some(why));
        assert_eq!(stage.tried(), 0);
    }
    // What it asks for with a new token has nothing to do with the former ones.
    let stage = Stage::new();
    end(&stage);
    stage.world.wait(1);
    let body = json!({"agentId": stage.agent, "clientSecret": "a secret of enough length"});
    let (_, token) = stage.world.manage("POST", "/tokens", &body.to_string());
    let token = token["accessToken"].as_str().unwrap().to_owned();
    let stage = Stage { token, ..stage };
    let id = stage.hold();
    assert_eq!(stage.approve(&id).0, 200);
    assert_eq!(stage.tried(), 1);
}

#[test]
fn only_approvals_of_those_who_are_operators_now_count() {
    let ends: [fn(&Stage, &str); 2] = [
        |stage, operator| {
            let path = format!("/operators/{operator}");
            assert_eq!(stage.world.manage("DELETE", &path, "").0, 204);
        },
        |stage, _| stage.world.wait(600),
    ];
    for needed in [1, 2] {
        for (nth, end) in ends.iter().enumerate() {
            let config = json!({"HumanInTheLoop": {"RequiredApprovals": needed}});
            let stage = Stage::configured(&config.to_string());
            // Others of the same name before and after.
            let (former, _) = stage.world.operator("Ada", "Reviewer");
            let path = format!("/operators/{former}");
            stage.world.manage("DELETE", &path, "");
            let body = json!({"name": "Ada", "role": "Reviewer",
                "expiresAt": "2023-11-15T12:10:00Z"});
            let (_, ada) = stage.world.manage("POST", "/operators", &body.to_string());
            let key = ada["key"].as_str().unwrap();
            let id = stage.hold();
            stage.world.crashes.set(true);
            assert_eq!(stage.decide(key, &id, "approve", &json!({})).0, 200);
            if needed == 2 {
                assert_eq!(stage.approve(&id).0, 200);
            }
            stage.world.crashes.set(false);
            let valid = |name: &str| {
                let shown = stage.show(&id);
                let mut approvals = shown["approvals"].as_array().unwrap().iter();
                let approval = approvals.find(|one| one["operator"] == name);
                approval.map(|approval| approval["valid"].clone())
            };
            assert_eq!(valid("Ada"), Some(json!(true)));
            end(&stage, ada["operatorId"].as_str().unwrap());
            assert_eq!(valid("Ada"), Some(json!(false)), "{needed} {nth}");
            assert_eq!(valid("admin_key"), (needed == 2).then_some(json!(true)));
            stage.tick();
            assert_eq!(stage.tried(), 0, "{needed} {nth}");
            assert_eq!(stage.status(&id), HeldStatus::Denied, "{needed} {nth}");
        }
    }
}

const OPA: &str = "https://opa.example/v1/data/vectra/authz";

#[test]
fn a_policy_server_that_is_down_is_asked_again_later() {
    let stage = Stage::configured(
        r#"{"Policy":{"DefaultProvider":"opa","Providers":{"Opa":{"BaseUrl":"https://opa.example/"}}}}"#,
    );
    let says = |status: u16, answer: &str| {
        let answers = [(OPA.to_owned(), (status, answer.to_owned()))];
        stage.world.answers.replace(answers.into());
    };
    says(200, r#"{"result":{"hitl":true}}"#);
    let (waits, approved) = (stage.hold(), stage.hold());
    stage.approve_and_crash(&approved);
    for (status, answer) in [(503, "{}"), (200, "")] {
        says(status, answer);
        let (status, answer) = stage.approve(&waits);
        assert_eq!((status, &answer["heldStatus"]), (503, &json!("Pending")));
        stage.tick();
        assert_eq!(stage.status(&approved), HeldStatus::Approved, "{answer}");
    }
    let down = UpstreamError::NotSent("down".to_owned());
    stage.world.upstream_fails.replace(Some(down));
    assert_eq!(stage.approve(&waits).0, 503);
    stage.tick();
    assert_eq!(stage.status(&approved), HeldStatus::Approved);
    stage.world.upstream_fails.replace(None);
    says(200, r#"{"result":{"hitl":true}}"#);
    stage.tick();
    assert_eq!(stage.status(&approved), HeldStatus::Released);
    // What it denies is denied.
    says(200, r#"{"result":{"deny":true,"reason":"no"}}"#);
    let (status, answer) = stage.approve(&waits);
    assert_eq!(status, 403);
    assert_eq!(answer["detail"], "it is denied now: no");
}

fn intent(status: IntentStatus, label: &str) -> Intent {
    Intent {
        label: label.to_owned(),
        confidence: 0.9,
        status,
        risk_tags: Vec::new(),
        explanation: None,
        model: None,
    }
}

#[test]
fn a_classifier_that_is_down_is_asked_again_later() {
    let mut stage = Stage::new();
    let classified = intent(IntentStatus::Classified, "admin_action");
    stage.world.intent.replace(Some(classified));
    stage.world.config =
        r#"{"Semantic":{"Enabled":true,"OnFailure":"Deny","CacheSeconds":0}}"#.to_owned();
    let hold = || {
        let request = Request::post("/proxy/http://api.example/other")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", stage.token));
        stage.held(request.body(b"{\"a\":1}".to_vec()).unwrap())
    };
    let (waits, approved) = (hold(), hold());
    stage.approve_and_crash(&approved);
    let failed = intent(IntentStatus::Failed, "unknown");
    stage.world.intent.replace(Some(failed));
    let (status, answer) = stage.approve(&waits);
    assert_eq!((status, &answer["heldStatus"]), (503, &json!("Pending")));
    stage.tick();
    assert_eq!(stage.status(&approved), HeldStatus::Approved);
    // By a rule of the policy it is denied, whatever it means.
    stage.world.policies(&[("p.json", DENYING)]);
    assert_eq!(stage.approve(&waits).0, 403);
    stage.tick();
    assert_eq!(stage.status(&approved), HeldStatus::Denied);
    assert_eq!(stage.tried(), 0);
}

#[test]
fn an_approval_is_answered_without_what_was_asked_for() {
    let stage = Stage::configured(r#"{"HumanInTheLoop":{"RequiredApprovals":2}}"#);
    let large = || stage.ask().body(vec![b'x'; 100_000]).unwrap();
    let (denied, approved) = (stage.held(large()), stage.held(large()));
    let (_, key) = stage.world.operator("Bob", "Reviewer");
    let short = |answer: &Value| {
        assert!(answer.to_string().len() < 4_096, "{answer}");
        assert!(answer.get("request").is_none());
    };
    let (_, answer) = stage.deny(&denied);
    short(&answer);
    assert_eq!(answer["status"], "Denied");
    assert_eq!(answer["decidedBy"], "admin_key");
    let comment = json!({"comment": "x".repeat(2_000)});
    for (key, status, given) in [(&*key, "Pending", 1), (ADMIN, "Approved", 2)] {
        let (code, answer) = stage.decide(key, &approved, "approve", &comment);
        assert_eq!((code, &answer["status"]), (200, &json!(status)));
        short(&answer);
        assert_eq!(answer["needed"], 2);
        let approvals = answer["approvals"].as_array().unwrap();
        assert_eq!(approvals.len(), given);
        assert!(approvals.iter().all(|approval| approval["valid"] == true));
    }
}
