//! `GET /audit/acts`: what operators did.

use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use vectra_domain::repository::ActPage;
use vectra_domain::{Act, ActId, ActOutcome, OperatorId, OperatorRole, Timestamp};

use crate::gateway::{Answer, Gateway, json};
use crate::page::{LIST, PageQuery, page};

impl<U> Gateway<'_, U> {
    /// `GET /audit/acts`, newest first.
    pub(crate) fn list_acts<B>(&self, query: Option<&str>) -> Answer<B> {
        let query = PageQuery::read(query, &["operatorName"], LIST)?;
        let wanted = ActPage {
            operator_name: query.filter("operatorName").map(str::to_owned),
            after: query.cursor(read_place)?,
            limit: query.limit + 1,
        };
        let acts = self.with_schema(|| self.ports.acts.list(&wanted))?;
        let body = page(&acts, query.limit, place, Row::of);
        Ok(json(StatusCode::OK, &body))
    }
}

fn place((act, _): &(Act, Option<ActOutcome>)) -> Vec<String> {
    vec![act.timestamp.to_string(), act.id.to_string()]
}

fn read_place(parts: &[&str]) -> Option<(Timestamp, ActId)> {
    match parts {
        [time, id] => Some((time.parse().ok()?, id.parse().ok()?)),
        _ => None,
    }
}

/// An act as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    act_id: ActId,
    operator_id: Option<OperatorId>,
    operator_name: &'a str,
    operator_role: OperatorRole,
    action: &'a str,
    /// What was made or changed, or was to be.
    target: Option<&'a str>,
    detail: Value,
    client_address: Option<&'a str>,
    timestamp: String,
    status: Option<u16>,
    completed_at: Option<String>,
}

impl<'a> Row<'a> {
    fn of((act, outcome): &'a (Act, Option<ActOutcome>)) -> Self {
        let outcome = outcome.as_ref();
        let made = outcome.and_then(|outcome| outcome.target.as_deref());
        Self {
            act_id: act.id,
            operator_id: act.operator_id,
            operator_name: &act.operator_name,
            operator_role: act.operator_role,
            action: &act.action,
            target: made.or(act.target.as_deref()),
            detail: serde_json::from_str(&act.detail).unwrap_or_default(),
            client_address: act.client_address.as_deref(),
            timestamp: act.timestamp.to_string(),
            status: outcome.map(|outcome| outcome.status),
            completed_at: outcome.map(|outcome| outcome.timestamp.to_string()),
        }
    }
}
