//! `GET /hitls/{id}`: how a held request stands, for operators and for the agent
//! that made it.

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use vectra_domain::{AgentId, AgentStatus, HeldRequest, HeldRequestId, HeldStatus, Timestamp};

use crate::gateway::{Answer, Gateway, json};
use crate::problem::{Kind, Refusal};

impl<U> Gateway<'_, U> {
    /// `GET /hitls/{id}`. Another agent's is not found, as if it were not there.
    pub(crate) fn show_held<B>(&self, headers: &HeaderMap, id: &str) -> Answer<B> {
        let agent = match self.operator(headers) {
            Ok(()) => None,
            Err(refusal) if refusal.is_for_the_caller() => Some(self.active_agent(headers)?),
            Err(refusal) => return Err(refusal),
        };
        let id = id
            .parse::<HeldRequestId>()
            .map_err(|error| Refusal::field("id", error.to_string()))?;
        let held = self
            .with_schema(|| self.ports.held.find(id))?
            .filter(|held| agent.is_none_or(|agent| agent == held.agent_id));
        match held {
            Some(held) => Ok(json(StatusCode::OK, &show(&held, self.ports.clock.now()))),
            None => Err(Refusal::new(Kind::HeldNotFound)
                .detail(format!("HITL request '{id}' was not found."))),
        }
    }
}

impl<U> Gateway<'_, U> {
    /// The agent whose token the caller holds, if it is still active.
    fn active_agent(&self, headers: &HeaderMap) -> Result<AgentId, Refusal> {
        let id = self.agent(headers)?.0;
        self.with_schema(|| self.ports.agents.find(id))?
            .filter(|agent| agent.status == AgentStatus::Active)
            .map(|agent| agent.id)
            .ok_or_else(|| Refusal::new(Kind::Denied).detail("Agent is not active"))
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
