//! Rules that can never match, or are never asked.

use crate::Problem;
use crate::json::Value;
use crate::rules::condition::{Quantifier, Truth, holds};
use crate::rules::field::{Field, Kind};
use crate::rules::operator::Operator;
use crate::rules::scalar::{Number, Scalar};
use crate::rules::source::{Condition, Policy, Rule};
use crate::rules::view::Actual;

/// Names rules whose conditions exclude each other.
///
/// Only fields with exactly one value are looked at, and only where the values that
/// could satisfy all conditions can be counted up; so no rule is refused wrongly.
pub(super) fn matching(policy: &Policy<'_>, problems: &mut Vec<Problem>) {
    for rule in &policy.rules {
        for (position, condition) in rule.conditions.iter().enumerate() {
            let of_field: Vec<&Condition<'_>> = rule
                .conditions
                .iter()
                .filter(|other| other.field == condition.field)
                .collect();
            let is_first = rule
                .conditions
                .iter()
                .position(|other| other.field == condition.field)
                == Some(position);
            if is_first && condition.field.is_single() && !can_hold(&condition.field, &of_field) {
                problems.push(Problem {
                    place: format!("rules[{}].conditions", rule.index),
                    message: format!("no `{}` satisfies all of these", condition.name),
                });
            }
        }
    }
}

/// Names rules behind one that always matches.
pub(super) fn asked(policy: &Policy<'_>, problems: &mut Vec<Problem>) {
    let mut always: Option<&Rule<'_>> = None;
    for rule in policy.ordered() {
        if let Some(first) = always {
            problems.push(Problem {
                place: format!("rules[{}]", rule.index),
                message: format!(
                    "it is never asked: rules[{}] has no conditions and comes first",
                    first.index
                ),
            });
        } else if rule.conditions.is_empty() {
            always = Some(rule);
        }
    }
}

fn can_hold(field: &Field, conditions: &[&Condition<'_>]) -> bool {
    let satisfies = |scalar: Scalar<'_>| {
        conditions.iter().all(|condition| {
            let values = [Actual::Scalar(scalar)];
            holds(condition, &values, Quantifier::Any) == Truth::Holds
        })
    };
    match field.kind() {
        Kind::Number => numbers(field, conditions)
            .into_iter()
            .any(|number| satisfies(Scalar::Number(Number::Float(number)))),
        Kind::Text | Kind::Json => match texts(conditions) {
            Some(candidates) => candidates
                .into_iter()
                .any(|text| satisfies(Scalar::Text(text))),
            None => true,
        },
    }
}

/// The only texts that could satisfy all conditions, if one of them names some.
fn texts<'c>(conditions: &[&'c Condition<'_>]) -> Option<Vec<&'c str>> {
    conditions.iter().find_map(|condition| {
        let named: &[Value<'_>] = match (condition.operator, &condition.value) {
            (Operator::In, Value::Array(items)) => items,
            (Operator::Eq, value) => std::slice::from_ref(value),
            _ => return None,
        };
        let text = |value: &'c Value<'_>| match value {
            Value::Text(text) => Some(text.as_ref()),
            _ => None,
        };
        named.iter().map(text).collect()
    })
}

/// Numbers of a field's range, one from each stretch between the numbers that its
/// conditions name, and those themselves.
fn numbers(field: &Field, conditions: &[&Condition<'_>]) -> Vec<f64> {
    let (lowest, highest, step) = match field {
        Field::TargetPort => (1.0, 65_535.0, Some(1.0)),
        _ => (0.0, 1.0, None),
    };
    let mut named = vec![lowest, highest];
    for condition in conditions {
        let values: &[Value<'_>] = match &condition.value {
            Value::Array(items) => items,
            value => std::slice::from_ref(value),
        };
        named.extend(values.iter().filter_map(|value| match Scalar::of(value) {
            Some(Scalar::Number(number)) => Some(number.float()),
            _ => None,
        }));
    }
    named.sort_by(f64::total_cmp);
    let between: Vec<f64> = match step {
        Some(step) => named
            .iter()
            .flat_map(|number| [number - step, number + step])
            .collect(),
        None => named
            .iter()
            .zip(named.iter().skip(1))
            .map(|(left, right)| f64::midpoint(*left, *right))
            .collect(),
    };
    named.extend(between);
    named.retain(|number| (lowest..=highest).contains(number));
    named
}
