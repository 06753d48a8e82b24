//! A policy engine in place of the rules: [Cedar](https://www.cedarpolicy.com), exported as
//! `vectra:decision/policy`. The text of a policy stands under `cedar` in its source.
//!
//! * The principal is `Agent::"<id>"`, the action `Action::"<method>"`, the resource
//!   `Url::"<target>"`; everything else is in `context` (`context.rs`).
//! * A `forbid` denies, with `@effect("Hitl")` it holds; a `permit` allows; where none of
//!   them applies the policy's own `default` holds. Deny comes before Hitl before Allow.
//! * `@id` names a policy, `@reason` says why.
//! * A `forbid` that cannot be evaluated forbids, a `permit` does not permit.

mod context;

use std::collections::BTreeSet;

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Effect, Entities, EntityId, EntityTypeName, EntityUid,
    Policy, PolicySet, Request,
};
use serde_json::Value;
use vectra_example_policy::bindings::vectra::decision::types::DecisionType;
use vectra_example_policy::{Checked, Facts, Language, Said, Shell, Words};

/// The language.
enum Cedar {}

impl Language for Cedar {
    const KEY: &'static str = "cedar";

    type Parsed = PolicySet;

    fn check(text: &str) -> Result<Checked<PolicySet>, Vec<String>> {
        let policies = parse(text)?;
        let mut problems = Vec::new();
        let mut words = BTreeSet::new();
        for policy in policies.policies() {
            problems.extend(effect(policy).err());
            match policy.to_json() {
                Ok(json) => named(&json, &mut words),
                Err(error) => problems.push(error.to_string()),
            }
        }
        if policies.templates().next().is_some() {
            problems.push("a template has nobody to fill it in".to_owned());
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Checked {
            rules: u32::try_from(policies.policies().count()).unwrap_or(u32::MAX),
            parsed: policies,
            words: Words::Some(words.into_iter().collect()),
        })
    }

    fn ask(checked: &Checked<PolicySet>, facts: &Facts<'_>) -> Result<Said, String> {
        let policies = &checked.parsed;
        let context = context::of(facts, checked.words.names("json"))?;
        let request = request(facts, context).map_err(|error| error.to_string())?;
        let response = Authorizer::new().is_authorized(&request, policies, &Entities::empty());
        let diagnostics = response.diagnostics();
        let mut matched: Vec<Matched> = diagnostics
            .reason()
            .filter_map(|id| Matched::of(policies.policy(id)?, None))
            .collect();
        for error in diagnostics.errors() {
            let AuthorizationError::PolicyEvaluationError(error) = error;
            let why = format!("Rule cannot be evaluated: {}", error.inner());
            let policy = policies.policy(error.policy_id());
            matched.extend(policy.and_then(|policy| Matched::of(policy, Some(why))));
        }
        // The strictest; of these the first by its name, so that the order of evaluation
        // does not matter.
        matched.sort_by(|one, other| one.place().cmp(&other.place()));
        Ok(match matched.into_iter().next() {
            None => Said::Nothing,
            Some(first) => Said::Rule {
                effect: first.effect,
                name: first.name,
                reason: first.reason,
            },
        })
    }
}

/// A policy that applies.
struct Matched {
    effect: DecisionType,
    name: String,
    reason: Option<String>,
}

impl Matched {
    /// `unclear` is why it could not be evaluated: then a permit does not apply.
    fn of(policy: &Policy, unclear: Option<String>) -> Option<Self> {
        let effect = effect(policy).ok()?;
        if unclear.is_some() && matches!(effect, DecisionType::Allow) {
            return None;
        }
        let id = policy.annotation("id").map(str::to_owned);
        Some(Self {
            effect,
            name: id.unwrap_or_else(|| policy.id().to_string()),
            reason: unclear.or_else(|| policy.annotation("reason").map(str::to_owned)),
        })
    }

    fn place(&self) -> (u8, &str) {
        let strictness = match self.effect {
            DecisionType::Deny => 0,
            DecisionType::Hitl => 1,
            DecisionType::Allow => 2,
        };
        (strictness, &self.name)
    }
}

fn parse(text: &str) -> Result<PolicySet, Vec<String>> {
    text.parse().map_err(|errors: cedar_policy::ParseErrors| {
        errors.iter().map(ToString::to_string).collect()
    })
}

/// What a policy does where it applies.
fn effect(policy: &Policy) -> Result<DecisionType, String> {
    match (policy.effect(), policy.annotation("effect")) {
        (Effect::Permit, None) => Ok(DecisionType::Allow),
        (Effect::Forbid, None | Some("Deny")) => Ok(DecisionType::Deny),
        (Effect::Forbid, Some("Hitl")) => Ok(DecisionType::Hitl),
        (_, Some(other)) => Err(format!(
            "{}: `{other}` is no effect of it; only a `forbid` may have `Deny` or `Hitl`",
            policy.id()
        )),
    }
}

/// What a policy speaks of. Of its JSON only the conditions and the resource count: Cedar has
/// names of its own around them, such as `body`.
fn named(policy: &Value, words: &mut BTreeSet<String>) {
    let conditions = policy.get("conditions").and_then(Value::as_array);
    for condition in conditions.into_iter().flatten() {
        gather(condition.get("body").unwrap_or(condition), words);
    }
    if policy.pointer("/resource/op").and_then(Value::as_str) != Some("All") {
        words.insert("resource".to_owned());
    }
}

/// All texts in an expression: the names of what it speaks of are among them.
fn gather(json: &Value, words: &mut BTreeSet<String>) {
    match json {
        Value::String(text) => drop(words.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| gather(item, words)),
        Value::Object(fields) => {
            for (name, value) in fields {
                words.insert(name.clone());
                gather(value, words);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn request(facts: &Facts<'_>, context: Value) -> Result<Request, Box<dyn std::error::Error>> {
    let entity = |kind: &str, id: &str| -> Result<EntityUid, cedar_policy::ParseErrors> {
        let kind: EntityTypeName = kind.parse()?;
        Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
    };
    Ok(Request::new(
        entity("Agent", &facts.agent.id)?,
        entity("Action", &facts.method)?,
        entity("Url", &facts.target_url)?,
        Context::from_json_value(context, None)?,
        None,
    )?)
}

type Component = Shell<Cedar>;

vectra_example_policy::export!(Component);
