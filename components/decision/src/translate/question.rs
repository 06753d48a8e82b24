//! What comes in.

use vectra_decision as lib;

use crate::bindings::vectra::decision::types as wit;

impl From<wit::Input> for lib::Input {
    fn from(input: wit::Input) -> Self {
        Self {
            now: input.now,
            request: input.request.into(),
            agent: lib::Agent {
                id: input.agent.id,
                trust_score: input.agent.trust_score,
                policy_name: input.agent.policy_name,
            },
            activity: lib::Activity {
                recent_total: input.activity.recent_total,
                recent_violations: input.activity.recent_violations,
                baseline_total: input.activity.baseline_total,
                baseline_since: input.activity.baseline_since,
            },
            policy: input.policy.into(),
            intent: input.intent.into(),
            settings: input.settings.into(),
        }
    }
}

impl From<wit::Request> for lib::Request {
    fn from(request: wit::Request) -> Self {
        Self {
            method: request.method,
            path: request.path,
            normalised_path: request.normalised_path,
            target_url: request.target_url,
            body: match request.body {
                wit::Body::None => lib::Body::None,
                wit::Body::Inspected(size) => lib::Body::Inspected(size),
                wit::Body::Uninspected(size) => lib::Body::Uninspected(size),
                wit::Body::Undecodable(why) => lib::Body::Undecodable(why),
            },
            target_refusal: request.target_refusal,
        }
    }
}

impl From<wit::PolicyAnswer> for lib::PolicyAnswer {
    fn from(answer: wit::PolicyAnswer) -> Self {
        match answer {
            wit::PolicyAnswer::Unassigned => Self::Unassigned,
            wit::PolicyAnswer::Pending => Self::Pending,
            wit::PolicyAnswer::Unusable(why) => Self::Unusable(why),
            wit::PolicyAnswer::Answered(verdict) => Self::Answered(lib::Verdict {
                effect: verdict.effect.into(),
                rule: verdict.rule,
                reason: verdict.reason,
                // The engine does not read what the policy looked at.
                looked_at: Vec::new(),
                shadow: verdict.shadow,
            }),
        }
    }
}

impl From<wit::IntentAnswer> for lib::IntentAnswer {
    fn from(answer: wit::IntentAnswer) -> Self {
        match answer {
            wit::IntentAnswer::Pending => Self::Pending,
            wit::IntentAnswer::Answered(intent) => Self::Answered(lib::Intent {
                label: intent.label,
                confidence: intent.confidence,
                status: match intent.status {
                    wit::IntentStatus::Classified => lib::IntentStatus::Classified,
                    wit::IntentStatus::Failed => lib::IntentStatus::Failed,
                },
                risk_tags: intent.risk_tags,
                explanation: intent.explanation,
                model: intent.model,
            }),
        }
    }
}

impl From<wit::Settings> for lib::Settings {
    fn from(settings: wit::Settings) -> Self {
        Self {
            unassigned: settings.unassigned.into(),
            undecodable_body: settings.undecodable_body.into(),
            risk_weights: lib::RiskWeights {
                method: settings.risk_weights.method,
                path: settings.risk_weights.path,
                agent_history: settings.risk_weights.agent_history,
                time_of_day: settings.risk_weights.time_of_day,
                body_size: settings.risk_weights.body_size,
                anomaly: settings.risk_weights.anomaly,
            },
            risk_paths: settings.risk_paths.map(|marks| {
                marks
                    .into_iter()
                    .map(|mark| lib::PathMark {
                        pattern: mark.pattern,
                        score: mark.score,
                    })
                    .collect()
            }),
            risk_threshold: settings.risk_threshold,
            semantic: settings.semantic.map(|semantic| lib::SemanticSettings {
                confidence_threshold: semantic.confidence_threshold,
                low_confidence: semantic.low_confidence.into(),
                on_failure: semantic.on_failure.into(),
                deny_labels: semantic.deny_labels,
                hold_labels: semantic.hold_labels,
            }),
            trust_rates: lib::TrustRates {
                allow: settings.trust_rates.allow,
                hitl: settings.trust_rates.hitl,
                deny: settings.trust_rates.deny,
            },
            shadow: settings.shadow,
        }
    }
}

impl From<wit::DecisionType> for lib::DecisionType {
    fn from(outcome: wit::DecisionType) -> Self {
        match outcome {
            wit::DecisionType::Allow => Self::Allow,
            wit::DecisionType::Deny => Self::Deny,
            wit::DecisionType::Hitl => Self::Hitl,
        }
    }
}
