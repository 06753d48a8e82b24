//! The components of `vectra:decision` as ports.

use vectra_api::{Classifier, Engine, PolicyEngine};
use vectra_decision::{
    Agent, Body, ClassifierDescription, ClassifierProblem, Compiled, DecisionType, Evaluation,
    Input, Intent, IntentAnswer, IntentQuestion, IntentStatus, LookedAt, Meaning, Objection,
    PathMark, PolicyAnswer, PolicyQuestion, PolicyReply, Problem, Recollection, Risk, RiskFactor,
    Settings, Shown, Stage, TrustRule, Verdict,
};

use crate::bindings::vectra::decision::{engine, policy, semantic, types as wit};

/// The composed decision, policy and semantic components.
pub struct Decision;

impl Engine for Decision {
    fn evaluate(&self, input: &Input) -> Evaluation {
        match engine::evaluate(&input_to(input)) {
            engine::Evaluation::NeedsPolicy(risk) => Evaluation::NeedsPolicy(risk_from(risk)),
            engine::Evaluation::NeedsIntent(risk) => Evaluation::NeedsIntent(risk_from(risk)),
            engine::Evaluation::Decided(decision) => {
                Evaluation::Decided(vectra_decision::Decision {
                    outcome: outcome_from(decision.outcome),
                    reason: decision.reason,
                    stage: stage_from(decision.stage),
                    rule: decision.rule,
                    risk: risk_from(decision.risk),
                    trust: TrustRule {
                        target: decision.trust.target,
                        rate: decision.trust.rate,
                    },
                    shadow: decision.shadow.map(|objection| Objection {
                        outcome: outcome_from(objection.outcome),
                        reason: objection.reason,
                        stage: stage_from(objection.stage),
                        rule: objection.rule,
                    }),
                })
            }
        }
    }
}

impl PolicyEngine for Decision {
    fn compile(&self, source: &str) -> Result<Compiled, Vec<Problem>> {
        match policy::compile(source) {
            Ok(compiled) => Ok(Compiled {
                name: compiled.name,
                description: compiled.description,
                owner: compiled.owner,
                default_effect: outcome_from(compiled.default_effect),
                rule_count: compiled.rule_count,
                shadow: compiled.shadow,
                warnings: compiled.warnings.into_iter().map(problem_from).collect(),
                document: compiled.document,
                code: compiled.code,
            }),
            Err(problems) => Err(problems.into_iter().map(problem_from).collect()),
        }
    }

    fn evaluate(&self, code: &[u8], question: &PolicyQuestion) -> PolicyReply {
        let request = &question.request;
        let question = policy::Question {
            request: policy::Request {
                method: request.method.clone(),
                path: request.path.clone(),
                normalised_path: request.normalised_path.clone(),
                target_url: request.target_url.clone(),
                headers: request.headers.clone(),
                body: request.body.clone(),
                body_unread: request.body_unread,
            },
            agent: agent_to(&question.agent),
            risk: risk_to(&question.risk),
            intent: meaning_to(&question.intent),
        };
        match policy::evaluate(code, &question) {
            policy::Answer::Verdict(verdict) => PolicyReply::Verdict(verdict_from(verdict)),
            policy::Answer::NeedsIntent => PolicyReply::NeedsIntent,
        }
    }

    fn recall(&self, code: &[u8], recollection: &Recollection) -> Result<Verdict, Vec<String>> {
        let recollection = policy::Recollection {
            method: recollection.method.clone(),
            path: recollection.path.clone(),
            normalised_path: recollection.normalised_path.clone(),
            target_url: recollection.target_url.clone(),
            masked: recollection.masked,
            body_unread: recollection.body_unread,
            agent: agent_to(&recollection.agent),
            risk: risk_to(&recollection.risk),
            intent: meaning_to(&recollection.intent),
            looked_at: recollection.looked_at.iter().map(looked_at_to).collect(),
        };
        policy::recall(code, &recollection).map(verdict_from)
    }
}

