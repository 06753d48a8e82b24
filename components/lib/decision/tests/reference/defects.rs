//! Defects of the original (OB §23) that belong to deciding. Those of what a rule can
//! be led past are in `bypasses.rs`.

use serde_json::json;
use vectra_decision::{
    Activity, Body, DecisionType, Evaluation, Input, IntentStatus, PolicyAnswer, SemanticSettings,
    Stage, evaluate, rules, trust,
};

use crate::cases::{NOON, Told, asked, decide, intent, semantic, verdict, with};

/// Microseconds.
const HOUR: i64 = 3_600_000_000;

#[test]
fn defect_5_the_body_counts_for_the_risk_of_every_request() {
    let risk = |size| {
        decide(&with(|input| input.request.body = Body::Inspected(size)))
            .risk
            .score
    };
    let (small, large) = (risk(10), risk(10 * 1024 * 1024));
    assert!(small < large, "{small} {large}");
    assert!((risk(10) - small).abs() < f64::EPSILON);
}

#[test]
fn defect_7_a_label_that_is_refused_is_refused_however_sure_the_classifier_is() {
    let meaning = |label: &str, confidence, status| {
        decide(&with(|input| {
            input.settings.semantic = Some(semantic());
            input.intent = intent(label, confidence, status);
        }))
        .outcome
    };
    use DecisionType::{Allow, Deny, Hitl};
    use IntentStatus::{Classified, Failed};
    for (label, confidence, status, outcome) in [
        ("harmful", 1.0, Classified, Deny),
        ("harmful", 0.7, Classified, Deny),
        ("HARMFUL ", 0.9, Classified, Deny),
        ("harmful", 0.69, Classified, Hitl),
        ("bulk_export", 1.0, Classified, Hitl),
        ("read", 1.0, Classified, Allow),
        ("read", 0.1, Classified, Hitl),
        ("read", 1.0, Failed, Hitl),
        ("read", f64::NAN, Classified, Deny),
        ("read", 7.0, Classified, Deny),
    ] {
        assert_eq!(
            meaning(label, confidence, status),
            outcome,
            "{label} {confidence}"
        );
    }
    let hostile = SemanticSettings {
        low_confidence: Deny,
        ..semantic()
    };
    let low = decide(&with(|input| {
        input.settings.semantic = Some(hostile);
        input.intent = intent("read", 0.5, Classified);
    }));
    assert_eq!((low.outcome, low.stage), (Deny, Stage::Semantic));
}

#[test]
fn defect_8_what_is_missing_satisfies_no_order() {
    for operator in ["gt", "lt", "ge", "le"] {
        for field in ["headers.x", "body.n", "policyName"] {
            let policy = json!({ "name": "p", "default": "Deny", "rules": [{ "conditions": [
                { "field": field, "operator": operator, "value": "a" }] }] });
            let code = rules::compile(&policy.to_string()).unwrap().code;
            let outcome = asked(&code, &Told::default().question()).effect;
            assert_eq!(outcome, DecisionType::Deny, "{field} {operator}");
        }
    }
}

#[test]
fn defect_9_an_agent_without_a_policy_gets_what_the_operator_says() {
    use DecisionType::{Allow, Deny, Hitl};
    for unassigned in [Allow, Deny, Hitl] {
        let decision = decide(&with(|input| input.settings.unassigned = unassigned));
        assert_eq!(decision.outcome, unassigned);
    }
    // A policy that is assigned and cannot be used is none that is missing.
    let broken = decide(&with(|input| {
        input.policy = PolicyAnswer::Unusable("it is gone".into());
    }));
    assert_eq!((broken.outcome, broken.stage), (Deny, Stage::Policy));
}

#[test]
fn defect_19_trust_moves_with_each_decision_and_recovers() {
    let rates = with(|_| ()).settings.trust_rates;
    let step = |trust: f64, outcome| {
        let rule = trust::after(outcome, &rates);
        trust + rule.rate * (rule.target - trust)
    };
    let mut score = 0.5;
    for _ in 0..1_000 {
        let lower = step(score, DecisionType::Deny);
        assert!(lower < score || score < 1e-9, "{score}");
        assert!(lower < step(score, DecisionType::Hitl));
        score = lower;
    }
    for _ in 0..10_000 {
        let higher = step(score, DecisionType::Allow);
        assert!((0.0..=1.0).contains(&higher) && higher >= score, "{score}");
        score = higher;
    }
    assert!(score > 0.9, "{score}");
}

/// A request as risky as can be, late on a Saturday.
fn reckless(input: &mut Input) {
    input.request.method = "DELETE".into();
    input.request.path = "/users/export".into();
    input.request.normalised_path = "/users/export".into();
    input.request.body = Body::Inspected(100 * 1024 * 1024);
    input.agent.trust_score = 0.0;
    input.now = NOON + (3 * 24 + 11) * HOUR;
    input.activity = Activity {
        recent_total: 1_000,
        recent_violations: 1_000,
        baseline_total: 2_000,
        baseline_since: Some(input.now - 7 * 24 * HOUR),
    };
}

