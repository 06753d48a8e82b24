//! What a policy says about a request (OB §9.2).

use std::fmt::{self, Write};

use super::condition::{Quantifier, Truth, holds};
use super::field::Field;
use super::operator::Operator;
use super::scalar::{Number, Scalar};
use super::source::{Condition, Policy, Rule};
use super::view::{Actual, Body, View};
use crate::json::{Quoted, Value};
use crate::{DecisionType, LookedAt, PolicyQuestion, Verdict};

/// Most values that are listed as looked at.
const LOOKED_AT: usize = 256;

/// Longest value that is listed, in characters.
const SHOWN: usize = 256;

/// A Deny that no rule and no default decided.
pub(super) const fn denied(reason: String) -> Verdict {
    Verdict {
        effect: DecisionType::Deny,
        rule: None,
        reason: Some(reason),
        looked_at: Vec::new(),
    }
}

/// Asks a policy about all the ways to read a request; the strictest answer counts.
pub(super) fn of(policy: &Policy<'_>, question: &PolicyQuestion) -> Verdict {
    for (name, number) in [
        ("agent.trust_score", question.agent.trust_score),
        ("risk.score", question.risk.score),
    ] {
        if !number.is_finite() {
            return denied(format!("Policy cannot be asked: `{name}` is not a number"));
        }
    }
    let body = Body::new(question);
    let rules = policy.ordered();
    let mut seen = Vec::new();
    let mut strictest: Option<Verdict> = None;
    for view in View::all(question, &body) {
        let verdict = ask(policy, &rules, &view, &mut seen);
        if strictest
            .as_ref()
            .is_none_or(|known| strictness(&verdict) > strictness(known))
        {
            strictest = Some(verdict);
        }
    }
    let verdict = strictest.unwrap_or_else(|| denied("Policy was not asked".to_owned()));
    Verdict {
        looked_at: seen,
        ..verdict
    }
}

/// Orders verdicts; of equally strict ones a rule's says more than a default's.
const fn strictness(verdict: &Verdict) -> (u8, bool) {
    let effect = match verdict.effect {
        DecisionType::Allow => 0,
        DecisionType::Hitl => 1,
        DecisionType::Deny => 2,
    };
    (effect, verdict.rule.is_some())
}

fn ask(
    policy: &Policy<'_>,
    rules: &[&Rule<'_>],
    view: &View<'_>,
    seen: &mut Vec<LookedAt>,
) -> Verdict {
    for rule in rules {
        let reason = match matches(rule, view, seen) {
            Truth::Fails => continue,
            Truth::Holds => rule.reason.as_deref().map(str::to_owned),
            Truth::Unclear(_) if rule.effect == DecisionType::Allow => continue,
            Truth::Unclear(why) => Some(format!("Rule cannot be evaluated: {why}")),
        };
        return Verdict {
            effect: rule.effect,
            rule: Some(if rule.name.trim().is_empty() {
                format!("rules[{}]", rule.index)
            } else {
                rule.name.to_string()
            }),
            reason,
            looked_at: Vec::new(),
        };
    }
    Verdict {
        effect: policy.default,
        rule: None,
        reason: None,
        looked_at: Vec::new(),
    }
}

/// Whether all conditions of a rule hold. One that fails decides, whatever is unclear
/// about the others; so the cheap ones are asked first.
fn matches(rule: &Rule<'_>, view: &View<'_>, seen: &mut Vec<LookedAt>) -> Truth {
    let quantifier = match rule.effect {
        DecisionType::Allow => Quantifier::All,
        DecisionType::Deny | DecisionType::Hitl => Quantifier::Any,
    };
    let mut unclear = None;
    for expensive in [false, true] {
        for condition in &rule.conditions {
            if is_expensive(condition) != expensive {
                continue;
            }
            let values = view.values(&condition.field);
            note(condition, &values, seen);
            match holds(condition, &values, quantifier) {
                Truth::Holds => {}
                Truth::Fails => return Truth::Fails,
                Truth::Unclear(why) if unclear.is_none() => {
                    let why = format!("`{}`: {why}", condition.name);
                    unclear = Some(Truth::Unclear(why.into()));
                }
                Truth::Unclear(_) => {}
            }
        }
    }
    unclear.unwrap_or(Truth::Holds)
}

fn is_expensive(condition: &Condition<'_>) -> bool {
    condition.operator == Operator::Regex
        || matches!(condition.field, Field::Body | Field::BodyPath(_))
}

/// Lists values once each, as far as there is room.
fn note(condition: &Condition<'_>, values: &[Actual<'_>], seen: &mut Vec<LookedAt>) {
    for value in values.iter().take(LOOKED_AT) {
        if seen.len() >= LOOKED_AT {
            return;
        }
        let looked_at = LookedAt {
            field: condition.name.to_string(),
            value: shown(&condition.field, value),
        };
        if !seen.contains(&looked_at) {
            seen.push(looked_at);
        }
    }
}

fn shown(field: &Field, value: &Actual<'_>) -> String {
    match value {
        Actual::Missing => "null".to_owned(),
        Actual::Unreadable(why) => Quoted(&format!("[{why}]")).to_string(),
        _ if field.is_secret() => Quoted("[masked]").to_string(),
        Actual::Scalar(Scalar::Text(text)) => Quoted(&shortened(text)).to_string(),
        Actual::Scalar(Scalar::Bool(value)) => value.to_string(),
        Actual::Scalar(Scalar::Number(Number::Integer(value))) => value.to_string(),
        Actual::Scalar(Scalar::Number(Number::Float(value))) => value.to_string(),
        Actual::Json(Value::Text(text)) => Quoted(&shortened(text)).to_string(),
        Actual::Json(value) => {
            let mut start = Start::default();
            // Only a Start that is full refuses more.
            if write!(start, "{value}").is_ok() {
                start.text
            } else {
                Quoted(&(start.text + "…")).to_string()
            }
        }
    }
}

/// The beginning of a text that may be much longer.
#[derive(Default)]
struct Start {
    text: String,
    length: usize,
}

impl fmt::Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.length == SHOWN {
                return Err(fmt::Error);
            }
            self.text.push(character);
            self.length += 1;
        }
        Ok(())
    }
}

fn shortened(text: &str) -> String {
    let mut start = Start::default();
    match start.write_str(text) {
        Ok(()) => start.text,
        Err(fmt::Error) => start.text + "…",
    }
}
