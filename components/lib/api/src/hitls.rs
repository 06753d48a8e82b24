//! `GET /hitls/{id}`: how a held request stands, for operators and for the agent
//! that made it.

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use vectra_domain::{
    AgentId, AgentStatus, HeldRequest, HeldRequestId, HeldStatus, Query, Timestamp,
};

use crate::auth::Caller;
use crate::gateway::{Answer, Gateway, json};
use crate::ports::Upstream;
use crate::problem::{Kind, Refusal};

impl<U> Gateway<'_, U> {
    /// `GET /hitls/{id}`. Another agent's is not found, as if it were not there.
    pub(crate) fn show_held<B>(&self, caller: &Caller, id: &str) -> Answer<B> {
        let owner = match caller {
            Caller::Operator(_) => None,
            Caller::Agent(agent) => Some(*agent),
            Caller::Anyone => return Err(Refusal::new(Kind::MissingCredentials)),
        };
        let id = id
            .parse::<HeldRequestId>()
            .map_err(|error| Refusal::field("id", error.to_string()))?;
        let held = self
            .with_schema(|| self.ports.held.find(id))?
            .filter(|held| owner.is_none_or(|owner| owner == held.agent_id));
        match held {
            Some(held) => Ok(json(StatusCode::OK, &show(&held, self.ports.clock.now()))),
            None => Err(Refusal::new(Kind::HeldNotFound)
                .detail(format!("HITL request '{id}' was not found."))),
        }
    }
}

impl<U> Gateway<'_, U> {
    /// The agent whose token the caller holds, if it is still active and the token has
    /// not been ended.
    pub(crate) fn active_agent<B>(&self, headers: &HeaderMap) -> Result<AgentId, Refusal>
    where
        U: Upstream<B>,
    {
        let caller = self.agent::<B>(headers)?;
        let query = Query {
            agent_id: caller.id,
            origin: None,
            now: self.ports.clock.now(),
        };
        let context = self.with_schema(|| self.ports.ledger.load(&query))?;
        let agent = context
            .agent
            .filter(|agent| agent.status == AgentStatus::Active)
            .ok_or_else(|| Refusal::new(Kind::Denied).detail("Agent is not active"))?;
        if caller.holds(&context.access) {
            Ok(agent.id)
        } else {
            Err(Refusal::new(Kind::MissingCredentials))
        }
    }
}

fn show(held: &HeldRequest, now: Timestamp) -> Value {
    // The row is moved to Expired in ticks; until then its time decides.
    let over = held.status == HeldStatus::Pending && held.expires_at <= now;
    let status = if over {
        HeldStatus::Expired
    } else {
        held.status
    };
    json!({
        "id": held.id.to_string(),
        "agentId": held.agent_id.to_string(),
        "status": status,
        "reason": held.reason,
        "method": held.method,
        "targetUrl": held.target_url,
        "digest": held.digest,
        "createdAt": held.created_at.to_string(),
        "expiresAt": held.expires_at.to_string(),
    })
}
