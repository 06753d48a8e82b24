//! Rows of `Agents` (OB §15).

use vectra_domain::{Agent, AgentId, AgentStatus, Timestamp, TrustScore};

use crate::cell::Cell;
use crate::note::Notes;
use crate::table::Row;
use crate::time;

/// The columns that are read, in this order.
pub(crate) const COLUMNS: [&str; 9] = [
    "Id",
    "Name",
    "OwnerId",
    "Status",
    "PolicyName",
    "ClientSecretHash",
    "TrustScore",
    "CreatedOn",
    "LastModifiedOn",
];

/// Longest name, in characters.
const MAX_NAME: usize = 128;
/// No secret has this hash.
const NO_HASH: &str = "!";
/// Costs of bcrypt that the gateway may be set to; one more doubles the time that a
/// token takes.
const COSTS: std::ops::RangeInclusive<u32> = 4..=16;
/// A policy of this name is not there, so the agent is denied.
const NO_POLICY: &str = "(unreadable in the imported database)";

/// The agent of a row; none if it has no id. `now` is when it is imported.
pub(crate) fn agent(mut row: Row, now: Timestamp, notes: &mut Notes<'_>) -> Option<Agent> {
    let id = id(row.next(), notes)?;
    notes.at(id);
    Some(Agent {
        id,
        name: name(row.next(), id, notes),
        owner_id: row
            .next()
            .text("OwnerId", notes)
            .filter(|owner| !owner.is_empty()),
        status: status(row.next(), notes),
        policy_name: policy_name(row.next(), notes),
        client_secret_hash: secret_hash(row.next(), notes),
        trust_score: trust_score(&row.next(), notes),
        // The original has the column and never fills it.
        created_at: time(row.next(), "CreatedOn", notes).unwrap_or(now),
        updated_at: time(row.next(), "LastModifiedOn", notes),
    })
}

fn id(cell: Cell, notes: &mut Notes<'_>) -> Option<AgentId> {
    let found = cell.described();
    let id = match cell {
        Cell::Text(bytes) => std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.parse().ok()),
        _ => None,
    };
    if id.is_none() {
        notes.show("`Id` is no GUID: the agent was left out", &found);
    }
    id
}

fn name(cell: Cell, id: AgentId, notes: &mut Notes<'_>) -> String {
    let name = cell.text("Name", notes).unwrap_or_default();
    if name.is_empty() {
        notes.add("`Name` is empty: its id became its name");
        return id.to_string();
    }
    if name.chars().nth(MAX_NAME).is_none() {
        return name;
    }
    notes.add(format!(
        "`Name` is longer than {MAX_NAME} characters: cut there"
    ));
    name.chars().take(MAX_NAME).collect()
}

/// As the original reads it: the name in whatever case, or its number. What is none
/// of them must not become Active; an operator can lift a quarantine.
fn status(cell: Cell, notes: &mut Notes<'_>) -> AgentStatus {
    let found = cell.described();
    let word = cell.text("Status", notes).unwrap_or_default();
    match word.trim().to_ascii_lowercase().as_str() {
        "active" | "0" => AgentStatus::Active,
        "revoked" | "1" => AgentStatus::Revoked,
        "quarantined" => AgentStatus::Quarantined,
        _ => {
            notes.show(
                "`Status` is none that is known: imported as Quarantined",
                &found,
            );
            AgentStatus::Quarantined
        }
    }
}

/// Empty is none, as in the original (OB §9.2). A name that cannot be read must not
/// become none: without a policy more may be allowed than with it.
fn policy_name(cell: Cell, notes: &mut Notes<'_>) -> Option<String> {
    if cell == Cell::Null {
        return None;
    }
    match cell.text("PolicyName", notes) {
        Some(name) => Some(name).filter(|name| !name.is_empty()),
        None => {
            notes.add("`PolicyName` cannot be read: the agent is denied until it gets another");
            Some(NO_POLICY.to_owned())
        }
    }
}

fn secret_hash(cell: Cell, notes: &mut Notes<'_>) -> String {
    if let Cell::Text(bytes) = cell
        && let Ok(hash) = String::from_utf8(bytes)
        && is_bcrypt(&hash)
    {
        return hash;
    }
    notes.add("`ClientSecretHash` is no bcrypt hash of cost 4 to 16: the agent needs a new secret");
    NO_HASH.to_owned()
}

/// `$2a$11$` and 53 characters of bcrypt's base64.
fn is_bcrypt(hash: &str) -> bool {
    let mut parts = hash.split('$');
    let (Some(""), Some(version), Some(cost), Some(rest), None) = (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) else {
        return false;
    };
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/';
    matches!(version, "2a" | "2b" | "2x" | "2y")
        && cost.len() == 2
        && cost.bytes().all(|byte| byte.is_ascii_digit())
        && cost.parse().is_ok_and(|cost| COSTS.contains(&cost))
        && rest.len() == 53
        && rest.bytes().all(base64)
}

/// The number if it is a score; 0 for less, and what a new agent has for anything
/// else, so that nobody is trusted by mistake.
fn trust_score(cell: &Cell, notes: &mut Notes<'_>) -> TrustScore {
    let number = cell.number();
    if let Some(score) = number.and_then(|number| TrustScore::new(number).ok()) {
        return score;
    }
    let score = match number {
        Some(number) if number < 0.0 => TrustScore::new(0.0).unwrap_or(TrustScore::INITIAL),
        _ => TrustScore::INITIAL,
    };
    let reason = format!(
        "`TrustScore` is no number from 0 to 1: {} was taken",
        score.get()
    );
    notes.show(reason, &cell.described());
    score
}

fn time(cell: Cell, column: &str, notes: &mut Notes<'_>) -> Option<Timestamp> {
    if cell == Cell::Null {
        return None;
    }
    let found = cell.described();
    let text = cell.text(column, notes)?;
    let moment = time::read(&text);
    if moment.is_none() {
        notes.show(format!("`{column}` is no time: left out"), &found);
    }
    moment.map(|moment| moment.timestamp)
}

#[cfg(test)]
mod tests;
