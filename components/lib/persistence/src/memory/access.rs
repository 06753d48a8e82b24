//! `vectra:persistence/agent-access`.

use vectra_domain::repository::{AgentAccessRepository, Result};
use vectra_domain::{Agent, AgentAccess, AgentId, Rotation, Timestamp};

use super::agents::alive;
use super::{Memory, State};
use crate::check;

impl State {
    /// Changes an agent and its access, and notes when.
    fn change_access(
        &mut self,
        id: AgentId,
        now: Timestamp,
        change: impl FnOnce(&mut Agent, &mut AgentAccess),
    ) -> Result<()> {
        let agent = alive(&mut self.agents, id)?;
        change(agent, self.access.entry(id).or_default());
        agent.updated_at = Some(now);
        Ok(())
    }
}

impl AgentAccessRepository for Memory {
    fn find(&self, agent: AgentId) -> Result<AgentAccess> {
        self.call(|state| Ok(state.access.get(&agent).cloned().unwrap_or_default()))
    }

    fn rotate(&self, rotation: &Rotation) -> Result<()> {
        check::rotation(rotation)?;
        self.call(|state| {
            state.change_access(rotation.agent_id, rotation.now, |agent, access| {
                let new = rotation.client_secret_hash.clone();
                let former = std::mem::replace(&mut agent.client_secret_hash, new);
                access.former_secret_hash = rotation.former_until.map(|_| former);
                access.former_secret_until = rotation.former_until;
                if rotation.former_until.is_none() {
                    end_tokens(access, rotation.now);
                }
            })
        })
    }

    fn limit(&self, agent: AgentId, requests: Option<u32>, now: Timestamp) -> Result<()> {
        self.call(|state| {
            state.change_access(agent, now, |_, access| {
                access.requests_per_minute = requests;
            })
        })
    }

    fn revoke_tokens(&self, agent: AgentId, now: Timestamp) -> Result<()> {
        self.call(|state| state.change_access(agent, now, |_, access| end_tokens(access, now)))
    }
}

/// What ended once stays so, whichever clock is ahead.
fn end_tokens(access: &mut AgentAccess, now: Timestamp) {
    access.tokens_not_before = access.tokens_not_before.max(Some(now));
}
