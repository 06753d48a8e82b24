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
//! `agent.trustScore` = `trustScore`, `policyName`, `risk.score`, `risk.<factor>`,
//! `intent.label`, `intent.confidence`, `intent.status`, `intent.risk_tags`; all with or
//! without `input.` in front.
//!
//! `body` is the text as it was sent: escapes of JSON in it are not undone, which only
//! `body.<path>` does. A body that was not read is a type error.
//!
//! `intent.…` is asked for last: [`evaluate`] says that it needs the meaning only if its
//! verdict depends on it. What nobody can say, or could, is a type error.
//!
//! # Paths and methods
//! Rules are asked about the request as it was sent and, where that differs, with its
//! path normalised, each of both without `//` and `;…` in it, and its method in upper case or as a
//! header names it; the strictest verdict counts (Deny before Hitl before Allow).
//!
//! # Operators
//! `eq`, `ne`, `in` regard case; `contains`, `startswith`, `endswith` and `regex` do
//! not; `gt`, `lt`, `ge`, `le` order numbers, and texts by their code points. `regex`
//! searches anywhere in the text. `contains` also finds an element of a list; if it finds
//! none and there are lists, objects or too large numbers in it, that is a type error.
//!
//! # Compiling
//! [`compile`] refuses, all at once, whatever could never do what it says, warns of what
//! looks wrong, and writes a form that is asked as it is, without making it ready.
//!
//! # Cost
//! A question has a budget of steps, whatever policy and request are: rules, conditions,
//! values, properties of the body, bytes of texts that are searched. The body is parsed
//! once. What costs more is denied.
//!
//! # Asking again
//! A verdict lists the values of headers and body that it depends on. [`recall`] asks in
//! the same way about what was kept: what was not is unknown, and so is whatever depends
//! on it.

mod budget;
mod check;
mod code;
mod condition;
mod document;
mod facts;
mod field;
mod limits;
mod operator;
mod pattern;
mod scalar;
mod seen;
mod source;
mod verdict;
mod view;

pub use field::is_secret_header;

use std::borrow::Cow;

use crate::{Compiled, PolicyQuestion, PolicyReply, Problem, Recollection, Verdict};
use facts::Facts;
use verdict::Answer;

/// Compiles a policy.
///
/// # Errors
/// Everything that is wrong with it, each with its place: a JSON path such as
/// `rules[2].conditions[0].operator`, or line and column where it is not JSON.
pub fn compile(source: &str) -> Result<Compiled, Vec<Problem>> {
    limits::source(source)?;
    let source::Examined {
        policy,
        mut problems,
        mut warnings,
    } = source::examine(source);
    let Some(policy) = policy else {
        return Err(problems);
    };
    check::policy(&policy, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    check::warnings(&policy, &mut warnings);
    Ok(Compiled {
        name: policy.name.to_string(),
        description: policy.description.as_deref().map(str::to_owned),
        owner: policy.owner.to_string(),
        default_effect: policy.default,
        rule_count: u32::try_from(policy.rules.len()).unwrap_or(u32::MAX),
        shadow: policy.shadow,
        warnings,
        code: code::write(&policy),
        document: document::canonical(&policy),
    })
}

/// Asks a compiled policy about a request.
///
/// Total: what cannot be evaluated is denied, with the reason.
#[must_use]
pub fn evaluate(code: &[u8], question: &PolicyQuestion) -> PolicyReply {
    match verdict::of(&current(code), &Facts::sent(question)) {
        Answer::Verdict(verdict) => PolicyReply::Verdict(verdict),
        Answer::NeedsIntent => PolicyReply::NeedsIntent,
        Answer::Missing(why) => PolicyReply::Verdict(verdict::denied(
            format!("Policy cannot be asked: {}", why.join(", ")),
            false,
        )),
    }
}

/// Asks a policy about a request of the past, in the same way: what was not kept is not
/// guessed, and matters only if the verdict depends on it.
///
/// # Errors
/// What it would have to know that was not kept, each as in `body.kind: it was not
/// looked at`.
pub fn recall(code: &[u8], recollection: &Recollection) -> Result<Verdict, Vec<String>> {
    match verdict::of(&current(code), &Facts::kept(recollection)) {
        Answer::Verdict(verdict) => Ok(verdict),
        Answer::NeedsIntent => Err(vec![format!("intent: {}", facts::UNASKED)]),
        Answer::Missing(why) => Err(why),
    }
}

/// The compiled form of a code: the version before this one kept the policy's JSON, which
/// is compiled now, until it is put again. What is no policy stays what it is, and denies.
fn current(code: &[u8]) -> Cow<'_, [u8]> {
    if code.first() != Some(&b'{') {
        return Cow::Borrowed(code);
    }
    std::str::from_utf8(code)
        .ok()
        .and_then(|source| compile(source).ok())
        .map_or(Cow::Borrowed(code), |compiled| Cow::Owned(compiled.code))
}
