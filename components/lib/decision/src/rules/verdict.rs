//! What a policy says about a request (OB §9.2).

use super::code::{Code, Malformed, RuleCode};
use super::condition::{Quantifier, Truth, holds};
use super::facts::{self, Actual, Facts};
use super::field::Field;
use super::scalar::Scalar;
use super::seen::Seen;
use super::source::Condition;
use super::view::View;
use crate::json::Value;
use crate::{DecisionType, Verdict};

/// Steps that looking at a rule takes, and beginning with one way to read the request.
const RULE: usize = 64;
/// Steps that looking at a condition takes.
const CONDITION: usize = 16;

/// What asking gives.
pub(super) enum Answer {
    /// It is known what it says.
    Verdict(Verdict),
    /// It depends on the meaning, which somebody may be asked for.
    NeedsIntent,
    /// It depends on what is not known; on all of this, each with a word on why.
    Missing(Vec<String>),
}

/// Why asking ended early.
enum Stop {
    Malformed,
    TooMuch,
}

impl From<Malformed> for Stop {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

/// A Deny that no rule and no default decided.
pub(super) fn denied(reason: String, shadow: bool) -> Verdict {
    Verdict {
        effect: DecisionType::Deny,
        rule: None,
        reason: Some(reason),
        looked_at: Vec::new(),
        shadow,
    }
}

/// Asks a policy about all the ways to read a request; the strictest answer counts.
pub(super) fn of(code: &[u8], facts: &Facts<'_>) -> Answer {
    if let Some(why) = facts.forgotten() {
        return Answer::Missing(vec![why.to_owned()]);
    }
    // A policy that cannot be read, or asked, is not only tried out.
    let code = match Code::open(code) {
        Ok(code) => code,
        Err(error) => return Answer::Verdict(unreadable(error)),
    };
    if let Some(why) = facts.unusable() {
        return Answer::Verdict(denied(why, false));
    }
    let mut seen = Seen::default();
    match asked(&code, facts, &mut seen) {
        Ok(Answer::Verdict(verdict)) => Answer::Verdict(Verdict {
            looked_at: seen.list(),
            ..verdict
        }),
        Ok(other) => other,
        Err(Stop::Malformed) if facts.is_kept() => {
            Answer::Missing(vec![format!("policy: {Malformed}")])
        }
        Err(Stop::Malformed) => Answer::Verdict(unreadable(Malformed)),
        Err(Stop::TooMuch) if facts.is_kept() => {
            Answer::Missing(vec!["policy: asking costs too much".to_owned()])
        }
        Err(Stop::TooMuch) => {
            seen.stopped();
            Answer::Verdict(Verdict {
                looked_at: seen.list(),
                ..denied("Policy costs too much to evaluate".to_owned(), false)
            })
        }
    }
}

fn unreadable(error: Malformed) -> Verdict {
    denied(format!("Policy cannot be read: {error}"), false)
}

fn asked(code: &Code<'_>, facts: &Facts<'_>, seen: &mut Seen) -> Result<Answer, Stop> {
    for name in facts::OVERRIDES {
        let field = Field::Header(name.to_owned());
        let values = facts.values(&field);
        // That there is none goes without saying, unless a policy asks.
        if !matches!(values.as_slice(), [Actual::Missing]) {
            seen.note(&field, &values);
        }
    }
    let views = match View::all(facts) {
        Ok(views) => views,
        Err(why) if facts.is_kept() => return Ok(Answer::Missing(vec![why])),
        Err(_) => return Err(Stop::TooMuch),
    };
    let mut strictest: Option<Verdict> = None;
    let mut unknown: Vec<String> = Vec::new();
    let mut unasked = false;
    for view in views {
        match ask(code, &view, seen)? {
            Said::Verdict(verdict) => {
                if strictest
                    .as_ref()
                    .is_none_or(|known| strictness(&verdict) > strictness(known))
                {
                    strictest = Some(verdict);
                }
            }
            Said::Unknown(why) => unknown.extend(why),
            Said::Unasked => unasked = true,
        }
    }
    unknown.sort_unstable();
    unknown.dedup();
    Ok(match strictest {
        _ if !unknown.is_empty() => Answer::Missing(unknown),
        // Nothing that the meaning could change is stricter.
        Some(verdict) if !unasked || verdict.effect == DecisionType::Deny => {
            Answer::Verdict(verdict)
        }
        _ => Answer::NeedsIntent,
    })
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

/// What a policy says about one way to read a request.
enum Said {
    Verdict(Verdict),
    Unknown(Vec<String>),
    Unasked,
}

fn ask(code: &Code<'_>, view: &View<'_, '_>, seen: &mut Seen) -> Result<Said, Stop> {
    spend(view, RULE + code.lookup())?;
    for place in code.candidates(view)? {
        let mut rule = code.rule(place)?;
        let reason = match matches(&mut rule, view, seen)? {
            Match::No => continue,
            Match::Yes => rule.reason.map(str::to_owned),
            Match::Unclear(why) => Some(format!("Rule cannot be evaluated: {why}")),
            Match::Unknown(why) => return Ok(Said::Unknown(why)),
            Match::Unasked => return Ok(Said::Unasked),
        };
        return Ok(Said::Verdict(Verdict {
            effect: rule.effect,
            rule: Some(if rule.name.trim().is_empty() {
                format!("rules[{}]", rule.index)
            } else {
                rule.name.to_owned()
            }),
            reason,
            looked_at: Vec::new(),
            shadow: code.shadow,
        }));
    }
    Ok(Said::Verdict(Verdict {
        effect: code.default,
        rule: None,
        reason: None,
        looked_at: Vec::new(),
        shadow: code.shadow,
    }))
}

/// Whether a rule matches.
enum Match {
    Yes,
    No,
    /// A type error, which only a rule that allows takes for a no.
    Unclear(String),
    /// It depends on what is not known, all of which is listed.
    Unknown(Vec<String>),
    /// It depends on the meaning alone.
    Unasked,
}

/// Whether all conditions of a rule hold. One that fails decides, whatever is unclear or
/// unknown about the others.
fn matches(rule: &mut RuleCode<'_>, view: &View<'_, '_>, seen: &mut Seen) -> Result<Match, Stop> {
    let quantifier = match rule.effect {
        DecisionType::Allow => Quantifier::All,
        DecisionType::Deny | DecisionType::Hitl => Quantifier::Any,
    };
    spend(view, RULE)?;
    let mut unclear = None;
    let mut unknown = Vec::new();
    let mut unasked = false;
    while let Some(condition) = rule.next_condition()? {
        let values = view.values(&condition.field);
        spend(view, cost(&condition, &values))?;
        spend(view, seen.note(&condition.field, &values))?;
        match holds(&condition, &values, quantifier) {
            Truth::Holds => {}
            Truth::Fails => return Ok(Match::No),
            Truth::Unclear(_) if rule.effect == DecisionType::Allow => return Ok(Match::No),
            Truth::Unclear(why) if unclear.is_none() => {
                unclear = Some(format!("`{}`: {why}", condition.name));
            }
            Truth::Unclear(_) => {}
            Truth::Unknown(why) if why == facts::UNASKED => unasked = true,
            Truth::Unknown(why) => {
                unknown.push(format!("{}: {why}", condition.field.canonical()));
            }
        }
    }
    Ok(match unclear {
        _ if !unknown.is_empty() => Match::Unknown(unknown),
        _ if unasked => Match::Unasked,
        Some(why) => Match::Unclear(why),
        None => Match::Yes,
    })
}

fn spend(view: &View<'_, '_>, steps: usize) -> Result<(), Stop> {
    if view.budget().spend(steps) && !view.budget().is_spent() {
        Ok(())
    } else {
        Err(Stop::TooMuch)
    }
}

/// Steps that comparing takes.
fn cost(condition: &Condition<'_>, values: &[Actual<'_>]) -> usize {
    let items = match &condition.value {
        Value::Array(items) => items.as_slice(),
        value => std::slice::from_ref(value),
    };
    // Of each text that is asked for a digest is made.
    let texts = || items.iter().map(length).sum::<usize>();
    let each = values.iter().map(|value| match value {
        Actual::Digest(_) => texts(),
        Actual::Scalar(Scalar::Text(text)) if condition.operator.is_search() => text.len(),
        Actual::Json(value) if condition.operator.is_search() => length(value),
        Actual::Json(Value::Number(source)) => source.len() + items.len(),
        _ => items.len(),
    });
    CONDITION + each.map(|steps| steps + 4).sum::<usize>()
}

/// Steps that reading a value takes.
fn length(value: &Value<'_>) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Number(source) => source.len(),
        Value::Array(items) => items
            .iter()
            .map(|item| match item {
                Value::Number(source) => source.len(),
                _ => 1,
            })
            .sum(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
