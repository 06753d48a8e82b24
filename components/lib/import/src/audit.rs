//! Rows of `AuditLogs` (OB §10.6, §15).

use serde_json::{Value as Json, json};
use uuid::Uuid;
use vectra_domain::{AgentId, AuditTrail, DecisionType, RiskScore};

use crate::cell::Cell;
use crate::identity::{Identity, audit_id};
use crate::note::Notes;
use crate::table::Row;
use crate::{target, time};

/// The columns that are read, in this order; after them comes [`HELD`].
pub(crate) const COLUMNS: [&str; 7] = [
    "AgentId",
    "Action",
    "TargetUrl",
    "Status",
    "RiskScore",
    "Reason",
    "Timestamp",
];

/// Of `Intent`, which holds bodies, only whether there is one, and the id of the
/// request that was held, which stands there as `HITL:{id}` (41 characters).
pub(crate) const HELD: &str = "CASE WHEN Intent IS NULL THEN NULL \
    WHEN Status LIKE '%HITL%' AND typeof(Intent) = 'text' AND substr(Intent, 1, 5) = 'HITL:' \
    AND length(Intent) = 41 THEN CAST(substr(Intent, 6) AS BLOB) ELSE 1 END";

/// What became of a row.
pub(crate) struct Imported {
    pub row: AuditTrail,
    /// JSON.
    pub explanation: String,
    /// Whether something of its target was masked.
    pub masked: bool,
    /// Whether it had a body that stays behind.
    pub body: bool,
}

/// The audit row of a row; none if it has no time, since the audit is ordered by it
/// and none is made up.
pub(crate) fn audit(mut row: Row, notes: &mut Notes<'_>) -> Option<Imported> {
    let (agent, agent_text) = agent(row.next(), notes);
    let action = row.next().text("Action", notes).unwrap_or_default();
    let target_url = row.next().text("TargetUrl", notes).unwrap_or_default();
    let status = row.next().text("Status", notes).unwrap_or_default();
    let risk = row.next();
    let reason = row.next().text("Reason", notes);
    let (moment, timestamp) = timestamp(row.next(), notes)?;
    let (held, body) = held(row.next());

    let decision = Decision::read(&status, notes);
    let request = Request::read(&action, &target_url, notes);
    let (risk_score, risk_kept) = risk_score(&risk, notes);
    let identity = Identity {
        row: row.id,
        agent: &agent_text,
        status: &status,
        timestamp: &timestamp,
    };
    let mut imported = json!({
        "table": "AuditLogs",
        "row": row.id,
        "action": request.action,
        "status": status,
    });
    if let Some(fields) = imported.as_object_mut() {
        if !risk_kept {
            let risk = risk.number().map_or(Json::Null, |risk| json!(risk));
            fields.insert("riskScore".to_owned(), risk);
        }
        if let Some(held) = held {
            fields.insert("heldRequest".to_owned(), json!(held.to_string()));
        }
    }
    Some(Imported {
        row: AuditTrail {
            id: audit_id(&identity, moment),
            agent_id: agent,
            decision_type: decision.kind,
            reason: decision.reason(&status, reason),
            method: request.method,
            path: request.path,
            target_url: request.target_url,
            risk_score,
            timestamp: moment.timestamp,
        },
        explanation: json!({ "imported": imported }).to_string(),
        masked: request.masked,
        body,
    })
}

/// The agent, and how it was written. The original itself writes zeros where it does
/// not know the agent.
fn agent(cell: Cell, notes: &mut Notes<'_>) -> (AgentId, String) {
    let found = cell.described();
    let text = cell.text("AgentId", notes).unwrap_or_default();
    let id = text.parse().unwrap_or_else(|_| {
        notes.show("`AgentId` is no GUID: imported as all zeros", &found);
        AgentId::new(Uuid::nil())
    });
    (id, text)
}

fn timestamp(cell: Cell, notes: &mut Notes<'_>) -> Option<(time::Moment, String)> {
    let found = cell.described();
    let text = cell.text("Timestamp", notes).unwrap_or_default();
    let moment = time::read(&text);
    if moment.is_none() {
        notes.show("`Timestamp` is no time: the row was left out", &found);
    }
    Some((moment?, text))
}

