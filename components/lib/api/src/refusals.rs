//! `GET /audit/refusals`: what the rate limit refused. Refusals are in no audit row: an
//! agent gone wild would fill the audit.

use http::StatusCode;
use serde_json::json;
use vectra_domain::repository::RefusalsPage;
use vectra_domain::{AgentId, Refusals, Timestamp};

use crate::gateway::{Answer, Gateway, json as answer};
use crate::page::{LIST, PageQuery, page};

impl<U> Gateway<'_, U> {
    /// `GET /audit/refusals`, newest minute first.
    pub(crate) fn list_refusals<B>(&self, query: Option<&str>) -> Answer<B> {
        let query = PageQuery::read(query, &["agentId"], LIST)?;
        let wanted = RefusalsPage {
            agent_id: query.id("agentId")?,
            after: query.cursor(read_place)?,
            limit: query.limit + 1,
        };
        let minutes = self.with_schema(|| self.ports.ledger.list_refusals(&wanted))?;
        let show = |minute: &Refusals| {
            json!({
                "agentId": minute.agent_id,
                "minute": minute.minute.to_string(),
                "requests": minute.requests,
                "refused": minute.refused,
            })
        };
        Ok(answer(
            StatusCode::OK,
            &page(&minutes, query.limit, place, show),
        ))
    }
}

fn place(minute: &Refusals) -> Vec<String> {
    vec![minute.minute.to_string(), minute.agent_id.to_string()]
}

fn read_place(parts: &[&str]) -> Option<(Timestamp, AgentId)> {
    match parts {
        [minute, agent] => Some((minute.parse().ok()?, agent.parse().ok()?)),
        _ => None,
    }
}
