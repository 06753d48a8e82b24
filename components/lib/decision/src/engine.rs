//! The decision pipeline (OB §7).
//!
//! 1. A target that may not be reached is denied.
//! 2. A body that cannot be understood is denied, or held if the operator says so
//!    and the policy does not deny.
//! 3. The policy: its Deny or Hitl decides.
//! 4. A risk above the threshold is held.
//! 5. The meaning, asked only when it can still change the outcome.
//!
//! **Tried out** (shadow): what a policy in shadow mode denies or holds is let through,
//! and with `settings.shadow` what risk and meaning object to as well. The first
//! objection is told. Stages 1 and 2, policies that cannot be used and numbers that are
//! none are no judgements but failures: they refuse in any mode.
//!
//! The risk is computed before all that, since policies may read it and every
//! decision records it. Anything that is not a usable number is a Deny.

mod semantic;

use crate::{
    Body, Decision, DecisionType, Evaluation, Input, Objection, PolicyAnswer, Risk, Stage, Verdict,
    risk, trust,
};

/// An outcome before the risk and the trust rule are put to it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ruling {
    outcome: DecisionType,
    stage: Stage,
    reason: Option<String>,
    rule: Option<String>,
}

impl Ruling {
    fn new(outcome: DecisionType, stage: Stage, reason: impl Into<String>) -> Self {
        Self {
            outcome,
            stage,
            reason: Some(reason.into()),
            rule: None,
        }
    }
}

/// What a stage that may need an answer says.
enum Step {
    /// It cannot say yet.
    Ask,
    /// It decides.
    Decide(Ruling),
    /// It does not object; the rule that allowed, if one did.
    Pass(Option<String>),
    /// It objects, and is only tried out.
    Note(Ruling),
}

/// Decides, or says what is missing for a decision.
///
/// Pure and total: the same input gets the same answer, every input gets one, and
/// with all answers given it is always a decision.
#[must_use]
pub fn evaluate(input: &Input) -> Evaluation {
    let (risk, unusable) = match risk::assess(input) {
        Ok(risk) => (risk, None),
        Err(error) => (
            risk::unknown(&input.settings.risk_weights),
            Some(Ruling::new(
                DecisionType::Deny,
                Stage::Risk,
                format!("Risk cannot be computed: {error}"),
            )),
        ),
    };
    if let Some(ruling) = target(input)
        .or(unusable)
        .or_else(|| trust::unusable(&input.settings.trust_rates).map(unusable_trust))
        .or_else(|| semantic::unusable(input))
    {
        return decided(input, ruling, risk);
    }
    let held_body = match body(input) {
        Some(ruling) if ruling.outcome == DecisionType::Deny => {
            return decided(input, ruling, risk);
        }
        other => other,
    };
    let mut noted = None;
    let rule = match policy(input) {
        Step::Ask => return Evaluation::NeedsPolicy(risk),
        Step::Decide(ruling) => return decided(input, ruling, risk),
        Step::Pass(rule) => rule,
        Step::Note(ruling) => {
            noted = Some(ruling);
            None
        }
    };
    if let Some(ruling) = held_body {
        return decided(input, ruling, risk);
    }
    match threshold(input, &risk) {
        Some(ruling) if input.settings.shadow => noted = noted.or(Some(ruling)),
        Some(ruling) => return decided(input, ruling, risk),
        None => {}
    }
    match semantic::step(input) {
        Step::Ask => return Evaluation::NeedsIntent(risk),
        Step::Decide(ruling) => return decided(input, ruling, risk),
        Step::Note(ruling) => noted = noted.or(Some(ruling)),
        Step::Pass(_) => {}
    }
    allowed(input, rule, noted, risk)
}

fn unusable_trust(name: &'static str) -> Ruling {
    Ruling::new(
        DecisionType::Deny,
        Stage::Risk,
        format!("Trust cannot be moved: `{name}` is not a usable number"),
    )
}

