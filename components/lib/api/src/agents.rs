//! `/agents`: register, list, show, assign a policy, delete.

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use vectra_domain::repository::AgentPage;
use vectra_domain::{
    Agent, AgentChange, AgentId, AgentStatus, PersistenceError, PolicyStatus, TextChange,
    TrustScore,
};

use crate::fields::{Field, Fields};
use crate::gateway::{Answer, Gateway, json};
use crate::page::{LIST, PageQuery, page};
use crate::problem::{Kind, Refusal};
use crate::{RequestBody, ResponseBody, secret};

/// Longest name, owner and policy name, in characters (OB §2.2).
pub(crate) const MAX_NAME: usize = 128;

impl<U> Gateway<'_, U> {
    /// `POST /agents`.
    pub(crate) fn register_agent<B>(
        &self,
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Answer<B> {
        let mut fields = Fields::read(headers, body)?;
        let name = fields.required("name", 1..=MAX_NAME);
        let owner = fields.optional("ownerId", 1..=MAX_NAME);
        let given = fields.optional("clientSecret", secret::MIN_LENGTH..=secret::MAX_LENGTH);
        if let Field::Text(text) = &given
            && text.len() > secret::MAX_LENGTH
        {
            fields.refuse(
                "clientSecret",
                format!("must be at most {} bytes", secret::MAX_LENGTH),
            );
        }
        fields.finish()?;

        let (secret, made) = match given {
            Field::Text(secret) => (secret, None),
            Field::Missing | Field::Null => {
                let secret = secret::generate(self.ports.random);
                (secret.clone(), Some(secret))
            }
        };
        let cost = self.settings.tokens.bcrypt_cost;
        let hash = secret::hash(&secret, cost, self.ports.random)
            .map_err(|why| Refusal::new(Kind::Misconfigured).internal(why))?;
        let agent = Agent {
            id: AgentId::new(self.ports.uuid()),
            name,
            owner_id: text(owner),
            status: AgentStatus::Active,
            policy_name: None,
            client_secret_hash: hash,
            trust_score: TrustScore::INITIAL,
            created_at: self.ports.clock.now(),
            updated_at: None,
        };
        self.with_schema(|| self.ports.agents.insert(&agent))
            .map_err(Refusal::not_saved)?;
        let mut shown = show(&agent);
        if let (Some(made), Some(object)) = (made, shown.as_object_mut()) {
            object.insert("clientSecret".to_owned(), made.into());
        }
        let mut response = json(StatusCode::CREATED, &shown);
        if let Ok(location) = HeaderValue::from_str(&format!("/agents/{}", agent.id)) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Ok(response)
    }

    /// `GET /agents`.
    pub(crate) fn list_agents<B>(&self, query: Option<&str>) -> Answer<B> {
        let query = PageQuery::read(query, &["status", "ownerId"], LIST)?;
        let status = query.filter("status").map(read_status).transpose()?;
        let after = query.cursor(|parts| match parts {
            [name, id] => Some(((*name).to_owned(), id.parse().ok()?)),
            _ => None,
        })?;
        let owner_id = query.filter("ownerId").map(str::to_owned);
        let wanted = AgentPage {
            after,
            limit: query.limit + 1,
            status,
            owner_id,
        };
        let agents = self.with_schema(|| self.ports.agents.list(&wanted))?;
        let place = |agent: &Agent| vec![agent.name.clone(), agent.id.to_string()];
        Ok(json(
            StatusCode::OK,
            &page(&agents, query.limit, place, show),
        ))
    }

    /// `GET /agents/{agentId}`.
    pub(crate) fn show_agent<B>(&self, id: &str) -> Answer<B> {
        let id = agent_id(id)?;
        match self.with_schema(|| self.ports.agents.find(id))? {
            Some(agent) if agent.status != AgentStatus::Deleted => {
                Ok(json(StatusCode::OK, &show(&agent)))
            }
            _ => Err(not_found(id)),
        }
    }

    /// `PUT /agents/{agentId}/policy`; null unassigns.
    pub(crate) fn assign_policy<B>(
        &self,
        id: &str,
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Answer<B> {
        let id = agent_id(id)?;
        let mut fields = Fields::read(headers, body)?;
        let name = fields.optional("policyName", 1..=MAX_NAME);
        if name == Field::Missing {
            fields.refuse("policyName", "is required; null unassigns");
        }
        fields.finish()?;
        let policy_name = match name {
            Field::Text(name) => {
                self.usable_policy(&name)?;
                TextChange::Set(name)
            }
            Field::Missing | Field::Null => TextChange::Clear,
        };
        let change = AgentChange {
            policy_name,
            ..AgentChange::at(self.ports.clock.now())
        };
        let agent = self
            .with_schema(|| self.ports.agents.update(id, &change))
            .map_err(|error| missing_or(error, id))?;
        Ok(json(StatusCode::OK, &show(&agent)))
    }

    fn usable_policy(&self, name: &str) -> Result<(), Refusal> {
        let found = self.with_schema(|| self.ports.policies.find(name, None))?;
        match found.map(|policy| policy.status) {
            Some(PolicyStatus::Active) => Ok(()),
            Some(PolicyStatus::Broken) => Err(Refusal::new(Kind::PolicyBroken).detail(format!(
                "policy `{name}` does not compile and would deny everything"
            ))),
            Some(PolicyStatus::Retired) | None => Err(Refusal::new(Kind::PolicyNotFound)
                .detail(format!("Policy with name {name} not found."))),
        }
    }

    /// `DELETE /agents/{agentId}`.
    pub(crate) fn delete_agent<B>(&self, id: &str) -> Answer<B> {
        let id = agent_id(id)?;
        let now = self.ports.clock.now();
        self.with_schema(|| self.ports.agents.delete(id, now))
            .map_err(|error| missing_or(error, id))?;
        let mut response = Response::new(ResponseBody::Empty);
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }
}

fn text(field: Field) -> Option<String> {
    match field {
        Field::Text(text) => Some(text),
        Field::Missing | Field::Null => None,
    }
}

fn agent_id(text: &str) -> Result<AgentId, Refusal> {
    text.parse::<AgentId>()
        .map_err(|error| Refusal::field("agentId", error.to_string()))
}

fn not_found(id: AgentId) -> Refusal {
    Refusal::new(Kind::AgentNotFound).detail(format!("Agent with ID {id} not found."))
}

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
