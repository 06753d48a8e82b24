//! What a policy could never mean: found when it is compiled, not when it is too late.

mod never;
mod unreached;
mod value;

use super::limits;
use super::operator::Operator;
use super::pattern::{Pattern, Work};
use super::source::Policy;
use crate::Problem;

/// Adds everything that is wrong with what a policy says to the problems of its form.
pub(super) fn policy(policy: &Policy<'_>, problems: &mut Vec<Problem>) {
    let well_formed = problems.is_empty();
    conditions(policy, problems);
    if well_formed && problems.is_empty() {
        // With a condition left out this would complain of what is not there.
        never::matching(policy, problems);
    }
    problems.truncate(limits::PROBLEMS);
}

/// Adds what is allowed and yet looks wrong to what looks wrong in the form.
pub(super) fn warnings(policy: &Policy<'_>, warnings: &mut Vec<Problem>) {
    unreached::rules(policy, warnings);
    unreached::paths(policy, warnings);
    warnings.truncate(limits::PROBLEMS);
}

fn conditions(policy: &Policy<'_>, problems: &mut Vec<Problem>) {
    let work = Work::default();
    let (mut regexes, mut size) = (0, 0);
    for rule in &policy.rules {
        for condition in &rule.conditions {
            if problems.len() >= limits::PROBLEMS {
                return;
            }
            if let Err((property, message)) = value::check(condition, &work) {
                problems.push(Problem {
                    place: format!(
                        "rules[{}].conditions[{}].{property}",
                        rule.index, condition.index
                    ),
                    message,
                });
            } else if condition.operator == Operator::Regex
                && let Ok(Pattern::Automaton(automaton)) = condition.pattern()
            {
                regexes += 1;
                size += automaton.0.len();
            }
            if let Some(message) = too_much(regexes, size) {
                problems.push(Problem {
                    place: "rules".to_owned(),
                    message,
                });
                return;
            }
        }
    }
}

fn too_much(regexes: usize, size: usize) -> Option<String> {
    const INSTEAD: &str = "use `contains`, `startswith`, `endswith`, or plain texts with `|` \
                           between them";
    if regexes > limits::REGEXES {
        let most = limits::REGEXES;
        return Some(format!("more than {most} regular expressions: {INSTEAD}"));
    }
    (size > limits::AUTOMATA)
        .then(|| format!("the regular expressions need too much memory together: {INSTEAD}"))
}