/// An Allow; what was noted on the way moves no trust, neither up nor down.
fn allowed(input: &Input, rule: Option<String>, noted: Option<Ruling>, risk: Risk) -> Evaluation {
    let shadow = noted.map(|ruling| Objection {
        outcome: ruling.outcome,
        reason: ruling.reason.unwrap_or_default(),
        stage: ruling.stage,
        rule: ruling.rule,
    });
    let reason = shadow.as_ref().map(|objection| {
        let verb = match objection.outcome {
            DecisionType::Hitl => "hold",
            DecisionType::Allow | DecisionType::Deny => "deny",
        };
        format!("Shadow: would {verb}: {}", objection.reason)
    });
    Evaluation::Decided(Decision {
        trust: match shadow {
            Some(_) => trust::UNMOVED,
            None => trust::after(DecisionType::Allow, &input.settings.trust_rates),
        },
        outcome: DecisionType::Allow,
        reason,
        stage: Stage::None,
        rule,
        risk,
        shadow,
    })
}

fn decided(input: &Input, ruling: Ruling, risk: Risk) -> Evaluation {
    Evaluation::Decided(Decision {
        trust: trust::after(ruling.outcome, &input.settings.trust_rates),
        outcome: ruling.outcome,
        reason: ruling.reason,
        stage: ruling.stage,
        rule: ruling.rule,
        risk,
        shadow: None,
    })
}

fn target(input: &Input) -> Option<Ruling> {
    let refusal = input.request.target_refusal.as_deref()?;
    let reason = text(refusal).unwrap_or("Target is not allowed");
    Some(Ruling::new(DecisionType::Deny, Stage::Target, reason))
}

fn body(input: &Input) -> Option<Ruling> {
    let Body::Undecodable(why) = &input.request.body else {
        return None;
    };
    // `Allow` would forward what nobody has understood.
    let outcome = match input.settings.undecodable_body {
        DecisionType::Hitl => DecisionType::Hitl,
        DecisionType::Allow | DecisionType::Deny => DecisionType::Deny,
    };
    let reason = match text(why) {
        Some(why) => format!("Body cannot be understood: {why}"),
        None => "Body cannot be understood".to_owned(),
    };
    Some(Ruling::new(outcome, Stage::Body, reason))
}

fn policy(input: &Input) -> Step {
    match &input.policy {
        PolicyAnswer::Pending => Step::Ask,
        PolicyAnswer::Unassigned => match input.settings.unassigned {
            DecisionType::Allow => Step::Pass(None),
            outcome => judged(
                Ruling::new(outcome, Stage::Policy, "No policy assigned"),
                input.settings.shadow,
            ),
        },
        PolicyAnswer::Unusable(why) => Step::Decide(Ruling::new(
            DecisionType::Deny,
            Stage::Policy,
            text(why).unwrap_or("Policy cannot be used"),
        )),
        PolicyAnswer::Answered(verdict) => answered(verdict, input.settings.shadow),
    }
}

/// A judgement, which decides unless it is only tried out.
fn judged(ruling: Ruling, shadow: bool) -> Step {
    if shadow {
        Step::Note(ruling)
    } else {
        Step::Decide(ruling)
    }
}

fn answered(verdict: &Verdict, shadow: bool) -> Step {
    let default = match (verdict.effect, &verdict.rule) {
        (DecisionType::Allow, _) => return Step::Pass(verdict.rule.clone()),
        (DecisionType::Deny, Some(_)) => "Rule denied",
        (DecisionType::Deny, None) => "Policy denied",
        (DecisionType::Hitl, Some(_)) => "Rule requires HITL",
        (DecisionType::Hitl, None) => "Policy requires HITL",
    };
    let reason = verdict.reason.as_deref().and_then(text).unwrap_or(default);
    let ruling = Ruling {
        rule: verdict.rule.clone(),
        ..Ruling::new(verdict.effect, Stage::Policy, reason)
    };
    judged(ruling, shadow || verdict.shadow)
}

fn threshold(input: &Input, risk: &Risk) -> Option<Ruling> {
    (risk.score > input.settings.risk_threshold).then(|| {
        Ruling::new(
            DecisionType::Hitl,
            Stage::Risk,
            format!("High risk score: {:.2}", risk.score),
        )
    })
}

/// A text that says something.
fn text(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.trim().is_empty())
}
