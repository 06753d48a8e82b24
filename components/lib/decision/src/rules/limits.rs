//! How large a policy may be: it is read for every governed request.

use crate::Problem;

/// Longest source, in bytes.
pub(super) const SOURCE: usize = 1024 * 1024;
/// Most rules.
pub(super) const RULES: usize = 10_000;
/// Most conditions, in all rules together.
pub(super) const CONDITIONS: usize = 10_000;
/// Most conditions of one rule.
pub(super) const RULE: usize = 256;
/// Most values in one `in` list.
pub(super) const LIST: usize = 1_000;
/// Most regular expressions that are more than a few plain texts.
pub(super) const REGEXES: usize = 100;
/// Largest automaton of one of them, in bytes.
pub(super) const AUTOMATON: usize = 128 * 1024;
/// Largest size of all automata together, in bytes.
pub(super) const AUTOMATA: usize = 1024 * 1024;
/// Most work for making them, in bytes of all that is made on the way: less than a second,
/// whatever the expressions.
pub(super) const WORK: usize = 8 * 1024 * 1024;
/// Longest name of a policy, an owner or a rule, in characters.
pub(super) const NAME: usize = 128;
/// Longest description or reason, in characters.
pub(super) const TEXT: usize = 1_024;
/// Longest value or field of a condition, in characters.
pub(super) const VALUE: usize = 4_096;
/// Most problems that are told at once.
pub(super) const PROBLEMS: usize = 100;

/// Refuses a source that is too long to be read.
pub(super) fn source(source: &str) -> Result<(), Vec<Problem>> {
    if source.len() <= SOURCE {
        return Ok(());
    }
    Err(vec![Problem {
        place: "line 1, column 1".to_owned(),
        message: format!(
            "the policy is {} bytes long, the limit is {SOURCE}",
            source.len()
        ),
    }])
}