impl Classifier for Decision {
    fn describe(&self, config: &str) -> ClassifierDescription {
        let description = semantic::describe(config);
        ClassifierDescription {
            name: description.name,
            classifies: description.classifies,
            labels: description.labels,
            remote: description.remote,
            fingerprint: description.fingerprint,
            problems: description
                .problems
                .into_iter()
                .map(|problem| ClassifierProblem {
                    key: problem.key,
                    message: problem.message,
                })
                .collect(),
        }
    }

    fn classify(&self, config: &str, question: &IntentQuestion) -> Intent {
        let question = semantic::Question {
            method: question.method.clone(),
            path: question.path.clone(),
            content_type: question.content_type.clone(),
            text: question.text.clone(),
        };
        let intent = semantic::classify(config, &question);
        Intent {
            label: intent.label,
            confidence: intent.confidence,
            status: match intent.status {
                wit::IntentStatus::Classified => IntentStatus::Classified,
                wit::IntentStatus::Failed => IntentStatus::Failed,
            },
            risk_tags: intent.risk_tags,
            explanation: intent.explanation,
            model: intent.model,
        }
    }
}

fn problem_from(problem: policy::Problem) -> Problem {
    Problem {
        place: problem.place,
        message: problem.message,
    }
}

fn meaning_to(meaning: &Meaning) -> policy::Meaning {
    match meaning {
        Meaning::Unasked => policy::Meaning::Unasked,
        Meaning::Unknown => policy::Meaning::Unknown,
        Meaning::Known(intent) => policy::Meaning::Known(intent_to(intent)),
    }
}

fn looked_at_to(looked: &LookedAt) -> wit::LookedAt {
    wit::LookedAt {
        field: looked.field.clone(),
        value: match &looked.value {
            Shown::Absent => wit::Shown::Absent,
            Shown::Plain(json) => wit::Shown::Plain(json.clone()),
            Shown::Digest(digest) => wit::Shown::Digest(digest.clone()),
            Shown::Unreadable(why) => wit::Shown::Unreadable(why.clone()),
        },
    }
}

fn looked_at_from(looked: wit::LookedAt) -> LookedAt {
    LookedAt {
        field: looked.field,
        value: match looked.value {
            wit::Shown::Absent => Shown::Absent,
            wit::Shown::Plain(json) => Shown::Plain(json),
            wit::Shown::Digest(digest) => Shown::Digest(digest),
            wit::Shown::Unreadable(why) => Shown::Unreadable(why),
        },
    }
}

fn outcome_to(outcome: DecisionType) -> wit::DecisionType {
    match outcome {
        DecisionType::Allow => wit::DecisionType::Allow,
        DecisionType::Deny => wit::DecisionType::Deny,
        DecisionType::Hitl => wit::DecisionType::Hitl,
    }
}

fn outcome_from(outcome: wit::DecisionType) -> DecisionType {
    match outcome {
        wit::DecisionType::Allow => DecisionType::Allow,
        wit::DecisionType::Deny => DecisionType::Deny,
        wit::DecisionType::Hitl => DecisionType::Hitl,
    }
}

fn stage_from(stage: wit::Stage) -> Stage {
    match stage {
        wit::Stage::Target => Stage::Target,
        wit::Stage::Body => Stage::Body,
        wit::Stage::Policy => Stage::Policy,
        wit::Stage::Risk => Stage::Risk,
        wit::Stage::Semantic => Stage::Semantic,
        wit::Stage::None => Stage::None,
    }
}

fn agent_to(agent: &Agent) -> wit::Agent {
    wit::Agent {
        id: agent.id.clone(),
        trust_score: agent.trust_score,
        policy_name: agent.policy_name.clone(),
    }
}

fn risk_to(risk: &Risk) -> wit::Risk {
    let factor = |factor: &RiskFactor| wit::RiskFactor {
        name: factor.name.clone(),
        score: factor.score,
        weight: factor.weight,
    };
    wit::Risk {
        score: risk.score,
        factors: risk.factors.iter().map(factor).collect(),
    }
}

fn risk_from(risk: wit::Risk) -> Risk {
    let factor = |factor: wit::RiskFactor| RiskFactor {
        name: factor.name,
        score: factor.score,
        weight: factor.weight,
    };
    Risk {
        score: risk.score,
        factors: risk.factors.into_iter().map(factor).collect(),
    }
}

