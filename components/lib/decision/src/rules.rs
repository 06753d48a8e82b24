//! Policies made of rules (OB §9), with the original's traps mended.
//!
//! A policy is a JSON file: a default effect and rules, each an effect and
//! conditions that must all hold. Rules are asked from the highest priority down
//! (equal ones in the file's order); the first that matches decides.
//!
//! # Values
//! A condition compares one field with one value.
//! * Numbers compare as numbers: `1` equals `1.0`.
//! * A field the request does not have, and a JSON `null`, make every operator false
//!   except `ne` and `eq null`.
//! * A field may have several values: a header sent twice, a repeated name in a JSON
//!   object, the elements of a list in the body. A Deny or Hitl rule matches if **any**
//!   of them satisfies the condition, an Allow rule only if **all** do.
//! * A value that cannot be compared (text with a number, a body that is not JSON) is
//!   a **type error**: a Deny rule then denies, a Hitl rule holds, an Allow rule does
//!   not match. If another condition of the same rule is false the rule does not
//!   match, so `headers.content-type` may guard `body.…`.
//!
//! # Fields
//! `method`, `path` (with its query), `targetUrl`, `target.scheme`, `target.host`,
//! `target.port`, `headers.<name>` (without regard to case), `body` (its text),
//! `body.<path>` (names separated by dots; a number picks from a list, a name goes
//! through all its elements), `agent.id` = `agentId`, `agent.trust_score` =
//! `agent.trustScore` = `trustScore`, `policyName`, `risk.score`; all with or without
//! `input.` in front.
//!
//! `body` is the text as it was sent: escapes of JSON in it are not undone, which only
//! `body.<path>` does. A body that was not inspected is missing.
//!
//! # Paths and methods
//! Rules are asked about the request as it was sent and, where that differs, with its
//! path normalised and its method in upper case; the strictest verdict counts (Deny
//! before Hitl before Allow).
//!
//! # Operators
//! `eq`, `ne`, `in` regard case; `contains`, `startswith`, `endswith` and `regex` do
//! not; `gt`, `lt`, `ge`, `le` order numbers, and texts by their code points. `regex`
//! searches anywhere in the text. `contains` also finds an element of a list.
//!
//! # Compiling
//! [`compile`] refuses, all at once, whatever could never do what it says.

mod check;
mod condition;
mod document;
mod field;
mod limits;
mod operator;
mod pattern;
mod scalar;
mod source;
mod verdict;
mod view;

use crate::{Compiled, PolicyQuestion, Problem, Verdict};

/// Compiles a policy.
///
/// # Errors
/// Everything that is wrong with it, each with its place: a JSON path such as
/// `rules[2].conditions[0].operator`, or line and column where it is not JSON.
pub fn compile(source: &str) -> Result<Compiled, Vec<Problem>> {
    limits::source(source)?;
    let (policy, mut problems) = source::examine(source);
    let Some(policy) = policy else {
        return Err(problems);
    };
    check::policy(&policy, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let document = document::canonical(&policy);
    Ok(Compiled {
        name: policy.name.to_string(),
        description: policy.description.as_deref().map(str::to_owned),
        owner: policy.owner.to_string(),
        default_effect: policy.default,
        rule_count: u32::try_from(policy.rules.len()).unwrap_or(u32::MAX),
        code: document.clone().into_bytes(),
        document,
    })
}

/// Asks a compiled policy about a request.
///
/// Total: what cannot be evaluated is denied, with the reason.
#[must_use]
pub fn evaluate(code: &[u8], question: &PolicyQuestion) -> Verdict {
    let Ok(source) = std::str::from_utf8(code) else {
        return verdict::denied("Policy cannot be read: not UTF-8".to_owned());
    };
    match source::read(source) {
        Ok(policy) => verdict::of(&policy, question),
        Err(problems) => verdict::denied(match problems.first() {
            Some(Problem { place, message }) => {
                format!("Policy cannot be read: {place}: {message}")
            }
            None => "Policy cannot be read".to_owned(),
        }),
    }
}
