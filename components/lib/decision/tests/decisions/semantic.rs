//! What the meaning of a request does to its decision.

use vectra_decision::{
    Body, DecisionType, Evaluation, Input, IntentStatus, PolicyAnswer, SemanticSettings, Stage,
    evaluate,
};

use crate::cases::{decide, intent, semantic, verdict, with};

use DecisionType::{Allow, Deny, Hitl};

#[test]
fn a_meaning_counts_when_it_is_believed() {
    use IntentStatus::{Classified, Failed};
    for (answer, low_confidence, outcome, reason) in [
        (intent("read", 0.9, Classified), Hitl, Allow, None),
        (intent("read", 0.7, Classified), Hitl, Allow, None),
        (
            intent("read", 0.69, Classified),
            Hitl,
            Hitl,
            Some("Low semantic confidence: 0.69"),
        ),
        (
            intent("read", 0.1, Classified),
            Deny,
            Deny,
            Some("Low semantic confidence: 0.10"),
        ),
        (intent("read", 0.1, Classified), Allow, Allow, None),
        (
            intent("harmful", 0.91, Classified),
            Hitl,
            Deny,
            Some("Intent denied: harmful (0.91)"),
        ),
        (
            intent("Harmful", 0.7, Classified),
            Allow,
            Deny,
            Some("Intent denied: Harmful (0.70)"),
        ),
        (
            intent("harmful", 0.5, Classified),
            Hitl,
            Hitl,
            Some("Low semantic confidence: 0.50"),
        ),
        (
            intent("bulk_export", 1.0, Classified),
            Allow,
            Hitl,
            Some("Intent requires HITL: bulk_export (1.00)"),
        ),
        (
            intent("unknown", 0.9, Failed),
            Allow,
            Hitl,
            Some("Semantic classification failed"),
        ),
        (
            intent("read", 0.9, Failed),
            Hitl,
            Hitl,
            Some("Semantic classification failed"),
        ),
        (
            intent("read", 0.9, Failed),
            Deny,
            Deny,
            Some("Semantic classification failed"),
        ),
        (
            intent("read", f64::NAN, Failed),
            Allow,
            Hitl,
            Some("Semantic classification failed"),
        ),
    ] {
        let decision = decide(&with(|input| {
            input.intent = answer.clone();
            input.settings.semantic = Some(SemanticSettings {
                low_confidence,
                on_failure: low_confidence,
                ..semantic()
            });
        }));
        assert_eq!(decision.outcome, outcome, "{answer:?} {low_confidence:?}");
        assert_eq!(
            decision.reason.as_deref(),
            reason,
            "{answer:?} {low_confidence:?}"
        );
        let stage = if outcome == Allow {
            Stage::None
        } else {
            Stage::Semantic
        };
        assert_eq!(decision.stage, stage, "{answer:?} {low_confidence:?}");
    }
}

#[test]
fn a_meaning_is_asked_only_when_it_can_change_the_outcome() {
    let inert = SemanticSettings {
        low_confidence: Allow,
        deny_labels: Vec::new(),
        hold_labels: Vec::new(),
        ..semantic()
    };
    let asks = |change: &dyn Fn(&mut Input)| {
        let input = with(|input| {
            input.settings.semantic = Some(semantic());
            change(input);
        });
        matches!(evaluate(&input), Evaluation::NeedsIntent(_))
    };
    assert!(asks(&|_| {}));
    assert!(asks(&|input| input.policy = verdict(Allow, None, None)));
    assert!(!asks(&|input| input.settings.semantic = None));
    assert!(!asks(&|input| input.settings.semantic = Some(inert.clone())));
    assert!(!asks(&|input| input.settings.risk_threshold = 0.0));
    assert!(!asks(&|input| input.policy = verdict(Hitl, None, None)));
    assert!(!asks(&|input| input.policy = PolicyAnswer::Pending));
    assert!(!asks(
        &|input| input.request.target_refusal = Some("no".into())
    ));
    assert!(!asks(
        &|input| input.request.body = Body::Undecodable("x".into())
    ));
}
