//! From the contract's records to those of `vectra-decision` and back.

use vectra_decision as lib;

use crate::bindings::exports::vectra::decision::policy as wit;
use crate::bindings::vectra::decision::types;

impl From<wit::Question> for lib::PolicyQuestion {
    fn from(question: wit::Question) -> Self {
        let wit::Question {
            request,
            agent,
            risk,
            intent,
        } = question;
        Self {
            request: lib::PolicyRequest {
                method: request.method,
                path: request.path,
                normalised_path: request.normalised_path,
                target_url: request.target_url,
                headers: request.headers,
                body: request.body,
                body_unread: request.body_unread,
            },
            agent: agent.into(),
            risk: risk.into(),
            intent: intent.into(),
        }
    }
}

impl From<wit::Recollection> for lib::Recollection {
    fn from(recollection: wit::Recollection) -> Self {
        Self {
            method: recollection.method,
            path: recollection.path,
            normalised_path: recollection.normalised_path,
            target_url: recollection.target_url,
            masked: recollection.masked,
            body_unread: recollection.body_unread,
            agent: recollection.agent.into(),
            risk: recollection.risk.into(),
            intent: recollection.intent.into(),
            looked_at: recollection.looked_at.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<types::Agent> for lib::Agent {
    fn from(agent: types::Agent) -> Self {
        Self {
            id: agent.id,
            trust_score: agent.trust_score,
            policy_name: agent.policy_name,
        }
    }
}

impl From<types::Risk> for lib::Risk {
    fn from(risk: types::Risk) -> Self {
        Self {
            score: risk.score,
            factors: risk
                .factors
                .into_iter()
                .map(|factor| lib::RiskFactor {
                    name: factor.name,
                    score: factor.score,
                    weight: factor.weight,
                })
                .collect(),
        }
    }
}

impl From<wit::Meaning> for lib::Meaning {
    fn from(meaning: wit::Meaning) -> Self {
        match meaning {
            wit::Meaning::Unasked => Self::Unasked,
            wit::Meaning::Unknown => Self::Unknown,
            wit::Meaning::Known(intent) => Self::Known(lib::Intent {
                label: intent.label,
                confidence: intent.confidence,
                status: match intent.status {
                    types::IntentStatus::Classified => lib::IntentStatus::Classified,
                    types::IntentStatus::Failed => lib::IntentStatus::Failed,
                },
                risk_tags: intent.risk_tags,
                explanation: intent.explanation,
                model: intent.model,
            }),
        }
    }
}

impl From<types::LookedAt> for lib::LookedAt {
    fn from(looked_at: types::LookedAt) -> Self {
        Self {
            field: looked_at.field,
            value: match looked_at.value {
                types::Shown::Absent => lib::Shown::Absent,
                types::Shown::Plain(json) => lib::Shown::Plain(json),
                types::Shown::Digest(digest) => lib::Shown::Digest(digest),
                types::Shown::Unreadable(why) => lib::Shown::Unreadable(why),
            },
        }
    }
}

impl From<lib::LookedAt> for types::LookedAt {
    fn from(looked_at: lib::LookedAt) -> Self {
        Self {
            field: looked_at.field,
            value: match looked_at.value {
                lib::Shown::Absent => types::Shown::Absent,
                lib::Shown::Plain(json) => types::Shown::Plain(json),
                lib::Shown::Digest(digest) => types::Shown::Digest(digest),
                lib::Shown::Unreadable(why) => types::Shown::Unreadable(why),
            },
        }
    }
}

impl From<lib::Compiled> for wit::Compiled {
    fn from(compiled: lib::Compiled) -> Self {
        Self {
            name: compiled.name,
            description: compiled.description,
            owner: compiled.owner,
            default_effect: outcome(compiled.default_effect),
            rule_count: compiled.rule_count,
            shadow: compiled.shadow,
            warnings: compiled.warnings.into_iter().map(Into::into).collect(),
            document: compiled.document,
            code: compiled.code,
        }
    }
}

impl From<lib::Problem> for wit::Problem {
    fn from(problem: lib::Problem) -> Self {
        Self {
            place: problem.place,
            message: problem.message,
        }
    }
}

impl From<lib::PolicyReply> for wit::Answer {
    fn from(reply: lib::PolicyReply) -> Self {
        match reply {
            lib::PolicyReply::Verdict(verdict) => Self::Verdict(verdict.into()),
            lib::PolicyReply::NeedsIntent => Self::NeedsIntent,
        }
    }
}

impl From<lib::Verdict> for types::Verdict {
    fn from(verdict: lib::Verdict) -> Self {
        Self {
            effect: outcome(verdict.effect),
            rule: verdict.rule,
            reason: verdict.reason,
            looked_at: verdict.looked_at.into_iter().map(Into::into).collect(),
            shadow: verdict.shadow,
        }
    }
}

const fn outcome(outcome: lib::DecisionType) -> types::DecisionType {
    match outcome {
        lib::DecisionType::Allow => types::DecisionType::Allow,
        lib::DecisionType::Deny => types::DecisionType::Deny,
        lib::DecisionType::Hitl => types::DecisionType::Hitl,
    }
}
