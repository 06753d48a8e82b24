//! `GET /audit`: what was decided, newest first.

use http::StatusCode;
use serde_json::{Value, json};
use vectra_domain::repository::AuditPage;
use vectra_domain::{AgentId, AuditTrail};

use crate::gateway::{Answer, Gateway, json};
use crate::page::{PageQuery, page};
use crate::problem::Refusal;

impl<U> Gateway<'_, U> {
    /// `GET /audit`.
    pub(crate) fn list_audit<B>(&self, query: Option<&str>) -> Answer<B> {
        let query = PageQuery::read(query, &["agentId"])?;
        let agent_id = query
            .filter("agentId")
            .map(str::parse::<AgentId>)
            .transpose()
            .map_err(|error| Refusal::field("agentId", error.to_string()))?;
        let after = query.cursor(|parts| match parts {
            [time, id] => Some((time.parse().ok()?, id.parse().ok()?)),
            _ => None,
        })?;
        let wanted = AuditPage {
            agent_id,
            after,
            limit: query.limit + 1,
        };
        let rows = self.with_schema(|| self.ports.audit.list(&wanted))?;
        let place = |row: &AuditTrail| vec![row.timestamp.to_string(), row.id.to_string()];
        Ok(json(StatusCode::OK, &page(rows, query.limit, place, show)))
    }
}

fn show(row: &AuditTrail) -> Value {
    json!({
        "auditId": row.id.to_string(),
        "agentId": row.agent_id.to_string(),
        "decisionType": row.decision_type,
        "reason": row.reason,
        "method": row.method,
        "path": row.path,
        "targetUrl": row.target_url,
        "riskScore": row.risk_score.get(),
        "timestamp": row.timestamp.to_string(),
    })
}
