//! `/audit`: what was decided.

mod export;
pub(crate) mod walk;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use vectra_domain::repository::AuditPage;
use vectra_domain::{
    AgentId, AuditId, AuditOutcome, AuditRecord, AuditTrail, DecisionType, Timestamp,
};

use crate::gateway::{Answer, Gateway, json, json_text};
use crate::page::{LIST, PageQuery, page};
use crate::problem::{Kind, Refusal};

impl<U> Gateway<'_, U> {
    /// `GET /audit/{auditId}`.
    pub(crate) fn show_audit<B>(&self, id: &str) -> Answer<B> {
        let record = self.audit_record(id)?;
        let traced = Traced::of(&record.explanation);
        let shown = Record {
            row: Row::of(&record.entry),
            trace_id: traced.trace_id.as_deref(),
            request_id: traced.request_id.as_deref(),
            outcome: record.outcome.as_ref().map(Outcome::of),
            explanation: serde_json::from_str(&record.explanation).ok(),
        };
        // Maps with other keys than text are all that cannot be written.
        let body = serde_json::to_vec(&shown)
            .map_err(|error| Refusal::new(Kind::DatabaseUnavailable).internal(error.to_string()))?;
        Ok(json_text(StatusCode::OK, body))
    }

    /// The row that a path names, with all that is known of it.
    pub(crate) fn audit_record(&self, id: &str) -> Result<AuditRecord, Refusal> {
        let id = id
            .parse::<AuditId>()
            .map_err(|error| Refusal::field("auditId", error.to_string()))?;
        self.with_schema(|| self.ports.audit.find(id))?
            .ok_or_else(|| not_found(&id.to_string()))
    }

    /// `GET /audit`, newest first.
    pub(crate) fn list_audit<B>(&self, query: Option<&str>) -> Answer<B> {
        let query = PageQuery::read(query, &["agentId"], LIST)?;
        let wanted = AuditPage {
            agent_id: query.id("agentId")?,
            after: query.cursor(read_place)?,
            limit: query.limit + 1,
        };
        let rows = self.with_schema(|| self.ports.audit.list(&wanted))?;
        Ok(json(
            StatusCode::OK,
            &page(&rows, query.limit, place, Row::of),
        ))
    }
}

/// There is no such row.
pub(crate) fn not_found(id: &str) -> Refusal {
    Refusal::new(Kind::AuditNotFound).detail(format!("Audit row '{id}' was not found."))
}

/// The parts of the cursor after a row.
pub(crate) fn place(row: &AuditTrail) -> Vec<String> {
    vec![row.timestamp.to_string(), row.id.to_string()]
}

/// The same, read.
pub(crate) fn read_place(parts: &[&str]) -> Option<(Timestamp, AuditId)> {
    match parts {
        [time, id] => Some((time.parse().ok()?, id.parse().ok()?)),
        _ => None,
    }
}

/// A row as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    audit_id: AuditId,
    agent_id: AgentId,
    decision_type: DecisionType,
    reason: Option<&'a str>,
    method: &'a str,
    path: &'a str,
    target_url: &'a str,
    risk_score: f64,
    timestamp: String,
}

impl<'a> Row<'a> {
    fn of(row: &'a AuditTrail) -> Self {
        Self {
            audit_id: row.id,
            agent_id: row.agent_id,
            decision_type: row.decision_type,
            reason: row.reason.as_deref(),
            method: &row.method,
            path: &row.path,
            target_url: &row.target_url,
            risk_score: row.risk_score.get(),
            timestamp: row.timestamp.to_string(),
        }
    }
}

/// A row as it is shown alone.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    trace_id: Option<&'a str>,
    request_id: Option<&'a str>,
    /// What became of the request; none if it was not let out, or if that is not known.
    outcome: Option<Outcome<'a>>,
    /// As it was stored; none of a row that has none.
    explanation: Option<&'a RawValue>,
}

/// What explanations of all versions say of where a request belongs to.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Traced {
    trace_id: Option<String>,
    request_id: Option<String>,
}

impl Traced {
    fn of(explanation: &str) -> Self {
        serde_json::from_str(explanation).unwrap_or_default()
    }
}

/// What became of a request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    status: Option<u16>,
    bytes: u64,
    duration_ms: f64,
    failure: Option<&'a str>,
    completed_at: String,
}

impl<'a> Outcome<'a> {
    fn of(outcome: &'a AuditOutcome) -> Self {
        Self {
            status: outcome.status,
            bytes: outcome.response_bytes,
            duration_ms: outcome.duration as f64 / 1_000.0,
            failure: outcome.failure.as_deref(),
            completed_at: outcome.completed_at.to_string(),
        }
    }
}
