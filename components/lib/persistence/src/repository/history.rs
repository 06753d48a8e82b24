//! `vectra:persistence/agent-history`.

use vectra_domain::repository::{AgentHistoryRepository, Result};
use vectra_domain::{AgentHistory, AgentId, HistoryId, PersistenceError, Timestamp};

use super::Repositories;
use crate::bind::Bind;
use crate::{Database, check, mapping};

impl<D: Database> AgentHistoryRepository for Repositories<D> {
    fn append(&self, entry: &AgentHistory) -> Result<()> {
        check::history(entry)?;
        let bind = Bind::new()
            .id(entry.id)
            .id(entry.agent_id)
            .text("AgentHistory.Method", &entry.method)
            .text("AgentHistory.Path", &entry.path)
            .time(entry.timestamp)
            .integer(entry.decision_type.code());
        let row = self.first(self.dialect.history_append, bind.finish()?)?;
        row.map(drop).ok_or(PersistenceError::NotFound)
    }

    fn recent(&self, agent: AgentId, since: Timestamp, limit: u32) -> Result<Vec<AgentHistory>> {
        let bind = Bind::new()
            .id(agent)
            .time(since)
            .integer(check::limit(limit)?);
        self.all(
            self.dialect.history_recent,
            bind.finish()?,
            mapping::history,
        )
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        let bind = Bind::new().id(HistoryId::first_at(before)).time(before);
        self.prune(self.dialect.history_prune, bind, limit)
    }
}
