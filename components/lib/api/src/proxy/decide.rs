//! Asks the engine, and for it the policy and the classifier.

use std::borrow::Cow;

use http::{HeaderMap, header};
use vectra_decision::{
    Activity, Agent as DecidedAgent, Body, Decision, DecisionType, Evaluation, Input, Intent,
    IntentAnswer, IntentQuestion, LookedAt, PolicyAnswer, PolicyQuestion, PolicyRequest, Request,
    Risk, Stage, TrustRule, intent_text,
};
use vectra_domain::{Agent, Context, Policy, PolicyStatus};

use super::Proxied;
use super::mask::is_json;
use crate::gateway::Gateway;
use crate::settings::PolicyUse;

/// A decision and what it was made of.
pub(super) struct Decided {
    pub(super) decision: Decision,
    /// What the policy looked at.
    pub(super) looked_at: Vec<LookedAt>,
    /// What the classifier said, if it was asked.
    pub(super) intent: Option<Intent>,
}

impl Decided {
    fn new(decision: Decision, input: Input) -> Self {
        let looked_at = match input.policy {
            PolicyAnswer::Answered(verdict) => verdict.looked_at,
            PolicyAnswer::Unassigned | PolicyAnswer::Pending | PolicyAnswer::Unusable(_) => {
                Vec::new()
            }
        };
        let intent = match input.intent {
            IntentAnswer::Answered(intent) => Some(intent),
            IntentAnswer::Pending => None,
        };
        Self {
            decision,
            looked_at,
            intent,
        }
    }
}

impl<U> Gateway<'_, U> {
    /// Decides. The engine says what it needs; each is asked once.
    pub(super) fn decide(&self, proxied: &Proxied, agent: &Agent, context: &Context) -> Decided {
        let mut input = self.input(proxied, agent, context);
        for _ in 0..3 {
            match self.ports.engine.evaluate(&input) {
                Evaluation::Decided(decision) => {
                    let decision = holdable(decision, &proxied.inspection);
                    return Decided::new(decision, input);
                }
                Evaluation::NeedsPolicy(risk) if input.policy == PolicyAnswer::Pending => {
                    input.policy = self.ask_policy(proxied, &input.agent, risk, context);
                }
                Evaluation::NeedsIntent(_) if input.intent == IntentAnswer::Pending => {
                    let question = question(proxied);
                    input.intent =
                        IntentAnswer::Answered(self.ports.classifier.classify(&question));
                }
                Evaluation::NeedsPolicy(_) | Evaluation::NeedsIntent(_) => break,
            }
        }
        Decided::new(undecided(), input)
    }

    fn input(&self, proxied: &Proxied, agent: &Agent, context: &Context) -> Input {
        let target = &proxied.target;
        let settings = &self.settings.proxy;
        let activity = context.activity;
        Input {
            now: proxied.now.micros(),
            request: Request {
                method: proxied.method.as_str().to_owned(),
                path: target.path.clone(),
                normalised_path: target.normalised.clone(),
                target_url: target.url.clone(),
                body: proxied.inspection.clone(),
                target_refusal: target.refusal(&settings.allowed, &settings.internal),
            },
            agent: DecidedAgent {
                id: agent.id.to_string(),
                trust_score: agent.trust_score.get(),
                policy_name: agent.policy_name.clone(),
            },
            activity: Activity {
                recent_total: activity.recent_total,
                recent_violations: activity.recent_violations,
                baseline_total: activity.baseline_total,
                baseline_since: activity.baseline_since.map(|time| time.micros()),
            },
            policy: match (self.settings.policies, &agent.policy_name) {
                (PolicyUse::Off, _) | (_, None) => PolicyAnswer::Unassigned,
                (PolicyUse::Asked, Some(_)) => PolicyAnswer::Pending,
            },
            intent: IntentAnswer::Pending,
            settings: self.settings.decision.clone(),
        }
    }

    /// A policy that is missing, broken or retired never allows; an older revision is
    /// never asked in its place.
    fn ask_policy(
        &self,
        proxied: &Proxied,
        agent: &DecidedAgent,
        risk: Risk,
        context: &Context,
    ) -> PolicyAnswer {
        let name = agent.policy_name.as_deref().unwrap_or_default();
        match &context.policy {
            None => PolicyAnswer::Unusable(format!("Policy {name} not found")),
            Some(Policy {
                status: PolicyStatus::Broken,
                ..
            }) => PolicyAnswer::Unusable(format!("Policy {name} is broken")),
            Some(Policy {
                status: PolicyStatus::Retired,
                ..
            }) => PolicyAnswer::Unusable(format!("Policy {name} is retired")),
            Some(policy) => {
                let request = policy_request(proxied);
                let question = PolicyQuestion {
                    request,
                    agent: agent.clone(),
                    risk,
                };
                let verdict = self
                    .ports
                    .policy_engine
                    .evaluate(&policy.compiled, &question);
                PolicyAnswer::Answered(verdict)
            }
        }
    }
}

fn policy_request(proxied: &Proxied) -> PolicyRequest {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let inspected = matches!(proxied.inspection, Body::Inspected(_));
    PolicyRequest {
        method: proxied.method.as_str().to_owned(),
        path: proxied.target.path.clone(),
        normalised_path: proxied.target.normalised.clone(),
        target_url: proxied.target.canonical_url(),
        headers: proxied
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect(),
        body: inspected.then(|| String::from_utf8_lossy(&proxied.body).into_owned()),
    }
}

fn question(proxied: &Proxied) -> IntentQuestion {
    let text: Cow<'_, str> = String::from_utf8_lossy(&proxied.body);
    let flattened = is_json(&proxied.headers)
        .then(|| intent_text(&text))
        .flatten();
    IntentQuestion {
        method: proxied.method.as_str().to_owned(),
        path: proxied.target.path.clone(),
        content_type: content_type(&proxied.headers),
        text: flattened.unwrap_or_else(|| text.into_owned()),
    }
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    headers
        .get(header::CONTENT_TYPE)?
        .to_str()
        .ok()
        .map(str::to_owned)
}

/// A request whose body was not read cannot be held: it is denied instead.
fn holdable(decision: Decision, inspection: &Body) -> Decision {
    match (decision.outcome, inspection) {
        (DecisionType::Hitl, Body::Uninspected(_)) => Decision {
            outcome: DecisionType::Deny,
            reason: Some(format!(
                "{}; it cannot be held, since bodies for this target are not read",
                decision.reason.as_deref().unwrap_or("Held")
            )),
            ..decision
        },
        _ => decision,
    }
}

/// An engine that keeps asking has not allowed anything.
fn undecided() -> Decision {
    Decision {
        outcome: DecisionType::Deny,
        reason: Some("The decision engine did not decide".to_owned()),
        stage: Stage::None,
        rule: None,
        risk: Risk {
            score: 1.0,
            factors: Vec::new(),
        },
        trust: TrustRule {
            target: 0.0,
            rate: 0.0,
        },
    }
}
