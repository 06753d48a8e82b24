//! `vectra:persistence/agents`.

use std::collections::BTreeMap;

use vectra_domain::repository::{AgentPage, AgentRepository, Result};
use vectra_domain::{
    Agent, AgentChange, AgentId, AgentStatus, PersistenceError, TextChange, Timestamp,
};

use super::{Memory, State, insert, remove, take};
use crate::check;

/// A row that may be changed: there, and no tombstone.
pub(super) fn alive(agents: &mut BTreeMap<AgentId, Agent>, id: AgentId) -> Result<&mut Agent> {
    agents
        .get_mut(&id)
        .filter(|agent| agent.status != AgentStatus::Deleted)
        .ok_or(PersistenceError::NotFound)
}

impl State {
    /// Whether rows of this agent are left beside the audit's.
    fn is_active(&self, agent: AgentId) -> bool {
        self.history.values().any(|row| row.agent_id == agent)
            || self.activity.keys().any(|(id, _, _)| *id == agent)
    }
}

fn apply(column: &mut Option<String>, change: &TextChange) {
    match change {
        TextChange::Keep => {}
        TextChange::Clear => *column = None,
        TextChange::Set(text) => *column = Some(text.clone()),
    }
}

impl AgentRepository for Memory {
    fn insert(&self, agent: &Agent) -> Result<()> {
        check::agent(agent)?;
        self.call(|state| insert(&mut state.agents, agent.id, "Agent.Id", agent.clone()))
    }

    fn find(&self, id: AgentId) -> Result<Option<Agent>> {
        self.call(|state| Ok(state.agents.get(&id).cloned()))
    }

    fn update(&self, id: AgentId, change: &AgentChange) -> Result<Agent> {
        check::agent_change(change)?;
        self.call(|state| {
            let agent = alive(&mut state.agents, id)?;
            if let Some(name) = &change.name {
                agent.name.clone_from(name);
            }
            apply(&mut agent.owner_id, &change.owner_id);
            agent.status = change.status.unwrap_or(agent.status);
            apply(&mut agent.policy_name, &change.policy_name);
            if let Some(hash) = &change.client_secret_hash {
                agent.client_secret_hash.clone_from(hash);
            }
            if let Some(trust) = change.trust_at_least {
                // Scores are ordered as numbers are, none of them NaN.
                if agent.trust_score.get() < trust.get() {
                    agent.trust_score = trust;
                }
            }
            agent.updated_at = Some(change.updated_at);
            Ok(agent.clone())
        })
    }

    fn delete(&self, id: AgentId, now: Timestamp) -> Result<()> {
        self.call(|state| {
            let agent = alive(&mut state.agents, id)?;
            agent.status = AgentStatus::Deleted;
            agent.updated_at = Some(now);
            Ok(())
        })
    }

    fn list(&self, page: &AgentPage) -> Result<Vec<Agent>> {
        let limit = check::limit(page.limit)?;
        check::optional_text("Agent.OwnerId", page.owner_id.as_deref())?;
        check::optional_text("Agent.PolicyName", page.policy_name.as_deref())?;
        check::optional_text("Agent.Name", page.name.as_deref())?;
        check::optional_text(
            "Agent.Name",
            page.after.as_ref().map(|(name, _)| name.as_str()),
        )?;
        self.call(|state| {
            let mut agents: Vec<&Agent> = state
                .agents
                .values()
                .filter(|agent| match page.status {
                    Some(status) => agent.status == status,
                    None => agent.status != AgentStatus::Deleted,
                })
                .filter(|agent| page.owner_id.is_none() || agent.owner_id == page.owner_id)
                .filter(|agent| page.policy_name.is_none() || agent.policy_name == page.policy_name)
                .filter(|agent| page.name.as_ref().is_none_or(|name| agent.name == *name))
                .filter(|agent| match &page.after {
                    Some((name, id)) => (&agent.name, agent.id) > (name, *id),
                    None => true,
                })
                .collect();
            agents.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
            Ok(take(limit, agents.into_iter().cloned()))
        })
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        let limit = check::limit(limit)?;
        self.call(|state| {
            let mut gone: Vec<_> = state
                .agents
                .values()
                .filter(|agent| agent.status == AgentStatus::Deleted)
                .filter_map(|agent| Some((agent.updated_at?, agent.id)))
                .filter(|(at, id)| *at < before && !state.is_active(*id))
                .collect();
            gone.sort_unstable();
            let ids = take(limit, gone.into_iter().map(|(_, id)| id));
            state.access.retain(|agent, _| !ids.contains(agent));
            Ok(remove(&mut state.agents, &ids))
        })
    }
}
