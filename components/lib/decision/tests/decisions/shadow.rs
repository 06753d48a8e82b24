//! Tried out: what objects is told, and lets through.

use vectra_decision::{
    Body, Decision, DecisionType, Evaluation, Input, IntentStatus, PathMark, PolicyAnswer,
    SemanticSettings, Stage, TrustRates, evaluate, trust,
};

use crate::cases::{decide, harmless, intent, semantic, verdict, with};

use DecisionType::{Allow, Deny, Hitl};

/// The verdict of a policy that is only tried out.
fn tried(effect: DecisionType, rule: Option<&str>, reason: Option<&str>) -> PolicyAnswer {
    match verdict(effect, rule, reason) {
        PolicyAnswer::Answered(mut verdict) => {
            verdict.shadow = true;
            PolicyAnswer::Answered(verdict)
        }
        other => other,
    }
}

fn assert_let_through(decision: &Decision, outcome: DecisionType, stage: Stage, reason: &str) {
    assert_eq!((decision.outcome, decision.stage), (Allow, Stage::None));
    let objection = decision.shadow.as_ref().unwrap();
    assert_eq!((objection.outcome, objection.stage), (outcome, stage));
    assert_eq!(objection.reason, reason);
    let verb = if outcome == Deny { "deny" } else { "hold" };
    let told = format!("Shadow: would {verb}: {reason}");
    assert_eq!(decision.reason.as_deref(), Some(told.as_str()));
    assert_eq!(decision.trust, trust::UNMOVED);
}

#[test]
fn a_policy_that_is_tried_out_objects_without_effect() {
    for (effect, rule, reason) in [
        (Deny, Some("r"), "no"),
        (Hitl, Some("r"), "ask"),
        (Deny, None, "default"),
    ] {
        let decision = decide(&with(|input| {
            input.policy = tried(effect, rule, Some(reason))
        }));
        assert_let_through(&decision, effect, Stage::Policy, reason);
        assert_eq!(decision.shadow.unwrap().rule.as_deref(), rule);
        assert_eq!(decision.rule, None);
    }
    let allowed = decide(&with(|input| input.policy = tried(Allow, Some("r"), None)));
    assert_eq!((allowed.outcome, allowed.shadow), (Allow, None));
    assert_eq!(allowed.trust, trust::after(Allow, &TrustRates::default()));
}

#[test]
fn a_policy_that_is_tried_out_does_not_silence_risk_and_meaning() {
    let policy = tried(Deny, Some("r"), Some("no"));
    let risky = decide(&with(|input| {
        input.policy = policy.clone();
        input.settings.risk_threshold = 0.0;
    }));
    assert_eq!(
        (risky.outcome, risky.stage, risky.shadow),
        (Hitl, Stage::Risk, None)
    );
    let harmful = decide(&with(|input| {
        input.policy = policy;
        input.settings.semantic = Some(semantic());
        input.intent = intent("harmful", 0.9, IntentStatus::Classified);
    }));
    assert_eq!((harmful.outcome, harmful.stage), (Deny, Stage::Semantic));
}

#[test]
fn a_gateway_that_is_tried_out_lets_all_judgements_through() {
    type Case = (
        &'static str,
        fn(&mut Input),
        DecisionType,
        Stage,
        &'static str,
    );
    let cases: [Case; 5] = [
        (
            "policy",
            |input| input.policy = verdict(Deny, Some("r"), Some("no")),
            Deny,
            Stage::Policy,
            "no",
        ),
        (
            "unassigned",
            |input| input.settings.unassigned = Hitl,
            Hitl,
            Stage::Policy,
            "No policy assigned",
        ),
        (
            "risk",
            |input| input.settings.risk_threshold = 0.0,
            Hitl,
            Stage::Risk,
            "High risk score: 0.09",
        ),
        (
            "meaning",
            |input| {
                input.settings.semantic = Some(semantic());
                input.intent = intent("harmful", 0.9, IntentStatus::Classified);
            },
            Deny,
            Stage::Semantic,
            "Intent denied: harmful (0.90)",
        ),
        (
            "failed",
            |input| {
                input.settings.semantic = Some(semantic());
                input.intent = intent("", 0.0, IntentStatus::Failed);
            },
            Hitl,
            Stage::Semantic,
            "Semantic classification failed",
        ),
    ];
    for (what, change, outcome, stage, reason) in cases {
        let enforced = decide(&with(change));
        assert_eq!(
            (enforced.outcome, enforced.shadow),
            (outcome, None),
            "{what}"
        );
        let decision = decide(&with(|input| {
            change(input);
            input.settings.shadow = true;
        }));
        assert_let_through(&decision, outcome, stage, reason);
    }
}

#[test]
fn the_first_objection_is_told() {
    let decision = decide(&with(|input| {
        input.policy = verdict(Hitl, Some("r"), Some("first"));
        input.settings.risk_threshold = 0.0;
        input.settings.semantic = Some(semantic());
        input.intent = intent("harmful", 0.9, IntentStatus::Classified);
        input.settings.shadow = true;
    }));
    assert_let_through(&decision, Hitl, Stage::Policy, "first");
}

