//! What goes out.

use vectra_decision as lib;

use crate::bindings::exports::vectra::decision::engine::Evaluation;
use crate::bindings::vectra::decision::types as wit;

impl From<lib::Evaluation> for Evaluation {
    fn from(evaluation: lib::Evaluation) -> Self {
        match evaluation {
            lib::Evaluation::Decided(decision) => Self::Decided(decision.into()),
            lib::Evaluation::NeedsPolicy(risk) => Self::NeedsPolicy(risk.into()),
            lib::Evaluation::NeedsIntent(risk) => Self::NeedsIntent(risk.into()),
        }
    }
}

impl From<lib::Decision> for wit::Decision {
    fn from(decision: lib::Decision) -> Self {
        Self {
            outcome: outcome(decision.outcome),
            reason: decision.reason,
            stage: stage(decision.stage),
            rule: decision.rule,
            risk: decision.risk.into(),
            trust: wit::TrustRule {
                target: decision.trust.target,
                rate: decision.trust.rate,
            },
            shadow: decision.shadow.map(|objection| wit::Objection {
                outcome: outcome(objection.outcome),
                reason: objection.reason,
                stage: stage(objection.stage),
                rule: objection.rule,
            }),
        }
    }
}

const fn outcome(outcome: lib::DecisionType) -> wit::DecisionType {
    match outcome {
        lib::DecisionType::Allow => wit::DecisionType::Allow,
        lib::DecisionType::Deny => wit::DecisionType::Deny,
        lib::DecisionType::Hitl => wit::DecisionType::Hitl,
    }
}

const fn stage(stage: lib::Stage) -> wit::Stage {
    match stage {
        lib::Stage::Target => wit::Stage::Target,
        lib::Stage::Body => wit::Stage::Body,
        lib::Stage::Policy => wit::Stage::Policy,
        lib::Stage::Risk => wit::Stage::Risk,
        lib::Stage::Semantic => wit::Stage::Semantic,
        lib::Stage::None => wit::Stage::None,
    }
}

impl From<lib::Risk> for wit::Risk {
    fn from(risk: lib::Risk) -> Self {
        Self {
            score: risk.score,
            factors: risk
                .factors
                .into_iter()
                .map(|factor| wit::RiskFactor {
                    name: factor.name,
                    score: factor.score,
                    weight: factor.weight,
                })
                .collect(),
        }
    }
}
