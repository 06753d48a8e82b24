//! Rules that can never match.

use crate::Problem;
use crate::json::Value;
use crate::rules::condition::{Quantifier, Truth, holds};
use crate::rules::facts::Actual;
use crate::rules::field::{Field, Kind};
use crate::rules::operator::Operator;
use crate::rules::scalar::{Number, Scalar};
use crate::rules::source::{Condition, Policy};

/// Most comparisons of a policy; what is not compared may match.
const COMPARISONS: usize = 2_000_000;

/// Names rules whose conditions exclude each other.
///
/// Only fields with exactly one value are looked at, and only where the values that
/// could satisfy all conditions can be counted up; so no rule is refused wrongly.
pub(super) fn matching(policy: &Policy<'_>, problems: &mut Vec<Problem>) {
    let mut left = COMPARISONS;
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
            if is_first
                && condition.field.is_single()
                && !can_hold(&condition.field, &of_field, &mut left)
            {
                problems.push(Problem {
                    place: format!("rules[{}].conditions", rule.index),
                    message: format!("no `{}` satisfies all of these", condition.name),
                });
            }
        }
    }
}

fn can_hold(field: &Field, conditions: &[&Condition<'_>], left: &mut usize) -> bool {
    match field.kind() {
        Kind::Number => numbers(field, conditions)
            .into_iter()
            .any(|number| satisfies(conditions, Scalar::Number(Number::Float(number)), left)),
        Kind::Text | Kind::List | Kind::Json => match texts(conditions) {
            Some(candidates) => candidates
                .into_iter()
                .any(|text| satisfies(conditions, Scalar::Text(text), left)),
            None => true,
        },
    }
}

/// Whether a value satisfies all conditions, as far as comparisons are left.
fn satisfies(conditions: &[&Condition<'_>], scalar: Scalar<'_>, left: &mut usize) -> bool {
    let values = [Actual::Scalar(scalar)];
    conditions.iter().all(|condition| {
        let cost = match (&condition.value, scalar) {
            (Value::Array(items), _) => items.len(),
            (_, Scalar::Text(text)) => text.len(),
            _ => 1,
        };
        match left.checked_sub(cost) {
            Some(rest) => {
                *left = rest;
                holds(condition, &values, Quantifier::Any) == Truth::Holds
            }
            None => {
                *left = 0;
                true
            }
        }
    })
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
    named.dedup();
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

#[cfg(test)]
mod tests {
    use super::{COMPARISONS, can_hold};
    use crate::rules::source::examine;

    fn conditions(lists: &[Vec<String>]) -> String {
        let each: Vec<String> = lists
            .iter()
            .map(|list| {
                let values = list.join(",");
                format!(r#"{{"field":"risk.score","operator":"in","value":[{values}]}}"#)
            })
            .collect();
        format!(
            r#"{{"name":"p","rules":[{{"conditions":[{}]}}]}}"#,
            each.join(",")
        )
    }

    #[test]
    fn what_would_take_too_many_comparisons_may_match() {
        let numbers = |digit: &str| (0..1_000).map(|n| format!("0.{digit}{n:04}")).collect();
        for (lists, expected, used) in [
            (
                vec![vec!["0.1".to_owned()], vec!["0.1".into()]],
                true,
                0..100,
            ),
            (
                vec![vec!["0.1".to_owned()], vec!["0.2".into()]],
                false,
                1..100,
            ),
            // The same number a thousand times is one.
            (
                vec![vec!["0.1".to_owned(); 1_000], vec!["0.2".into()]],
                false,
                1..20_000,
            ),
            (
                vec![vec!["0.25".to_owned()], numbers("1")],
                false,
                1..COMPARISONS,
            ),
            // Nothing satisfies these, yet to know it would take too long.
            (
                vec![numbers("1"), numbers("2")],
                true,
                COMPARISONS..COMPARISONS + 1,
            ),
        ] {
            let source = conditions(&lists);
            let policy = examine(&source).policy.unwrap();
            let conditions: Vec<_> = policy.rules[0].conditions.iter().collect();
            let mut left = COMPARISONS;
            let found = can_hold(&conditions[0].field, &conditions, &mut left);
            assert_eq!(found, expected, "{} lists", lists.len());
            assert!(used.contains(&(COMPARISONS - left)), "{left} left");
        }
    }
}
