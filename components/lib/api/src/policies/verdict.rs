//! What a dry run comes to, as it is shown and as it is compared.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vectra_decision::{Decision, DecisionType};
use vectra_domain::Agent;

use super::case::Expected;
use crate::problem::Refusal;
use crate::proxy::dry_run::DryRun;

/// What a request comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Outcome {
    Allow,
    Deny,
    Hitl,
    /// It is refused before anything is decided.
    Refused,
    /// Something is not known that would decide.
    Undecided,
}

impl From<DecisionType> for Outcome {
    fn from(decided: DecisionType) -> Self {
        match decided {
            DecisionType::Allow => Self::Allow,
            DecisionType::Deny => Self::Deny,
            DecisionType::Hitl => Self::Hitl,
        }
    }
}

/// What a request comes to, with all that is known of why.
pub(super) struct Verdict {
    outcome: Outcome,
    decision: Option<Decision>,
    shown: Value,
}

impl Verdict {
    pub(super) fn of(run: DryRun, agent: &Agent) -> Self {
        let mut needs = Vec::new();
        if run.needs_intent {
            needs.push("intent");
        }
        if run.needs_policy_server {
            needs.push("policyServer");
        }
        if !needs.is_empty() {
            return Self {
                outcome: Outcome::Undecided,
                decision: None,
                shown: json!({
                    "outcome": Outcome::Undecided, "needs": needs, "risk": run.decision.risk,
                }),
            };
        }
        let decision = run.decision;
        let before = agent.trust_score.get();
        let trust = decision.trust;
        let shown = json!({
            "outcome": decision.outcome,
            "stage": decision.stage,
            "rule": decision.rule,
            "reason": decision.reason,
            "risk": decision.risk,
            "shadow": decision.shadow,
            "intent": run.intent,
            "trust": {
                "before": before,
                "after": before + trust.rate * (trust.target - before),
                "target": trust.target,
                "rate": trust.rate,
            },
        });
        Self {
            outcome: decision.outcome.into(),
            decision: Some(decision),
            shown,
        }
    }

    /// Of a request that no decision is made about.
    pub(super) fn refused(refusal: &Refusal) -> Self {
        Self {
            outcome: Outcome::Refused,
            decision: None,
            shown: json!({
                "outcome": Outcome::Refused,
                "status": refusal.status().as_u16(),
                "reason": refusal.told(),
            }),
        }
    }

    pub(super) fn shown(self) -> Value {
        self.shown
    }

    /// In what it is not as expected.
    pub(super) fn unmet(&self, expected: &Expected) -> Vec<String> {
        let mut unmet = Vec::new();
        let mut compare = |what: &str, is: Value, wanted: Value| {
            if is != wanted {
                unmet.push(format!("{what} is {is}, not {wanted}"));
            }
        };
        compare("outcome", json!(self.outcome), json!(expected.outcome));
        let decision = self.decision.as_ref();
        if let Some(stage) = expected.stage {
            let is = decision.map(|decision| decision.stage);
            compare("stage", json!(is), json!(stage));
        }
        if let Some(rule) = &expected.rule {
            let is = decision.and_then(|decision| decision.rule.as_deref());
            compare("rule", json!(is), json!(rule));
        }
        if let Some(reason) = &expected.reason {
            let is = self.shown.get("reason");
            compare("reason", json!(is), json!(reason));
        }
        if let Some(shadow) = expected.shadow {
            let is = decision.and_then(|decision| decision.shadow.as_ref());
            compare("shadow", json!(is.map(|is| is.outcome)), json!(shadow));
        }
        unmet
    }
}
