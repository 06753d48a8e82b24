//! Asks the engine, and for it the policy and the classifier.

use std::mem;

use vectra_decision::{
    Activity, Agent as DecidedAgent, Body, Decision, DecisionType, Evaluation, Input, Intent,
    IntentAnswer, IntentQuestion, IntentStatus, Meaning, PolicyAnswer, PolicyQuestion, PolicyReply,
    Request, Risk, Stage, TrustRule, Verdict,
};
use vectra_domain::{Agent, Context, Policy, PolicyStatus};

use super::Proxied;
use super::questions::{policy_request, question};
use crate::gateway::Gateway;
use crate::ports::Upstream;
use crate::settings::{Opa, PolicyUse, SemanticUse};

/// A decision and what it was made of.
pub(crate) struct Decided {
    pub(crate) decision: Decision,
    /// What the policy said, if it was asked.
    pub(crate) verdict: Option<Verdict>,
    /// Why the policy could not be asked, if it could not.
    pub(crate) unusable: Option<String>,
    /// What the classifier said, if it was asked.
    pub(crate) intent: Option<Intent>,
    /// What else the engine was told; the answers are above.
    pub(crate) input: Input,
}

impl Decided {
    fn new(decision: Decision, mut input: Input) -> Self {
        let (verdict, unusable) = match mem::replace(&mut input.policy, PolicyAnswer::Pending) {
            PolicyAnswer::Answered(verdict) => (Some(verdict), None),
            PolicyAnswer::Unusable(why) => (None, Some(why)),
            PolicyAnswer::Unassigned | PolicyAnswer::Pending => (None, None),
        };
        let intent = match mem::replace(&mut input.intent, IntentAnswer::Pending) {
            IntentAnswer::Answered(intent) => Some(intent),
            IntentAnswer::Pending => None,
        };
        Self {
            decision,
            verdict,
            unusable,
            intent,
            input,
        }
    }
}

/// Who is asked about a decision. A request that is only described is decided about by
/// the same code as one that came, with others to ask.
pub(super) struct Advisers<'a> {
    /// Who knows of policies.
    pub(super) policies: &'a PolicyUse,
    pub(super) policy_server: &'a dyn Fn(&Opa, &DecidedAgent, &Risk) -> PolicyAnswer,
    pub(super) classifier: &'a dyn Fn(&SemanticUse, &IntentQuestion) -> IntentAnswer,
}

