//! `examples/inputs.json`: inputs of decisions as the WIT names them, and the answers of
//! the native code, for the hosts of the examples to agree with.
//!
//! After a wanted change, run the test with `UPDATE_GOLDEN=1` and look at the difference.

use std::fs;

use serde_json::{Value, json};
use vectra_decision::{
    Activity, Agent, Body, DecisionType, Input, Intent, IntentAnswer, IntentStatus, LookedAt,
    PolicyAnswer, Request, RiskWeights, SemanticSettings, Settings, Shown, TrustRates, Verdict,
    evaluate,
};
use vectra_tests::dist::repository;

use crate::written;

/// Wednesday 2026-01-28, noon UTC.
const NOON: i64 = 1_769_601_600_000_000;

/// The file's entries: `name`, `input` and `answer`.
pub fn entries() -> Vec<Value> {
    let text = fs::read_to_string(repository("examples/inputs.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_answers_are_those_of_the_native_code() {
    let entries: Vec<Value> = inputs()
        .into_iter()
        .map(|(name, input)| {
            json!({ "name": name, "input": written::input(&input), "answer": written::answer(&evaluate(&input)) })
        })
        .collect();
    let text = serde_json::to_string_pretty(&entries).unwrap() + "\n";
    let file = repository("examples/inputs.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, &text).unwrap();
    }
    let known = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(known, text, "run with UPDATE_GOLDEN=1 if this is wanted");
}

#[test]
fn every_kind_of_answer_is_among_them() {
    let kinds: Vec<String> = entries()
        .iter()
        .map(|entry| {
            let answer = &entry["answer"];
            let outcome = answer["val"]["outcome"].as_str().unwrap_or_default();
            let stage = answer["val"]["stage"].as_str().unwrap_or_default();
            format!("{} {outcome} {stage}", answer["tag"].as_str().unwrap())
        })
        .collect();
    let expected = [
        "decided allow none",
        "needs-policy  ",
        "decided deny policy",
        "decided hitl risk",
        "needs-intent  ",
        "decided deny semantic",
        "decided deny target",
    ];
    assert_eq!(kinds, expected);
}

fn inputs() -> Vec<(&'static str, Input)> {
    vec![
        ("a harmless request is allowed", with(|_| {})),
        (
            "the agent's policy is wanted",
            with(|input| {
                input.agent.policy_name = Some("no-admin".into());
                input.policy = PolicyAnswer::Pending;
            }),
        ),
        ("a policy denies", with(denied)),
        ("a risk is held", with(risky)),
        (
            "the meaning is wanted",
            with(|input| input.settings.semantic = Some(semantic())),
        ),
        (
            "a meaning is denied",
            with(|input| {
                input.settings.semantic = Some(semantic());
                input.intent = IntentAnswer::Answered(Intent {
                    label: "harmful".into(),
                    confidence: 0.9,
                    status: IntentStatus::Classified,
                    risk_tags: vec!["destructive".into()],
                    explanation: None,
                    model: Some("none".into()),
                });
            }),
        ),
        (
            "a target that may not be reached is denied",
            with(|input| input.request.target_refusal = Some("loopback".into())),
        ),
    ]
}

fn denied(input: &mut Input) {
    input.agent.policy_name = Some("no-admin".into());
    input.policy = PolicyAnswer::Answered(Verdict {
        effect: DecisionType::Deny,
        rule: Some("deny-admin-paths".into()),
        reason: Some("Admin access is restricted".into()),
        looked_at: vec![LookedAt {
            field: "headers.x-team".into(),
            value: Shown::Plain("\"red\"".into()),
        }],
        shadow: false,
    });
}

fn risky(input: &mut Input) {
    input.request.method = "DELETE".into();
    input.request.path = "/admin/users/export".into();
    input.request.normalised_path = input.request.path.clone();
    input.request.body = Body::Inspected(5_000_000);
    input.activity = Activity {
        recent_total: 40,
        recent_violations: 30,
        baseline_total: 90,
        baseline_since: Some(NOON - 3 * 86_400_000_000),
    };
    input.settings.risk_threshold = 0.5;
}

fn semantic() -> SemanticSettings {
    SemanticSettings {
        confidence_threshold: 0.7,
        low_confidence: DecisionType::Hitl,
        on_failure: DecisionType::Hitl,
        deny_labels: vec!["harmful".into()],
        hold_labels: vec!["bulk_export".into()],
    }
}

/// A harmless request of an agent without a policy, changed.
fn with(change: impl FnOnce(&mut Input)) -> Input {
    let mut input = Input {
        now: NOON,
        request: Request {
            method: "GET".into(),
            path: "/api/data?page=2".into(),
            normalised_path: "/api/data?page=2".into(),
            target_url: "https://upstream.example/api/data?page=2".into(),
            body: Body::None,
            target_refusal: None,
        },
        agent: Agent {
            id: "6f1c2a4e-0000-4000-8000-000000000001".into(),
            trust_score: 0.5,
            policy_name: None,
        },
        activity: Activity::default(),
        policy: PolicyAnswer::Unassigned,
        intent: IntentAnswer::Pending,
        settings: Settings {
            unassigned: DecisionType::Allow,
            undecodable_body: DecisionType::Deny,
            risk_weights: RiskWeights::default(),
            risk_paths: None,
            risk_threshold: 0.8,
            semantic: None,
            trust_rates: TrustRates::default(),
            shadow: false,
        },
    };
    change(&mut input);
    input
}