fn verdict_to(verdict: &Verdict) -> wit::Verdict {
    wit::Verdict {
        effect: outcome_to(verdict.effect),
        rule: verdict.rule.clone(),
        reason: verdict.reason.clone(),
        // The engine does not read what the policy looked at.
        looked_at: Vec::new(),
        shadow: verdict.shadow,
    }
}

fn verdict_from(verdict: wit::Verdict) -> Verdict {
    Verdict {
        effect: outcome_from(verdict.effect),
        rule: verdict.rule,
        reason: verdict.reason,
        looked_at: verdict.looked_at.into_iter().map(looked_at_from).collect(),
        shadow: verdict.shadow,
    }
}

fn intent_to(intent: &Intent) -> wit::Intent {
    wit::Intent {
        label: intent.label.clone(),
        confidence: intent.confidence,
        status: match intent.status {
            IntentStatus::Classified => wit::IntentStatus::Classified,
            IntentStatus::Failed => wit::IntentStatus::Failed,
        },
        risk_tags: intent.risk_tags.clone(),
        explanation: intent.explanation.clone(),
        model: intent.model.clone(),
    }
}

fn settings_to(settings: &Settings) -> wit::Settings {
    let weights = &settings.risk_weights;
    wit::Settings {
        unassigned: outcome_to(settings.unassigned),
        undecodable_body: outcome_to(settings.undecodable_body),
        risk_weights: wit::RiskWeights {
            method: weights.method,
            path: weights.path,
            agent_history: weights.agent_history,
            time_of_day: weights.time_of_day,
            body_size: weights.body_size,
            anomaly: weights.anomaly,
        },
        risk_paths: settings.risk_paths.as_ref().map(|marks| {
            let mark = |mark: &PathMark| wit::PathMark {
                pattern: mark.pattern.clone(),
                score: mark.score,
            };
            marks.iter().map(mark).collect()
        }),
        trust_rates: wit::TrustRates {
            allow: settings.trust_rates.allow,
            hitl: settings.trust_rates.hitl,
            deny: settings.trust_rates.deny,
        },
        shadow: settings.shadow,
        risk_threshold: settings.risk_threshold,
        semantic: settings
            .semantic
            .as_ref()
            .map(|semantic| wit::SemanticSettings {
                confidence_threshold: semantic.confidence_threshold,
                low_confidence: outcome_to(semantic.low_confidence),
                on_failure: outcome_to(semantic.on_failure),
                deny_labels: semantic.deny_labels.clone(),
                hold_labels: semantic.hold_labels.clone(),
            }),
    }
}

fn input_to(input: &Input) -> wit::Input {
    let request = &input.request;
    wit::Input {
        now: input.now,
        request: wit::Request {
            method: request.method.clone(),
            path: request.path.clone(),
            normalised_path: request.normalised_path.clone(),
            target_url: request.target_url.clone(),
            body: match &request.body {
                Body::None => wit::Body::None,
                Body::Inspected(size) => wit::Body::Inspected(*size),
                Body::Uninspected(size) => wit::Body::Uninspected(*size),
                Body::Undecodable(why) => wit::Body::Undecodable(why.clone()),
            },
            target_refusal: request.target_refusal.clone(),
        },
        agent: agent_to(&input.agent),
        activity: wit::Activity {
            recent_total: input.activity.recent_total,
            recent_violations: input.activity.recent_violations,
            baseline_total: input.activity.baseline_total,
            baseline_since: input.activity.baseline_since,
        },
        policy: match &input.policy {
            PolicyAnswer::Unassigned => wit::PolicyAnswer::Unassigned,
            PolicyAnswer::Pending => wit::PolicyAnswer::Pending,
            PolicyAnswer::Unusable(why) => wit::PolicyAnswer::Unusable(why.clone()),
            PolicyAnswer::Answered(verdict) => wit::PolicyAnswer::Answered(verdict_to(verdict)),
        },
        intent: match &input.intent {
            IntentAnswer::Pending => wit::IntentAnswer::Pending,
            IntentAnswer::Answered(intent) => wit::IntentAnswer::Answered(intent_to(intent)),
        },
        settings: settings_to(&input.settings),
    }
}
