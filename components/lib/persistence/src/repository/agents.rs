//! `vectra:persistence/agents`.

use vectra_domain::repository::{AgentPage, AgentRepository, Result};
use vectra_domain::{
    Agent, AgentChange, AgentId, PersistenceError, TextChange, Timestamp, TrustScore,
};

use super::Repositories;
use crate::bind::Bind;
use crate::filter::{Filter, Kind, Order};
use crate::{Database, check, mapping};

/// Two parameters: whether to change the column, and to what.
fn change(bind: Bind, column: &str, change: &TextChange) -> Bind {
    match change {
        TextChange::Keep => bind.integer(0).optional_text(column, None),
        TextChange::Clear => bind.integer(1).optional_text(column, None),
        TextChange::Set(text) => bind.integer(1).text(column, text),
    }
}

impl<D: Database> AgentRepository for Repositories<D> {
    fn insert(&self, agent: &Agent) -> Result<()> {
        check::agent(agent)?;
        let bind = Bind::new()
            .id(agent.id)
            .text("Agent.Name", &agent.name)
            .optional_text("Agent.OwnerId", agent.owner_id.as_deref())
            .integer(agent.status.code())
            .optional_text("Agent.PolicyName", agent.policy_name.as_deref())
            .text("Agent.ClientSecretHash", &agent.client_secret_hash)
            .real(agent.trust_score.get())
            .time(agent.created_at)
            .optional_time(agent.updated_at);
        self.rows(self.dialect.agent_insert, bind.finish()?)
            .map(drop)
    }

    fn find(&self, id: AgentId) -> Result<Option<Agent>> {
        let row = self.first(self.dialect.agent_find, Bind::new().id(id).finish()?)?;
        row.map(|mut row| mapping::agent(&mut row)).transpose()
    }

    fn update(&self, id: AgentId, changes: &AgentChange) -> Result<Agent> {
        check::agent_change(changes)?;
        let mut bind = Bind::new()
            .id(id)
            .optional_text("Agent.Name", changes.name.as_deref());
        bind = change(bind, "Agent.OwnerId", &changes.owner_id)
            .optional_integer(changes.status.map(vectra_domain::AgentStatus::code));
        bind = change(bind, "Agent.PolicyName", &changes.policy_name)
            .optional_text(
                "Agent.ClientSecretHash",
                changes.client_secret_hash.as_deref(),
            )
            .time(changes.updated_at)
            .optional_real(changes.trust_at_least.map(TrustScore::get));
        let row = self.first(self.dialect.agent_update, bind.finish()?)?;
        mapping::agent(&mut row.ok_or(PersistenceError::NotFound)?)
    }

    fn delete(&self, id: AgentId, now: Timestamp) -> Result<()> {
        let row = self.first(
            self.dialect.agent_delete,
            Bind::new().id(id).time(now).finish()?,
        )?;
        row.map(drop).ok_or(PersistenceError::NotFound)
    }

    fn list(&self, page: &AgentPage) -> Result<Vec<Agent>> {
        let limit = check::limit(page.limit)?;
        let mut filter = Filter::new(self.dialect, self.dialect.agent_list);
        filter = match page.status {
            Some(status) => filter.equals("Status", Kind::Integer, |b| b.integer(status.code())),
            None => filter.holds("Status <> 3"),
        };
        if let Some(owner) = &page.owner_id {
            filter = filter.equals("OwnerId", Kind::Text, |b| b.text("Agent.OwnerId", owner));
        }
        if let Some(policy) = &page.policy_name {
            filter = filter.equals("PolicyName", Kind::Text, |b| {
                b.text("Agent.PolicyName", policy)
            });
        }
        if let Some(name) = &page.name {
            filter = filter.equals("Name", Kind::Text, |b| b.text("Agent.Name", name));
        }
        if let Some((name, id)) = &page.after {
            let columns = [("Name", Kind::Text), ("Id", Kind::Id)];
            filter = filter.after(Order::Ascending, columns, |b| {
                b.text("Agent.Name", name).id(id)
            });
        }
        let (statement, parameters) = filter.page(Order::Ascending, ["Name", "Id"], limit)?;
        self.all(&statement, parameters, mapping::agent)
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        self.prune(self.dialect.agent_prune, Bind::new().time(before), limit)
    }
}