fn held(cell: Cell) -> (Option<Uuid>, bool) {
    match cell {
        Cell::Null => (None, false),
        Cell::Text(bytes) => match Uuid::try_parse_ascii(&bytes) {
            Ok(id) => (Some(id), false),
            Err(_) => (None, true),
        },
        _ => (None, true),
    }
}

/// What `Status` says.
struct Decision {
    kind: DecisionType,
    /// Whether the word says more than the kind does.
    says_more: bool,
}

impl Decision {
    /// Decisions by their names, and the life of a held request. A word that is not
    /// known must not read as if the request had been let through.
    fn read(status: &str, notes: &mut Notes<'_>) -> Self {
        let (kind, says_more) = match status.trim().to_ascii_lowercase().as_str() {
            "allow" => (DecisionType::Allow, false),
            "deny" => (DecisionType::Deny, false),
            "hitl" => (DecisionType::Hitl, false),
            "pending_hitl" => (DecisionType::Hitl, true),
            "hitl_approved" | "hitl_replayed" => (DecisionType::Allow, true),
            "hitl_denied" => (DecisionType::Deny, true),
            _ => {
                notes.show("`Status` is none that is known: imported as Deny", status);
                (DecisionType::Deny, true)
            }
        };
        Self { kind, says_more }
    }

    /// The reason, with the word before it if that says more.
    fn reason(&self, status: &str, reason: Option<String>) -> Option<String> {
        match reason {
            _ if !self.says_more || status.is_empty() => reason,
            Some(reason) if !reason.is_empty() => Some(format!("{status}: {reason}")),
            _ => Some(status.to_owned()),
        }
    }
}

/// What `Action` (`METHOD path`) and `TargetUrl` say.
struct Request {
    method: String,
    path: String,
    target_url: String,
    action: String,
    masked: bool,
}

impl Request {
    /// `TargetUrl` holds the path only, except for requests that were held (OB
    /// §23.22); it is not made up to be a URL.
    fn read(action: &str, target_url: &str, notes: &mut Notes<'_>) -> Self {
        let (method, place) = split(action).unwrap_or_else(|| {
            notes.add(format!("`Action` has no method: imported as {NO_METHOD}"));
            (NO_METHOD, action)
        });
        let masked_place = target::mask(place);
        let (path, target_url) = match (place, target_url) {
            ("", only) | (only, "") => (only, only),
            both => both,
        };
        let path = target::mask(target::path(path));
        let target_url = target::mask(target_url);
        Self {
            method: method.to_owned(),
            masked: masked_place.changed || path.changed || target_url.changed,
            path: path.text,
            target_url: target_url.text,
            action: format!("{method} {}", masked_place.text)
                .trim_end()
                .to_owned(),
        }
    }
}

/// Stands for a method that is none.
const NO_METHOD: &str = "UNKNOWN";
/// Longest method, in bytes.
const MAX_METHOD: usize = 32;

/// Method and place of an action. Where the original knew no request it wrote a word
/// alone.
fn split(action: &str) -> Option<(&str, &str)> {
    let (method, place) = action.split_once(' ').unwrap_or((action, ""));
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_method = (1..=MAX_METHOD).contains(&method.len()) && method.bytes().all(is_token);
    is_method.then_some((method, place))
}

/// The risk, and whether it is what the row says. None is 0, as the original writes
/// it for decisions of a policy (OB §23.22).
fn risk_score(cell: &Cell, notes: &mut Notes<'_>) -> (RiskScore, bool) {
    let number = match cell {
        Cell::Null => return (no_risk(), false),
        cell => cell.number(),
    };
    if let Some(score) = number.and_then(|number| RiskScore::new(number).ok()) {
        return (score, true);
    }
    let score = match number {
        Some(number) if number > 1.0 => RiskScore::MAX,
        _ => no_risk(),
    };
    let reason = format!(
        "`RiskScore` is no number from 0 to 1: {} was taken",
        score.get()
    );
    notes.show(reason, &cell.described());
    (score, false)
}

fn no_risk() -> RiskScore {
    RiskScore::new(0.0).unwrap_or(RiskScore::MAX)
}

#[cfg(test)]
mod tests;
