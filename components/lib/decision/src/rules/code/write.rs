//! From a policy to its compiled form.

use super::bytes::Writer;
use super::{MAGIC, index, pattern, value};
use crate::DecisionType;
use crate::json::Value;
use crate::rules::field::Field;
use crate::rules::operator::{self, Operator};
use crate::rules::pattern::Pattern;
use crate::rules::source::{Condition, Policy, Rule};

/// Writes a policy that has no problems.
pub(in crate::rules) fn write(policy: &Policy<'_>) -> Vec<u8> {
    let rules = policy.ordered();
    let mut whole = Writer(MAGIC.to_vec());
    whole.u8(effect(policy.default));
    whole.u8(policy.shadow.into());
    whole.size(rules.len());
    for by in index::ALL {
        whole.sized(&index::write(by, &rules));
    }
    let mut written = Writer::default();
    for rule in rules {
        whole.size(written.0.len());
        write_rule(&mut written, rule);
    }
    whole.0.extend(written.0);
    whole.0
}

const fn effect(effect: DecisionType) -> u8 {
    match effect {
        DecisionType::Allow => 0,
        DecisionType::Deny => 1,
        DecisionType::Hitl => 2,
    }
}

fn write_rule(to: &mut Writer, rule: &Rule<'_>) {
    to.u8(effect(rule.effect));
    to.size(rule.index);
    to.text(&rule.name);
    to.u8(rule.reason.is_some().into());
    if let Some(reason) = &rule.reason {
        to.text(reason);
    }
    to.u16(rule.conditions.len());
    let mut conditions: Vec<&Condition<'_>> = rule.conditions.iter().collect();
    // Stable: what costs the same stays in the file's order.
    conditions.sort_by_key(|condition| cost(condition));
    for condition in conditions {
        write_condition(to, condition);
    }
}

/// One condition that fails decides, so the cheap ones are asked first; a classifier is
/// asked only if all others leave it to the meaning.
fn cost(condition: &Condition<'_>) -> u8 {
    let is_body = matches!(condition.field, Field::Body | Field::BodyPath(_));
    if condition.field.is_intent() {
        2
    } else {
        (condition.operator == Operator::Regex || is_body).into()
    }
}

fn write_condition(to: &mut Writer, condition: &Condition<'_>) {
    to.text(&condition.name);
    let known = operator::ALL.iter();
    let operator = known
        .zip(0_u8..)
        .find(|((_, known), _)| *known == condition.operator);
    to.u8(operator.map_or(u8::MAX, |(_, number)| number));
    write_value(to, &condition.value);
    if condition.operator != Operator::Regex {
        to.u8(pattern::NONE);
        return;
    }
    match condition.pattern() {
        Ok(Pattern::Texts(texts)) => {
            to.u8(pattern::TEXTS);
            to.u16(texts.len());
            for text in texts {
                to.text(text);
            }
        }
        Ok(Pattern::Automaton(automaton)) => {
            to.u8(pattern::AUTOMATON);
            to.sized(&automaton.0);
        }
        // Checked before; should it happen, it cannot be read, and denies.
        Err(_) => to.u8(u8::MAX),
    }
}

fn write_value(to: &mut Writer, value: &Value<'_>) {
    match value {
        Value::Bool(false) => to.u8(value::FALSE),
        Value::Bool(true) => to.u8(value::TRUE),
        Value::Number(source) => {
            to.u8(value::NUMBER);
            to.text(source);
        }
        Value::Text(text) => {
            to.u8(value::TEXT);
            to.text(text);
        }
        Value::Array(items) => {
            to.u8(value::LIST);
            to.u16(items.len());
            for item in items {
                write_value(to, item);
            }
        }
        Value::Null => to.u8(value::NULL),
        // Nothing compares with an object; checked before.
        Value::Object(_) => to.u8(u8::MAX),
    }
}
