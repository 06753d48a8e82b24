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
        } = question;
        Self {
            request: lib::PolicyRequest {
                method: request.method,
                path: request.path,
                normalised_path: request.normalised_path,
                target_url: request.target_url,
                headers: request.headers,
                body: request.body,
            },
            agent: lib::Agent {
                id: agent.id,
                trust_score: agent.trust_score,
                policy_name: agent.policy_name,
            },
            risk: lib::Risk {
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

impl From<lib::Verdict> for types::Verdict {
    fn from(verdict: lib::Verdict) -> Self {
        Self {
            effect: outcome(verdict.effect),
            rule: verdict.rule,
            reason: verdict.reason,
            looked_at: verdict
                .looked_at
                .into_iter()
                .map(|looked_at| types::LookedAt {
                    field: looked_at.field,
                    value: looked_at.value,
                })
                .collect(),
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