impl<U> Gateway<'_, U> {
    /// Decides about a request that came.
    pub(super) fn decide<B>(&self, proxied: &Proxied, agent: &Agent, context: &Context) -> Decided
    where
        U: Upstream<B>,
    {
        let advisers = Advisers {
            policies: &self.settings.policies,
            policy_server: &|opa, agent, risk| {
                self.ask_policy_server::<B>(opa, proxied, agent, risk)
            },
            classifier: &|semantic, question| {
                IntentAnswer::Answered(self.classify(semantic, question))
            },
        };
        self.decide_with(proxied, agent, context, &advisers)
    }

    /// A Deny for which nobody is asked, of a request that is over its agent's limit.
    pub(super) fn unasked(&self, proxied: &Proxied, agent: &Agent, context: &Context) -> Decided {
        let input = self.input(proxied, agent, context, &self.settings.policies);
        Decided::new(denied("Rate limit exceeded"), input)
    }

    /// Decides. The engine says what it needs; each is asked once.
    pub(super) fn decide_with(
        &self,
        proxied: &Proxied,
        agent: &Agent,
        context: &Context,
        advisers: &Advisers,
    ) -> Decided {
        let mut input = self.input(proxied, agent, context, advisers.policies);
        for _ in 0..3 {
            match self.ports.engine.evaluate(&input) {
                Evaluation::Decided(decision) => {
                    let decision = holdable(decision, &proxied.inspection);
                    return Decided::new(decision, input);
                }
                Evaluation::NeedsPolicy(risk) if input.policy == PolicyAnswer::Pending => {
                    input.policy = match advisers.policies {
                        PolicyUse::Opa(opa) => (advisers.policy_server)(opa, &input.agent, &risk),
                        PolicyUse::Asked | PolicyUse::Off => {
                            self.ask_policy(proxied, &mut input, risk, context, advisers)
                        }
                    };
                }
                Evaluation::NeedsIntent(_) if input.intent == IntentAnswer::Pending => {
                    input.intent = self.ask_classifier(proxied, advisers);
                }
                Evaluation::NeedsPolicy(_) | Evaluation::NeedsIntent(_) => break,
            }
        }
        // An engine that keeps asking has not allowed anything.
        Decided::new(denied("The decision engine did not decide"), input)
    }

    fn input(
        &self,
        proxied: &Proxied,
        agent: &Agent,
        context: &Context,
        policies: &PolicyUse,
    ) -> Input {
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
            policy: match (policies, &agent.policy_name) {
                (PolicyUse::Off, _) | (PolicyUse::Asked, None) => PolicyAnswer::Unassigned,
                (PolicyUse::Asked, Some(_)) | (PolicyUse::Opa(_), _) => PolicyAnswer::Pending,
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
        input: &mut Input,
        risk: Risk,
        context: &Context,
        advisers: &Advisers,
    ) -> PolicyAnswer {
        let name = input.agent.policy_name.as_deref().unwrap_or_default();
        match &context.policy {
            None => PolicyAnswer::Unusable(unusable(name, None)),
            Some(Policy { status, .. }) if *status != PolicyStatus::Active => {
                PolicyAnswer::Unusable(unusable(name, Some(*status)))
            }
            Some(policy) => {
                let mut question = PolicyQuestion {
                    request: policy_request(proxied),
                    agent: input.agent.clone(),
                    risk,
                    intent: Meaning::Unasked,
                };
                let engine = self.ports.policy_engine;
                let mut reply = engine.evaluate(&policy.compiled, &question);
                if reply == PolicyReply::NeedsIntent {
                    question.intent = self.meaning(proxied, &mut input.intent, advisers);
                    reply = engine.evaluate(&policy.compiled, &question);
                }
                match reply {
                    PolicyReply::Verdict(verdict) => PolicyAnswer::Answered(verdict),
                    PolicyReply::NeedsIntent => {
                        PolicyAnswer::Unusable(format!("Policy {name} keeps asking"))
                    }
                }
            }
        }
    }

    /// What a policy can know of the request's meaning; the engine gets the same answer.
    fn meaning(
        &self,
        proxied: &Proxied,
        answer: &mut IntentAnswer,
        advisers: &Advisers,
    ) -> Meaning {
        if self.settings.semantic.is_none() {
            return Meaning::Unknown;
        }
        if *answer == IntentAnswer::Pending {
            *answer = self.ask_classifier(proxied, advisers);
        }
        match answer {
            IntentAnswer::Answered(intent) => Meaning::Known(intent.clone()),
            IntentAnswer::Pending => Meaning::Unknown,
        }
    }

    /// What the classifier says, or said before of the same.
    fn ask_classifier(&self, proxied: &Proxied, advisers: &Advisers) -> IntentAnswer {
        match (&self.settings.semantic, &proxied.inspection) {
            (None, _) => IntentAnswer::Pending,
            (Some(_), Body::Uninspected(_) | Body::Undecodable(_)) => {
                IntentAnswer::Answered(unread())
            }
            (Some(semantic), Body::None | Body::Inspected(_)) => {
                let masked = &self.settings.proxy.masked_parameters;
                (advisers.classifier)(semantic, &question(proxied, masked))
            }
        }
    }
}

/// What can be said of the meaning of a body that nobody has read.
fn unread() -> Intent {
    Intent {
        label: "unknown".to_owned(),
        confidence: 0.0,
        status: IntentStatus::Failed,
        risk_tags: Vec::new(),
        explanation: Some("The body was not read".to_owned()),
        model: None,
    }
}

/// Why an agent's policy cannot be asked; one that is not there has no status.
pub(crate) fn unusable(name: &str, status: Option<PolicyStatus>) -> String {
    match status {
        None => format!("Policy {name} not found"),
        Some(PolicyStatus::Broken) => format!("Policy {name} is broken"),
        Some(PolicyStatus::Retired) => format!("Policy {name} is retired"),
        Some(PolicyStatus::Active) => format!("Policy {name} cannot be used"),
    }
}

/// A request whose body was not read cannot be held: it is denied instead.
pub(crate) fn holdable(decision: Decision, inspection: &Body) -> Decision {
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

/// A Deny that no stage made.
fn denied(reason: &str) -> Decision {
    Decision {
        outcome: DecisionType::Deny,
        reason: Some(reason.to_owned()),
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
        shadow: None,
    }
}
