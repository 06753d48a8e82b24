//! What is refused before it reaches a database, whichever it is.

use vectra_domain::repository::{MAX_PAGE, Result};
use vectra_domain::{
    Agent, AgentChange, AgentHistory, AuditTrail, Entry, HeldRequest, HeldStatus, PersistenceError,
    Policy, TextChange,
};

/// Longest name of an agent or a policy, in characters. PostgreSQL's indexes hold no
/// text of more than some thousand bytes.
const MAX_NAME: usize = 128;

fn invalid<T>(message: impl Into<String>) -> Result<T> {
    Err(PersistenceError::Invalid(message.into()))
}

/// Refuses U+0000, which PostgreSQL cannot hold and SQLite cuts text at.
pub(crate) fn text(column: &str, text: &str) -> Result<()> {
    if text.contains('\0') {
        invalid(format!("`{column}` contains U+0000"))
    } else {
        Ok(())
    }
}

/// As [`text`], for text that may be missing.
pub(crate) fn optional_text(column: &str, value: Option<&str>) -> Result<()> {
    value.map_or(Ok(()), |value| text(column, value))
}

/// Refuses page sizes outside 1 to [`MAX_PAGE`].
pub(crate) fn limit(limit: u32) -> Result<i64> {
    if (1..=MAX_PAGE).contains(&limit) {
        Ok(i64::from(limit))
    } else {
        invalid(format!("limit {limit} is not from 1 to {MAX_PAGE}"))
    }
}

fn name(column: &str, name: &str) -> Result<()> {
    text(column, name)?;
    if name.is_empty() || name.chars().nth(MAX_NAME).is_some() {
        return invalid(format!(
            "`{column}` does not have 1 to {MAX_NAME} characters"
        ));
    }
    Ok(())
}

/// Checks an agent to insert.
pub(crate) fn agent(agent: &Agent) -> Result<()> {
    name("Agent.Name", &agent.name)?;
    optional_text("Agent.OwnerId", agent.owner_id.as_deref())?;
    optional_text("Agent.PolicyName", agent.policy_name.as_deref())?;
    text("Agent.ClientSecretHash", &agent.client_secret_hash)
}

/// Checks a change of an agent.
pub(crate) fn agent_change(change: &AgentChange) -> Result<()> {
    if let Some(changed) = &change.name {
        name("Agent.Name", changed)?;
    }
    for (column, change) in [
        ("Agent.OwnerId", &change.owner_id),
        ("Agent.PolicyName", &change.policy_name),
    ] {
        if let TextChange::Set(value) = change {
            text(column, value)?;
        }
    }
    optional_text(
        "Agent.ClientSecretHash",
        change.client_secret_hash.as_deref(),
    )
}

/// Checks a history row.
pub(crate) fn history(entry: &AgentHistory) -> Result<()> {
    text("AgentHistory.Method", &entry.method)?;
    text("AgentHistory.Path", &entry.path)
}

/// Checks an audit row and its explanation.
pub(crate) fn audit(entry: &AuditTrail, explanation: &str) -> Result<()> {
    optional_text("AuditTrail.Reason", entry.reason.as_deref())?;
    text("AuditTrail.Method", &entry.method)?;
    text("AuditTrail.Path", &entry.path)?;
    text("AuditTrail.TargetUrl", &entry.target_url)?;
    text("AuditExplanation.Document", explanation)?;
    match serde_json::from_str::<serde::de::IgnoredAny>(explanation) {
        Ok(_) => Ok(()),
        Err(error) => invalid(format!("`AuditExplanation.Document` is no JSON: {error}")),
    }
}

/// Checks a policy to put.
pub(crate) fn policy(policy: &Policy) -> Result<()> {
    name("Policy.Name", &policy.name)?;
    text("Policy.Document", &policy.document)?;
    optional_text("Policy.Problem", policy.problem.as_deref())?;
    optional_text("Policy.SourceName", policy.source_name.as_deref())?;
    text("Policy.ContentHash", &policy.content_hash)
}

/// Checks a decision to record.
pub(crate) fn entry(entry: &Entry) -> Result<()> {
    audit(&entry.audit, &entry.explanation)?;
    for (name, value) in [("target", entry.trust.target), ("rate", entry.trust.rate)] {
        if !(0.0..=1.0).contains(&value) {
            return invalid(format!("trust {name} {value} is not from 0 to 1"));
        }
    }
    entry
        .held
        .as_ref()
        .map_or(Ok(()), |held| held_request(held, &entry.audit))
}

fn held_request(held: &HeldRequest, audit: &AuditTrail) -> Result<()> {
    optional_text("HeldRequest.Reason", held.reason.as_deref())?;
    text("HeldRequest.Method", &held.method)?;
    text("HeldRequest.TargetUrl", &held.target_url)?;
    text("HeldRequest.Digest", &held.digest)?;
    text("HeldRequest.KeyId", &held.key_id)?;
    if held.agent_id != audit.agent_id || held.audit_id != audit.id {
        return invalid("the held request belongs to another audit row");
    }
    if held.status != HeldStatus::Pending {
        return invalid("a held request begins as pending");
    }
    Ok(())
}