#[test]
fn defect_19_the_risk_threshold_can_be_reached() {
    let decision = decide(&with(reckless));
    let held = (DecisionType::Hitl, Stage::Risk);
    assert_eq!(
        (decision.outcome, decision.stage),
        held,
        "{:?}",
        decision.risk
    );
    // Where it is set lower, at any time.
    let by_day = decide(&with(|input| {
        reckless(input);
        input.now = NOON;
        input.settings.risk_threshold = 0.6;
    }));
    assert_eq!((by_day.outcome, by_day.stage), held, "{:?}", by_day.risk);
}

#[test]
fn defect_19_an_agent_without_a_past_is_no_anomaly() {
    let anomaly = |activity| {
        let decision = decide(&with(|input| input.activity = activity));
        let factor = decision
            .risk
            .factors
            .iter()
            .find(|factor| factor.name == "anomaly");
        factor.unwrap().score
    };
    let quiet = anomaly(Activity::default());
    let first_hour = anomaly(Activity {
        recent_total: 50,
        recent_violations: 0,
        baseline_total: 50,
        baseline_since: Some(NOON - HOUR),
    });
    assert!((quiet - first_hour).abs() < f64::EPSILON, "{first_hour}");
    let burst = anomaly(Activity {
        recent_total: 500,
        recent_violations: 0,
        baseline_total: 600,
        baseline_since: Some(NOON - 6 * 24 * HOUR),
    });
    assert!(burst > quiet, "{burst}");
}

#[test]
fn defect_19_the_time_of_day_is_that_of_the_input_and_numbers_have_a_point() {
    let night = with(|input| {
        reckless(input);
        input.settings.risk_threshold = 0.0;
    });
    let decision = decide(&night);
    assert_eq!(decision, decide(&night));
    let day = decide(&Input { now: NOON, ..night });
    assert!(day.risk.score < decision.risk.score);
    let reason = decision.reason.unwrap();
    let number = reason.strip_prefix("High risk score: ").unwrap();
    assert!(number.parse::<f64>().is_ok(), "{reason}");
}

#[test]
fn defect_20_what_cannot_be_compared_denies_with_a_reason() {
    let policy = |condition| {
        let policy = json!({ "name": "p", "default": "Allow", "rules": [
            { "effect": "Deny", "conditions": [condition] }] });
        rules::compile(&policy.to_string())
    };
    // Whole numbers and others compare, the original threw.
    let low = policy(json!({ "field": "trustScore", "operator": "lt", "value": 1 }));
    let told = Told {
        body: Some(r#"{"n":"many"}"#.into()),
        ..Told::default()
    };
    let outcome = asked(&low.unwrap().code, &told.question()).effect;
    assert_eq!(outcome, DecisionType::Deny);
    let mixed = policy(json!({ "field": "body.n", "operator": "lt", "value": 1 }));
    let verdict = asked(&mixed.unwrap().code, &told.question());
    assert_eq!(verdict.effect, DecisionType::Deny);
    assert!(verdict.reason.unwrap().contains("body.n"));
    // Expressions fail when they are put, not when they are asked.
    let broken = policy(json!({ "field": "path", "operator": "regex", "value": "(" }));
    assert!(broken.is_err());
}

#[test]
fn defect_20_an_expression_that_was_slow_takes_no_time() {
    let policy = json!({ "name": "p", "default": "Allow", "rules": [
        { "effect": "Deny", "conditions": [
            { "field": "body", "operator": "regex", "value": "^(a+)+$" }] }] });
    let code = rules::compile(&policy.to_string()).unwrap().code;
    let told = Told {
        body: Some("a".repeat(100_000) + "b"),
        ..Told::default()
    };
    let started = std::time::Instant::now();
    let outcome = asked(&code, &told.question()).effect;
    assert_eq!(outcome, DecisionType::Allow);
    // Backtracking would take longer than there is time.
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

#[test]
fn defect_22_the_risk_of_a_decision_is_a_risk_whoever_decided() {
    let alone = decide(&with(|_| ())).risk;
    let denied = decide(&with(|input| {
        input.policy = verdict(DecisionType::Deny, Some("r"), None);
    }));
    assert_eq!((denied.outcome, &denied.risk), (DecisionType::Deny, &alone));
    let doubted = with(|input| {
        input.settings.semantic = Some(semantic());
        input.intent = intent("read", 0.1, IntentStatus::Classified);
    });
    let Evaluation::Decided(doubted) = evaluate(&doubted) else {
        panic!("it is decided");
    };
    assert_eq!(
        (doubted.outcome, &doubted.risk),
        (DecisionType::Hitl, &alone)
    );
}
