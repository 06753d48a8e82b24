//! The canonical JSON of a policy (OB §2.4): one spelling for each name, one order of
//! properties, no comments. What is compiled is what is shown.

use std::borrow::Cow;
use std::fmt::Write;

use super::source::{Condition, Policy, Rule};
use crate::DecisionType;
use crate::json::Quoted;

/// Writes a policy as canonical JSON.
pub(super) fn canonical(policy: &Policy<'_>) -> String {
    let rules: Vec<String> = policy.rules.iter().map(rule).collect();
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write!(
        text,
        r#"{{"name":{},"description":{},"owner":{},"createdOn":{},"default":"{}","mode":"{}","rules":[{}]}}"#,
        Quoted(&policy.name),
        optional(policy.description.as_ref()),
        Quoted(&policy.owner),
        optional(policy.created_on.as_ref()),
        effect(policy.default),
        if policy.shadow { "Shadow" } else { "Enforce" },
        rules.join(","),
    );
    text
}

fn rule(rule: &Rule<'_>) -> String {
    let conditions: Vec<String> = rule.conditions.iter().map(condition).collect();
    format!(
        r#"{{"name":{},"reason":{},"priority":{},"effect":"{}","conditions":[{}]}}"#,
        Quoted(&rule.name),
        optional(rule.reason.as_ref()),
        rule.priority,
        effect(rule.effect),
        conditions.join(","),
    )
}

fn condition(condition: &Condition<'_>) -> String {
    format!(
        r#"{{"field":{},"operator":"{}","value":{}}}"#,
        Quoted(&condition.name),
        condition.operator.name(),
        condition.value,
    )
}

fn optional(text: Option<&Cow<'_, str>>) -> String {
    text.map_or_else(|| "null".to_owned(), |text| Quoted(text).to_string())
}

const fn effect(effect: DecisionType) -> &'static str {
    match effect {
        DecisionType::Allow => "Allow",
        DecisionType::Deny => "Deny",
        DecisionType::Hitl => "Hitl",
    }
}
