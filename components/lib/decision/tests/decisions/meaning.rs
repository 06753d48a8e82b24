//! Conditions on what a request means.

use serde_json::{Value, json};
use vectra_decision::{DecisionType, Intent, IntentStatus, Meaning, PolicyReply, rules};

use crate::cases::Told;

fn classified(label: &str) -> Meaning {
    Meaning::Known(Intent {
        label: label.into(),
        confidence: 0.9,
        status: IntentStatus::Classified,
        risk_tags: vec!["destructive".into(), "bulk".into()],
        explanation: None,
        model: None,
    })
}

fn failed() -> Meaning {
    match classified("read") {
        Meaning::Known(intent) => Meaning::Known(Intent {
            status: IntentStatus::Failed,
            ..intent
        }),
        other => other,
    }
}

fn ask(policy: &Value, meaning: Meaning) -> PolicyReply {
    let compiled = rules::compile(&policy.to_string())
        .unwrap_or_else(|problems| panic!("{policy}: {problems:?}"));
    let mut question = Told::default().question();
    question.intent = meaning;
    rules::evaluate(&compiled.code, &question)
}

fn effect(policy: &Value, meaning: Meaning) -> DecisionType {
    match ask(policy, meaning) {
        PolicyReply::Verdict(verdict) => verdict.effect,
        PolicyReply::NeedsIntent => panic!("the intent is needed: {policy}"),
    }
}

fn condition(field: &str, operator: &str, value: Value) -> Value {
    json!({ "field": field, "operator": operator, "value": value })
}

fn policy(default: &str, rules: &[(&str, Vec<Value>)]) -> Value {
    let rules: Vec<Value> = rules
        .iter()
        .map(|(effect, conditions)| json!({ "effect": effect, "conditions": conditions }))
        .collect();
    json!({ "name": "p", "default": default, "rules": rules })
}

#[test]
fn a_meaning_is_compared_like_any_field() {
    for (condition, holds) in [
        (condition("intent.label", "eq", json!("delete")), true),
        (
            condition("intent.label", "in", json!(["read", "write"])),
            false,
        ),
        (
            condition("input.intent.label", "startswith", json!("DEL")),
            true,
        ),
        (condition("intent.confidence", "ge", json!(0.9)), true),
        (condition("intent.confidence", "lt", json!(0.9)), false),
        (condition("intent.status", "eq", json!("classified")), true),
        (
            condition("intent.risk_tags", "contains", json!("bulk")),
            true,
        ),
        (
            condition("intent.risk_tags", "contains", json!("bul")),
            false,
        ),
        (
            condition("intent.riskTags", "contains", json!("Bulk")),
            false,
        ),
    ] {
        let denying = policy("Allow", &[("Deny", vec![condition.clone()])]);
        let denied = effect(&denying, classified("delete")) == DecisionType::Deny;
        assert_eq!(denied, holds, "{condition}");
        let allowing = policy("Deny", &[("Allow", vec![condition.clone()])]);
        let allowed = effect(&allowing, classified("delete")) == DecisionType::Allow;
        assert_eq!(allowed, holds, "{condition}");
        // What nobody can say, or could, denies, and never allows.
        for meaning in [Meaning::Unknown, failed()] {
            assert_eq!(
                effect(&denying, meaning.clone()),
                DecisionType::Deny,
                "{condition}"
            );
            assert_eq!(
                effect(&allowing, meaning),
                DecisionType::Deny,
                "{condition}"
            );
        }
        assert_eq!(ask(&denying, Meaning::Unasked), PolicyReply::NeedsIntent);
    }
}

#[test]
fn a_meaning_is_asked_for_only_if_it_can_still_matter() {
    let harmful = || condition("intent.label", "eq", json!("harmful"));
    let get = || condition("method", "eq", json!("GET"));
    let post = || condition("method", "eq", json!("POST"));
    let unclear = || condition("risk.score", "ge", json!(0.0));
    for (policy, needed) in [
        (
            policy("Deny", &[("Allow", vec![get()]), ("Deny", vec![harmful()])]),
            false,
        ),
        (
            policy("Deny", &[("Deny", vec![harmful()]), ("Allow", vec![get()])]),
            true,
        ),
        (policy("Deny", &[("Deny", vec![harmful(), post()])]), false),
        (policy("Deny", &[("Deny", vec![harmful(), get()])]), true),
        (
            policy("Deny", &[("Deny", vec![harmful(), unclear()])]),
            true,
        ),
        (policy("Deny", &[]), false),
    ] {
        let reply = ask(&policy, Meaning::Unasked);
        assert_eq!(reply == PolicyReply::NeedsIntent, needed, "{policy}");
    }
}

#[test]
fn a_reading_that_denies_needs_no_meaning() {
    let policy = policy(
        "Allow",
        &[
            ("Deny", vec![condition("method", "eq", json!("DELETE"))]),
            (
                "Deny",
                vec![condition("intent.label", "eq", json!("harmful"))],
            ),
        ],
    );
    let compiled = rules::compile(&policy.to_string()).unwrap();
    let told = Told {
        method: Some("delete".into()),
        ..Told::default()
    };
    match rules::evaluate(&compiled.code, &told.question()) {
        PolicyReply::Verdict(verdict) => assert_eq!(verdict.effect, DecisionType::Deny),
        PolicyReply::NeedsIntent => panic!("the intent is needed"),
    }
}

#[test]
fn each_risk_factor_is_a_field() {
    let policy = policy(
        "Allow",
        &[(
            "Deny",
            vec![condition("risk.time_of_day", "ge", json!(0.5))],
        )],
    );
    let compiled = rules::compile(&policy.to_string()).unwrap();
    for (score, expected) in [
        (0.4, DecisionType::Allow),
        (0.5, DecisionType::Deny),
        (f64::NAN, DecisionType::Deny),
    ] {
        let mut told = Told::default();
        told.factors.insert("time_of_day".into(), score);
        let reply = rules::evaluate(&compiled.code, &told.question());
        let PolicyReply::Verdict(verdict) = reply else {
            panic!("{reply:?}");
        };
        assert_eq!(verdict.effect, expected, "{score}");
    }
    // A factor that is not known is a type error.
    let mut question = Told::default().question();
    question.risk.factors.clear();
    let reply = rules::evaluate(&compiled.code, &question);
    assert!(matches!(reply, PolicyReply::Verdict(verdict) if verdict.effect == DecisionType::Deny));
}
