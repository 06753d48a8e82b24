//! `/agents`: who may call.

mod access;
mod change;
mod register;

use http::StatusCode;
use serde_json::{Value, json};
use vectra_domain::repository::AgentPage;
use vectra_domain::{Agent, AgentAccess, AgentId, AgentStatus, PersistenceError};

use crate::gateway::{Answer, Gateway, json as answer};
use crate::page::{LIST, PageQuery, page};
use crate::problem::{Kind, Refusal};

/// Longest name, owner and policy name, in characters (OB §2.2).
pub(crate) const MAX_NAME: usize = 128;

impl<U> Gateway<'_, U> {
    /// `GET /agents`.
    pub(crate) fn list_agents<B>(&self, query: Option<&str>) -> Answer<B> {
        let filters = ["status", "ownerId", "policyName", "name"];
        let query = PageQuery::read(query, &filters, LIST)?;
        let text = |name: &str| query.filter(name).map(str::to_owned);
        let wanted = AgentPage {
            after: query.cursor(|parts| match parts {
                [name, id] => Some(((*name).to_owned(), id.parse().ok()?)),
                _ => None,
            })?,
            limit: query.limit + 1,
            status: query.filter("status").map(read_status).transpose()?,
            owner_id: text("ownerId"),
            policy_name: text("policyName"),
            name: text("name"),
        };
        let agents = self.with_schema(|| self.ports.agents.list(&wanted))?;
        let place = |agent: &Agent| vec![agent.name.clone(), agent.id.to_string()];
        Ok(answer(
            StatusCode::OK,
            &page(&agents, query.limit, place, show),
        ))
    }

    /// `GET /agents/{agentId}`.
    pub(crate) fn show_agent<B>(&self, id: &str) -> Answer<B> {
        let agent = self.living_agent(agent_id(id)?)?;
        let access = self.with_schema(|| self.ports.access.find(agent.id))?;
        Ok(answer(StatusCode::OK, &show_all(&agent, &access)))
    }

    /// An agent that is not deleted.
    fn living_agent(&self, id: AgentId) -> Result<Agent, Refusal> {
        self.with_schema(|| self.ports.agents.find(id))?
            .filter(|agent| agent.status != AgentStatus::Deleted)
            .ok_or_else(|| not_found(id))
    }
}

fn agent_id(text: &str) -> Result<AgentId, Refusal> {
    text.parse::<AgentId>()
        .map_err(|error| Refusal::field("agentId", error.to_string()))
}

fn not_found(id: AgentId) -> Refusal {
    Refusal::new(Kind::AgentNotFound).detail(format!("Agent with ID {id} not found."))
}

/// What a change that was not made is for the caller.
fn missing_or(error: PersistenceError, id: AgentId) -> Refusal {
    if error == PersistenceError::NotFound {
        not_found(id)
    } else {
        Refusal::not_saved(error)
    }
}

fn read_status(text: &str) -> Result<AgentStatus, Refusal> {
    serde_json::from_value(Value::from(text))
        .map_err(|_| Refusal::field("status", "must be Active, Revoked, Quarantined or Deleted"))
}

/// An agent without its secret.
fn show(agent: &Agent) -> Value {
    json!({
        "agentId": agent.id.to_string(),
        "name": agent.name,
        "ownerId": agent.owner_id,
        "status": agent.status,
        "policyName": agent.policy_name,
        "trustScore": agent.trust_score.get(),
        "createdAt": agent.created_at.to_string(),
        "updatedAt": agent.updated_at.map(|time| time.to_string()),
    })
}

/// An agent and what governs its access, without its secrets.
fn show_all(agent: &Agent, access: &AgentAccess) -> Value {
    let mut shown = show(agent);
    let more = json!({
        "requestsPerMinute": access.requests_per_minute,
        "formerSecretUntil": access.former_secret_until.map(|time| time.to_string()),
        "tokensNotBefore": access.tokens_not_before.map(|time| time.to_string()),
    });
    if let (Value::Object(shown), Value::Object(more)) = (&mut shown, more) {
        shown.extend(more);
    }
    shown
}
