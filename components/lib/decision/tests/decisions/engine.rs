//! The order of the pipeline, what each stage says, and how it fails.

use vectra_decision::{
    Body, DecisionType, Evaluation, Input, IntentStatus, PolicyAnswer, Stage, TrustRates, evaluate,
    trust,
};

use crate::cases::{decide, harmless, intent, semantic, verdict, with};

use DecisionType::{Allow, Deny, Hitl};

#[test]
fn denies_when_the_policy_cannot_be_used() {
    let decision = decide(&with(|input| {
        input.policy = PolicyAnswer::Unusable("Policy `x` not found".into());
    }));
    assert_eq!(decision.outcome, Deny);
    assert_eq!(decision.stage, Stage::Policy);
    assert_eq!(decision.reason.as_deref(), Some("Policy `x` not found"));
}

#[test]
fn allows_when_nobody_objects() {
    let decision = decide(&harmless());
    assert_eq!(decision.outcome, Allow);
    assert_eq!(decision.stage, Stage::None);
    assert_eq!(decision.reason, None);
    assert_eq!(decision.rule, None);
    assert_eq!(decision.trust, trust::after(Allow, &TrustRates::default()));
    let names: Vec<&str> = decision
        .risk
        .factors
        .iter()
        .map(|f| f.name.as_str())
        .collect();
    let expected = [
        "method",
        "path",
        "agent_history",
        "time_of_day",
        "body_size",
        "anomaly",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_policy_decides_with_its_reason_or_a_plain_one() {
    for (answer, outcome, reason, rule) in [
        (verdict(Deny, Some("r"), Some("no")), Deny, "no", Some("r")),
        (
            verdict(Deny, Some("r"), None),
            Deny,
            "Rule denied",
            Some("r"),
        ),
        (
            verdict(Deny, Some("r"), Some(" ")),
            Deny,
            "Rule denied",
            Some("r"),
        ),
        (verdict(Deny, None, None), Deny, "Policy denied", None),
        (
            verdict(Deny, None, Some("OPA deny")),
            Deny,
            "OPA deny",
            None,
        ),
        (
            verdict(Hitl, Some("r"), Some("ask")),
            Hitl,
            "ask",
            Some("r"),
        ),
        (
            verdict(Hitl, Some("r"), None),
            Hitl,
            "Rule requires HITL",
            Some("r"),
        ),
        (
            verdict(Hitl, None, None),
            Hitl,
            "Policy requires HITL",
            None,
        ),
    ] {
        // Neither a high risk nor a meaning comes before a policy.
        let decision = decide(&with(|input| {
            input.policy = answer.clone();
            input.settings.risk_threshold = 0.0;
            input.settings.semantic = Some(semantic());
        }));
        assert_eq!(decision.outcome, outcome, "{answer:?}");
        assert_eq!(decision.stage, Stage::Policy, "{answer:?}");
        assert_eq!(decision.reason.as_deref(), Some(reason), "{answer:?}");
        assert_eq!(decision.rule.as_deref(), rule, "{answer:?}");
        assert_eq!(
            decision.trust,
            trust::after(outcome, &TrustRates::default()),
            "{answer:?}"
        );
        assert!(decision.risk.score > 0.0, "{answer:?}");
    }
}

#[test]
fn an_allowing_rule_is_named_and_overrides_nothing() {
    let allowed = |threshold| {
        decide(&with(|input| {
            input.policy = verdict(Allow, Some("reads"), Some("Rule allowed"));
            input.settings.risk_threshold = threshold;
        }))
    };
    let decision = allowed(0.8);
    assert_eq!((decision.outcome, decision.reason), (Allow, None));
    assert_eq!(decision.rule.as_deref(), Some("reads"));
    let decision = allowed(0.05);
    assert_eq!((decision.outcome, decision.stage), (Hitl, Stage::Risk));
    assert_eq!(decision.rule, None);
}

#[test]
fn an_agent_without_a_policy_gets_what_the_operator_chose() {
    for (choice, stage) in [
        (Allow, Stage::None),
        (Deny, Stage::Policy),
        (Hitl, Stage::Policy),
    ] {
        let decision = decide(&with(|input| input.settings.unassigned = choice));
        assert_eq!((decision.outcome, decision.stage), (choice, stage));
        assert_eq!(decision.reason.is_none(), choice == Allow);
    }
}

#[test]
fn the_policy_is_asked_with_the_risk() {
    let input = with(|input| input.policy = PolicyAnswer::Pending);
    match evaluate(&input) {
        Evaluation::NeedsPolicy(risk) => assert_eq!(risk, decide(&harmless()).risk),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_risk_is_held_only_above_the_threshold() {
    // GET /api/data of an unknown agent scores 0.09.
    let score = decide(&harmless()).risk.score;
    for (threshold, outcome) in [(score, Allow), (0.0899, Hitl), (0.0901, Allow), (0.0, Hitl)] {
        let decision = decide(&with(|input| input.settings.risk_threshold = threshold));
        assert_eq!(decision.outcome, outcome, "{threshold}");
        if outcome == Hitl {
            assert_eq!(decision.stage, Stage::Risk);
            assert_eq!(decision.reason.as_deref(), Some("High risk score: 0.09"));
        }
    }
}

#[test]
fn a_target_that_is_refused_is_denied_before_all_else() {
    for (refusal, reason) in [
        ("Target is private", "Target is private"),
        ("", "Target is not allowed"),
    ] {
        let decision = decide(&with(|input| {
            input.request.target_refusal = Some(refusal.into());
            input.policy = PolicyAnswer::Pending;
            input.agent.trust_score = f64::NAN;
        }));
        assert_eq!((decision.outcome, decision.stage), (Deny, Stage::Target));
        assert_eq!(decision.reason.as_deref(), Some(reason));
        assert_eq!(decision.trust, trust::after(Deny, &TrustRates::default()));
    }
}

#[test]
fn a_body_that_cannot_be_understood_is_never_forwarded() {
    for (choice, outcome) in [(Allow, Deny), (Deny, Deny), (Hitl, Hitl)] {
        let decision = decide(&with(|input| {
            input.request.body = Body::Undecodable("not UTF-8".into());
            input.settings.undecodable_body = choice;
        }));
        assert_eq!((decision.outcome, decision.stage), (outcome, Stage::Body));
        assert_eq!(
            decision.reason.as_deref(),
            Some("Body cannot be understood: not UTF-8")
        );
    }
}

#[test]
fn a_policy_may_still_deny_a_body_that_would_be_held() {
    let held = |policy| {
        with(|input| {
            input.request.body = Body::Undecodable(String::new());
            input.settings.undecodable_body = Hitl;
            input.policy = policy;
        })
    };
    assert!(matches!(
        evaluate(&held(PolicyAnswer::Pending)),
        Evaluation::NeedsPolicy(_)
    ));
    let denied = decide(&held(verdict(Deny, Some("r"), None)));
    assert_eq!((denied.outcome, denied.stage), (Deny, Stage::Policy));
    let allowed = decide(&held(verdict(Allow, Some("r"), None)));
    assert_eq!((allowed.outcome, allowed.stage), (Hitl, Stage::Body));
    assert_eq!(allowed.rule, None);
}

#[test]
fn numbers_that_are_none_deny() {
    type Place = fn(&mut Input, f64);
    let finite: [(&str, Place); 4] = [
        ("settings.risk_threshold", |input, number| {
            input.settings.risk_threshold = number
        }),
        ("settings.risk_weights", |input, number| {
            input.settings.risk_weights.path = number
        }),
        ("confidence_threshold", |input, number| {
            if let Some(semantic) = &mut input.settings.semantic {
                semantic.confidence_threshold = number;
            }
        }),
        ("intent.confidence", |input, number| {
            input.intent = intent("read", number, IntentStatus::Classified);
        }),
    ];
    let broken = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.1];
    let mut cases: Vec<(&str, Input)> = Vec::new();
    for (name, place) in finite {
        for number in broken {
            cases.push((
                name,
                with(|input| {
                    input.settings.semantic = Some(semantic());
                    place(input, number);
                }),
            ));
        }
    }
    for number in &broken[..3] {
        cases.push((
            "agent.trust_score",
            with(|input| input.agent.trust_score = *number),
        ));
    }
    for (name, input) in cases {
        let decision = decide(&input);
        assert_eq!(decision.outcome, Deny, "{name}");
        let reason = decision.reason.expect("a reason");
        assert!(reason.contains(name), "{name}: {reason}");
        assert!(decision.risk.score.is_finite(), "{name}");
        assert!(
            decision
                .risk
                .factors
                .iter()
                .all(|f| f.weight.is_finite() && f.weight >= 0.0)
        );
    }
}

#[test]
fn weights_that_overflow_deny_and_weights_of_zero_mean_no_risk() {
    let weighted = |weight| {
        decide(&with(|input| {
            let weights = &mut input.settings.risk_weights;
            weights.method = weight;
            weights.path = weight;
            weights.agent_history = weight;
            weights.time_of_day = weight;
            weights.body_size = weight;
            weights.anomaly = weight;
        }))
    };
    let decision = weighted(f64::MAX);
    assert_eq!((decision.outcome, decision.stage), (Deny, Stage::Risk));
    assert_eq!(decision.risk.score, 1.0);
    let decision = weighted(0.0);
    assert_eq!((decision.outcome, decision.risk.score), (Allow, 0.0));
}
