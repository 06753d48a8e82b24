//! Changes of an agent's own columns: name, owner, policy, state; and its end.

use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};
use vectra_domain::{AgentChange, AgentId, AgentStatus, PolicyStatus, TextChange, TrustScore};

use super::{MAX_NAME, agent_id, missing_or, show};
use crate::RequestBody;
use crate::acts::{Done, Order};
use crate::fields::{Field, Fields};
use crate::gateway::{Gateway, json as answer, no_content};
use crate::problem::{Kind, Refusal};

impl<U> Gateway<'_, U> {
    /// `PATCH /agents/{agentId}`: name and owner; null takes the owner away.
    pub(crate) fn edit_agent<'s, B>(
        &'s self,
        id: &str,
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Result<Order<'s, B>, Refusal> {
        let id = agent_id(id)?;
        let mut fields = Fields::read(headers, body)?;
        let name = fields.optional_name("name", MAX_NAME);
        let owner = fields.optional_name("ownerId", MAX_NAME);
        match (&name, &owner) {
            (Field::Null, _) => fields.refuse("name", "must be a string"),
            (Field::Missing, Field::Missing) => {
                fields.refuse("name", "is required unless `ownerId` is given");
            }
            _ => {}
        }
        let detail = fields.finish()?;
        let change = move |change| AgentChange {
            name: name.given(),
            owner_id: text_change(owner),
            ..change
        };
        Ok(self.update_agent(id, detail, || Ok(()), change))
    }

    /// `PUT /agents/{agentId}/policy`; null unassigns.
    pub(crate) fn assign_policy<'s, B>(
        &'s self,
        id: &str,
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Result<Order<'s, B>, Refusal> {
        let id = agent_id(id)?;
        let mut fields = Fields::read(headers, body)?;
        let name = fields.optional("policyName", 1..=MAX_NAME);
        if name == Field::Missing {
            fields.refuse("policyName", "is required; null unassigns");
        }
        let detail = fields.finish()?;
        let name = name.given();
        let wanted = name.clone();
        let first = move || match &wanted {
            Some(name) => self.usable_policy(name),
            None => Ok(()),
        };
        let change = |change| AgentChange {
            policy_name: name.map_or(TextChange::Clear, TextChange::Set),
            ..change
        };
        Ok(self.update_agent(id, detail, first, change))
    }

    /// `DELETE /agents/{agentId}/policy`.
    pub(crate) fn unassign_policy<'s, B>(&'s self, id: &str) -> Result<Order<'s, B>, Refusal> {
        let id = agent_id(id)?;
        let change = |change| AgentChange {
            policy_name: TextChange::Clear,
            ..change
        };
        Ok(self.update_agent(id, Map::new(), || Ok(()), change))
    }

    /// `POST /agents/{agentId}/quarantine`, `/revoke` and `/activate`. From every state
    /// to every other; a deleted agent stays deleted.
    pub(crate) fn set_status<'s, B>(
        &'s self,
        id: &str,
        status: AgentStatus,
    ) -> Result<Order<'s, B>, Refusal> {
        let id = agent_id(id)?;
        // Below the floor its next request would bring it back into quarantine.
        let lifted = status == AgentStatus::Active && self.settings.trust_floor.is_some();
        let change = move |change| AgentChange {
            status: Some(status),
            trust_at_least: lifted.then_some(TrustScore::INITIAL),
            ..change
        };
        Ok(self.update_agent(id, Map::new(), || Ok(()), change))
    }

    /// Changes the columns that `change` names, once `first` is content.
    fn update_agent<'s, B>(
        &'s self,
        id: AgentId,
        detail: Map<String, Value>,
        first: impl FnOnce() -> Result<(), Refusal> + 's,
        change: impl FnOnce(AgentChange) -> AgentChange + 's,
    ) -> Order<'s, B> {
        Order::new(Some(id.to_string()), detail, move || {
            first()?;
            let change = change(AgentChange::at(self.ports.clock.now()));
            let agent = self
                .with_schema(|| self.ports.agents.update(id, &change))
                .map_err(|error| missing_or(error, id))?;
            Ok(Done {
                response: answer(StatusCode::OK, &show(&agent)),
                target: id.to_string(),
            })
        })
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
    pub(crate) fn delete_agent<'s, B>(&'s self, id: &str) -> Result<Order<'s, B>, Refusal> {
        let id = agent_id(id)?;
        Ok(Order::new(Some(id.to_string()), Map::new(), move || {
            let now = self.ports.clock.now();
            self.with_schema(|| self.ports.agents.delete(id, now))
                .map_err(|error| missing_or(error, id))?;
            Ok(Done {
                response: no_content(),
                target: id.to_string(),
            })
        }))
    }
}

fn text_change(field: Field<String>) -> TextChange {
    match field {
        Field::Missing => TextChange::Keep,
        Field::Null => TextChange::Clear,
        Field::Given(text) => TextChange::Set(text),
    }
}
