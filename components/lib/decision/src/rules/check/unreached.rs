//! Rules that are never reached, and paths that no rule may allow.

use std::collections::BTreeMap;

use crate::json::Value;
use crate::path::is_ambiguous;
use crate::rules::field::{Field, Kind, Presence};
use crate::rules::limits;
use crate::rules::operator::Operator;
use crate::rules::source::{Condition, Policy, Rule};
use crate::{DecisionType, Problem};

/// Most comparisons of two rules; a warning is not worth more.
const COMPARISONS: usize = 1_000_000;

/// Names rules behind one that matches whenever they do.
pub(super) fn rules(policy: &Policy<'_>, warnings: &mut Vec<Problem>) {
    let rules: Vec<Asked<'_, '_>> = policy.ordered().into_iter().map(Asked::new).collect();
    // Rules by their first condition: one with fewer conditions is found by it.
    let mut before: BTreeMap<&str, Vec<&Asked<'_, '_>>> = BTreeMap::new();
    let mut always: Option<&Asked<'_, '_>> = None;
    let mut comparisons = 0;
    for rule in &rules {
        let among = rule
            .conditions
            .iter()
            .filter_map(|key| before.get(key.as_str()));
        let found = always.or_else(|| {
            among.flatten().copied().find(|earlier| {
                comparisons += 1;
                comparisons <= COMPARISONS && earlier.covers(rule)
            })
        });
        if let Some(earlier) = found {
            warnings.push(Problem {
                place: format!("rules[{}]", rule.rule.index),
                message: format!(
                    "it is never reached: rules[{}] comes first and matches whenever it does",
                    earlier.rule.index
                ),
            });
        }
        if warnings.len() >= limits::PROBLEMS || comparisons > COMPARISONS {
            return;
        }
        match rule.conditions.first() {
            Some(first) => before.entry(first).or_default().push(rule),
            None => always = always.or(Some(rule)),
        }
    }
}

/// A rule with its conditions in one order, each once.
struct Asked<'p, 'a> {
    rule: &'p Rule<'a>,
    conditions: Vec<String>,
}

impl<'p, 'a> Asked<'p, 'a> {
    fn new(rule: &'p Rule<'a>) -> Self {
        let mut conditions: Vec<String> = rule.conditions.iter().map(key).collect();
        conditions.sort_unstable();
        conditions.dedup();
        Self { rule, conditions }
    }

    /// Whether it matches whenever the later rule does. One that allows asks more of its
    /// fields: of all their values, and that nothing is unclear.
    fn covers(&self, later: &Self) -> bool {
        let comparable = self.rule.effect != DecisionType::Allow
            || later.rule.effect == DecisionType::Allow
            || self
                .rule
                .conditions
                .iter()
                .all(|condition| is_plain(&condition.field));
        comparable
            && self
                .conditions
                .iter()
                .all(|condition| later.conditions.binary_search(condition).is_ok())
    }
}

/// Whether a field has one value in each request, and always one that can be read.
fn is_plain(field: &Field) -> bool {
    field.is_single()
        && field.presence() == Presence::Always
        && field.kind() != Kind::Json
        && !field.is_intent()
        && !matches!(
            field,
            Field::TargetScheme | Field::TargetPort | Field::RiskFactor(_)
        )
}

fn key(condition: &Condition<'_>) -> String {
    format!(
        "{} {} {}",
        condition.field.canonical(),
        condition.operator.name(),
        condition.value
    )
}

/// Names conditions on paths that an upstream may read otherwise: such a rule never
/// allows, since it must match all that the path may mean.
pub(super) fn paths(policy: &Policy<'_>, warnings: &mut Vec<Problem>) {
    let allowing = |rule: &&Rule<'_>| rule.effect == DecisionType::Allow;
    for rule in policy.rules.iter().filter(allowing) {
        for condition in &rule.conditions {
            if warnings.len() >= limits::PROBLEMS {
                return;
            }
            if never_allows(condition) {
                warnings.push(Problem {
                    place: format!(
                        "rules[{}].conditions[{}].value",
                        rule.index, condition.index
                    ),
                    message: "it never holds: rules also see the path with `//` as `/` and \
                              without `;…`, and must allow it too"
                        .to_owned(),
                });
            }
        }
    }
}

fn never_allows(condition: &Condition<'_>) -> bool {
    let Value::Text(text) = &condition.value else {
        return false;
    };
    let demands = condition.operator == Operator::Eq || condition.operator.is_plain_search();
    let path = text.split('?').next().unwrap_or_default();
    condition.field == Field::Path && demands && is_ambiguous(path)
}
