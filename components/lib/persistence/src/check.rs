//! What is refused before it reaches a database, whichever it is.

mod circuits;
mod held;

use vectra_domain::repository::{MAX_PAGE, Result};
use vectra_domain::{
    Act, ActOutcome, Agent, AgentChange, AgentHistory, AuditOutcome, AuditTrail, Entry, IssuerKeys,
    Operator, PersistenceError, Policy, Rotation, TextChange,
};

/// Longest name of an agent, an operator or a policy, in characters. PostgreSQL's indexes
/// hold no text of more than some thousand bytes.
const MAX_NAME: usize = 128;

/// Longest URL of an issuer, in characters.
const MAX_ISSUER: usize = 512;

/// Longest name of a counter, in characters.
const MAX_COUNTER: usize = 64;

/// Longest key of the intent cache, in bytes.
const MAX_INTENT_KEY: usize = 128;

/// Longest answer that the intent cache keeps, in bytes.
const MAX_INTENT: usize = 16 * 1024;

/// Longest subject of a lockout, in characters: an id or an address.
const MAX_SUBJECT: usize = 64;

pub(crate) use circuits::{origin, report};
pub(crate) use held::{approval, claim, credential, finish};

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

/// Refuses text of no or more than `max` characters.
fn sized(column: &str, value: &str, max: usize) -> Result<()> {
    text(column, value)?;
    if value.is_empty() || value.chars().nth(max).is_some() {
        return invalid(format!("`{column}` does not have 1 to {max} characters"));
    }
    Ok(())
}

fn name(column: &str, name: &str) -> Result<()> {
    sized(column, name, MAX_NAME)
}

fn json(column: &str, document: &str) -> Result<()> {
    text(column, document)?;
    match serde_json::from_str::<serde::de::IgnoredAny>(document) {
        Ok(_) => Ok(()),
        Err(error) => invalid(format!("`{column}` is no JSON: {error}")),
    }
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
    json("AuditExplanation.Document", explanation)
}

/// The number as databases count: in signed ones.
pub(crate) fn count(column: &str, count: u64) -> Result<i64> {
    i64::try_from(count).or_else(|_| invalid(format!("`{column}` {count} is too large")))
}

/// Checks what became of a request.
pub(crate) fn audit_outcome(outcome: &AuditOutcome) -> Result<()> {
    if let Some(status) = outcome.status {
        self::status("AuditOutcome.Status", status)?;
    }
    count("AuditOutcome.ResponseBytes", outcome.response_bytes)?;
    count("AuditOutcome.Duration", outcome.duration)?;
    optional_text("AuditOutcome.Failure", outcome.failure.as_deref())
}

fn status(column: &str, status: u16) -> Result<()> {
    if (100..=999).contains(&status) {
        Ok(())
    } else {
        invalid(format!("`{column}` {status} is not from 100 to 999"))
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
    counter(&entry.counter)?;
    if let Some(wanted) = &entry.probe {
        circuits::probe(wanted, &entry.audit)?;
    }
    entry
        .held
        .as_ref()
        .map_or(Ok(()), |held| held::request(held, &entry.audit))
}

fn counter(name: &str) -> Result<()> {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'/')
    };
    if !(1..=MAX_COUNTER).contains(&name.len()) || !name.bytes().all(allowed) {
        return invalid(format!(
            "`DecisionCounter.Name` is not 1 to {MAX_COUNTER} of `a` to `z`, digits, `-` and `/`"
        ));
    }
    Ok(())
}

/// Checks a new client secret.
pub(crate) fn rotation(rotation: &Rotation) -> Result<()> {
    text("Agent.ClientSecretHash", &rotation.client_secret_hash)
}

/// Checks an operator to insert. What is no SHA-256 may be the key itself, so it is
/// not repeated.
pub(crate) fn operator(operator: &Operator) -> Result<()> {
    name("Operator.Name", &operator.name)?;
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if operator.key_hash.len() != 64 || !operator.key_hash.bytes().all(digit) {
        return invalid("`Operator.KeyHash` is not 64 hexadecimal digits");
    }
    Ok(())
}

/// Checks an act to append.
pub(crate) fn act(act: &Act) -> Result<()> {
    name("OperatorAct.OperatorName", &act.operator_name)?;
    text("OperatorAct.Action", &act.action)?;
    optional_text("OperatorAct.Target", act.target.as_deref())?;
    json("OperatorAct.Detail", &act.detail)?;
    optional_text("OperatorAct.ClientAddress", act.client_address.as_deref())
}

/// Checks what came of an act.
pub(crate) fn act_outcome(outcome: &ActOutcome) -> Result<()> {
    status("OperatorActOutcome.Status", outcome.status)?;
    optional_text("OperatorActOutcome.Target", outcome.target.as_deref())
}

/// Checks the text of a lockout's subject.
pub(crate) fn lockout_subject(subject: &str) -> Result<()> {
    sized("Lockout.Subject", subject, MAX_SUBJECT)
}

/// Checks the name of an external issuer.
pub(crate) fn issuer(issuer: &str) -> Result<()> {
    sized("ExternalIssuer.Issuer", issuer, MAX_ISSUER)
}

/// Checks what was fetched from an external issuer.
pub(crate) fn issuer_keys(keys: &IssuerKeys) -> Result<()> {
    json("ExternalIssuer.Jwks", &keys.jwks)
}

/// Checks the key of a question to a classifier.
pub(crate) fn intent_key(key: &str) -> Result<()> {
    text("IntentCache.Key", key)?;
    if !(1..=MAX_INTENT_KEY).contains(&key.len()) {
        return invalid(format!(
            "`IntentCache.Key` does not have 1 to {MAX_INTENT_KEY} bytes"
        ));
    }
    Ok(())
}

/// Checks an answer of a classifier to keep.
pub(crate) fn intent(document: &str) -> Result<()> {
    if document.len() > MAX_INTENT {
        return invalid(format!(
            "`IntentCache.Document` has more than {MAX_INTENT} bytes"
        ));
    }
    json("IntentCache.Document", document)
}
