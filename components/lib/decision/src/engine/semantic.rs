//! The stage that asks what a request means to do (OB §14, mended).
//!
//! The original looked at the confidence alone, so a confident `harmful` passed.
//! Here the label counts: a believed label may be refused or held, one that is not
//! believed gets what the operator chose for low confidence, and a classification
//! that failed never allows.

use crate::{DecisionType, Input, Intent, IntentAnswer, IntentStatus, SemanticSettings, Stage};

use super::{Ruling, Step};

/// A Deny if a number of this stage is NaN, infinite or out of its range.
pub(super) fn unusable(input: &Input) -> Option<Ruling> {
    let settings = input.settings.semantic.as_ref()?;
    let confidence = match &input.intent {
        IntentAnswer::Answered(intent) if intent.status == IntentStatus::Classified => {
            intent.confidence
        }
        _ => 0.0,
    };
    [
        (
            "settings.semantic.confidence_threshold",
            settings.confidence_threshold,
        ),
        ("intent.confidence", confidence),
    ]
    .into_iter()
    .find(|(_, number)| !(0.0..=1.0).contains(number))
    .map(|(name, _)| {
        Ruling::new(
            DecisionType::Deny,
            Stage::Semantic,
            format!("Meaning cannot be weighed: `{name}` is not a usable number"),
        )
    })
}

/// What the meaning says.
pub(super) fn step(input: &Input) -> Step {
    let Some(settings) = &input.settings.semantic else {
        return Step::Pass(None);
    };
    let ruling = match &input.intent {
        IntentAnswer::Pending if can_object(settings) => return Step::Ask,
        IntentAnswer::Pending => None,
        IntentAnswer::Answered(intent) => judge(settings, intent),
    };
    match ruling {
        None => Step::Pass(None),
        Some(ruling) => super::judged(ruling, input.settings.shadow),
    }
}

/// Whether any classification could change the outcome.
fn can_object(settings: &SemanticSettings) -> bool {
    // A classification may always fail, and that is never an Allow; yet who lets pass
    // whatever comes of it wants nothing to be asked.
    settings.low_confidence != DecisionType::Allow
        || !settings.deny_labels.is_empty()
        || !settings.hold_labels.is_empty()
}

fn judge(settings: &SemanticSettings, intent: &Intent) -> Option<Ruling> {
    let ruling = |outcome, reason: String| Some(Ruling::new(outcome, Stage::Semantic, reason));
    let confidence = intent.confidence;
    match intent.status {
        IntentStatus::Failed => {
            let outcome = match settings.on_failure {
                DecisionType::Deny => DecisionType::Deny,
                DecisionType::Allow | DecisionType::Hitl => DecisionType::Hitl,
            };
            ruling(outcome, "Semantic classification failed".to_owned())
        }
        IntentStatus::Classified if confidence < settings.confidence_threshold => {
            match settings.low_confidence {
                DecisionType::Allow => None,
                outcome => ruling(outcome, format!("Low semantic confidence: {confidence:.2}")),
            }
        }
        IntentStatus::Classified if lists(&settings.deny_labels, &intent.label) => ruling(
            DecisionType::Deny,
            format!("Intent denied: {} ({confidence:.2})", intent.label),
        ),
        IntentStatus::Classified if lists(&settings.hold_labels, &intent.label) => ruling(
            DecisionType::Hitl,
            format!("Intent requires HITL: {} ({confidence:.2})", intent.label),
        ),
        IntentStatus::Classified => None,
    }
}

fn lists(labels: &[String], label: &str) -> bool {
    labels
        .iter()
        .any(|listed| listed.trim().eq_ignore_ascii_case(label.trim()))
}