#[test]
fn the_meaning_is_still_asked_for_when_it_is_tried_out() {
    let input = with(|input| {
        input.policy = tried(Deny, Some("r"), None);
        input.settings.semantic = Some(semantic());
        input.settings.shadow = true;
    });
    assert!(matches!(evaluate(&input), Evaluation::NeedsIntent(_)));
}

#[test]
fn what_fails_is_refused_whether_tried_out_or_not() {
    type Case = (&'static str, fn(&mut Input));
    let broken: [Case; 6] = [
        ("target", |input| {
            input.request.target_refusal = Some("no".into())
        }),
        ("body", |input| {
            input.request.body = Body::Undecodable("x".into())
        }),
        ("policy", |input| {
            input.policy = PolicyAnswer::Unusable("gone".into())
        }),
        ("trust", |input| input.agent.trust_score = f64::NAN),
        ("rates", |input| input.settings.trust_rates.deny = 2.0),
        ("threshold", |input| {
            input.settings.risk_threshold = f64::NAN
        }),
    ];
    for (what, change) in broken {
        let decision = decide(&with(|input| {
            change(input);
            input.settings.shadow = true;
        }));
        assert_eq!((decision.outcome, decision.shadow), (Deny, None), "{what}");
    }
    let held = decide(&with(|input| {
        input.request.body = Body::Undecodable("x".into());
        input.settings.undecodable_body = Hitl;
        input.policy = tried(Deny, Some("r"), None);
        input.settings.shadow = true;
    }));
    assert_eq!((held.outcome, held.stage), (Hitl, Stage::Body));
}

#[test]
fn a_failed_classification_gets_what_the_operator_chose() {
    for (on_failure, outcome) in [(Allow, Hitl), (Hitl, Hitl), (Deny, Deny)] {
        let decision = decide(&with(|input| {
            input.intent = intent("read", 1.0, IntentStatus::Failed);
            input.settings.semantic = Some(SemanticSettings {
                on_failure,
                low_confidence: Allow,
                ..semantic()
            });
        }));
        assert_eq!(
            (decision.outcome, decision.stage),
            (outcome, Stage::Semantic)
        );
    }
}

#[test]
fn trust_moves_at_the_rates_the_operator_chose() {
    let rates = TrustRates {
        allow: 0.5,
        hitl: 0.25,
        deny: 1.0,
    };
    for outcome in [Allow, Hitl, Deny] {
        let decision = decide(&with(|input| {
            input.policy = verdict(outcome, None, None);
            input.settings.trust_rates = rates;
        }));
        assert_eq!(decision.trust, trust::after(outcome, &rates), "{outcome:?}");
    }
    for rate in [-0.1, 1.1, f64::NAN] {
        let decision = decide(&with(|input| input.settings.trust_rates.allow = rate));
        assert_eq!(decision.outcome, Deny);
        assert!(decision.reason.unwrap().contains("trust_rates.allow"));
        assert_eq!(decision.trust, trust::after(Deny, &TrustRates::default()));
    }
}

#[test]
fn the_operators_marks_take_the_place_of_those_that_are_built_in() {
    let scored = |marks: &[(&str, f64)], path: &str| {
        let input = with(|input| {
            input.request.path = path.into();
            input.request.normalised_path = path.into();
            input.settings.risk_paths = Some(
                marks
                    .iter()
                    .map(|(pattern, score)| PathMark {
                        pattern: (*pattern).into(),
                        score: *score,
                    })
                    .collect(),
            );
        });
        decide(&input)
    };
    let score = |marks: &[(&str, f64)], path: &str| scored(marks, path).risk.factors[1].score;
    for (pattern, path, found) in [
        ("/vault", "/VAULT/x", true),
        ("/vault", "/v/ault", false),
        ("/v#/", "/v12/x", true),
        ("/v#/", "/v/x", false),
        ("/v#/", "/v1x/", false),
        ("/a/*/z", "/a/b/z", true),
        ("/a/*/z", "/a/b/c/z", false),
        ("/a*z", "/az", true),
        ("a*", "xa", true),
        ("?debug=", "/x?debug=1", true),
    ] {
        let expected = if found { 0.9 } else { 0.1 };
        assert_eq!(score(&[(pattern, 0.9)], path), expected, "{pattern} {path}");
    }
    assert_eq!(score(&[], "/admin/x"), 0.1);
    assert_eq!(score(&[("/a", 0.3), ("/b", 0.6)], "/a/b"), 0.6);
    for (pattern, score) in [("/a", f64::NAN), ("/a", 1.5), (&*"a".repeat(101), 0.5)] {
        let decision = scored(&[(pattern, score)], "/x");
        assert_eq!((decision.outcome, decision.stage), (Deny, Stage::Risk));
    }
    assert_eq!(decide(&harmless()).outcome, Allow);
}
