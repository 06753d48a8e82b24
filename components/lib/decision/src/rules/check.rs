//! What a policy could never mean: found when it is compiled, not when it is too late.

mod never;
mod value;

use super::limits;
use super::pattern::Pattern;
use super::source::Policy;
use crate::Problem;

/// Adds everything that is wrong with what a policy says to the problems of its form.
pub(super) fn policy(policy: &Policy<'_>, problems: &mut Vec<Problem>) {
    let well_formed = problems.is_empty();
    conditions(policy, problems);
    if well_formed && problems.is_empty() {
        // With a condition left out these would complain of what is not there.
        never::matching(policy, problems);
        never::asked(policy, problems);
    }
    problems.truncate(limits::PROBLEMS);
}

fn conditions(policy: &Policy<'_>, problems: &mut Vec<Problem>) {
    let mut regexes = 0;
    for rule in &policy.rules {
        for condition in &rule.conditions {
            if problems.len() >= limits::PROBLEMS {
                return;
            }
            let checked = value::check(condition);
            if let Ok(Some(Pattern::Regex(_))) = &checked {
                regexes += 1;
            }
            if let Err((property, message)) = checked {
                problems.push(Problem {
                    place: format!(
                        "rules[{}].conditions[{}].{property}",
                        rule.index, condition.index
                    ),
                    message,
                });
            }
            if regexes > limits::REGEXES {
                problems.push(Problem {
                    place: "rules".to_owned(),
                    message: format!(
                        "more than {} regular expressions: use `contains`, `startswith`, \
                         `endswith`, or plain texts with `|` between them",
                        limits::REGEXES
                    ),
                });
                return;
            }
        }
    }
}
