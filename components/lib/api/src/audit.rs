//! `/audit`: what was decided.

mod export;

use http::StatusCode;
use serde::Serialize;
use vectra_domain::repository::AuditPage;
use vectra_domain::{AgentId, AuditId, AuditTrail, DecisionType, Timestamp};

use crate::gateway::{Answer, Gateway, json};
use crate::page::{LIST, PageQuery, page};

impl<U> Gateway<'_, U> {
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

/// The parts of the cursor after a row.
fn place(row: &AuditTrail) -> Vec<String> {
    vec![row.timestamp.to_string(), row.id.to_string()]
}

fn read_place(parts: &[&str]) -> Option<(Timestamp, AuditId)> {
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
