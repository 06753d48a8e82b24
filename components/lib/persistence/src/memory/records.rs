//! `vectra:persistence/agent-history` and `audit-trail`.

use std::cmp::Reverse;

use vectra_domain::repository::{
    AgentHistoryRepository, AuditPage, AuditRange, AuditRepository, Result,
};
use vectra_domain::{
    AgentHistory, AgentId, AuditId, AuditTrail, HistoryId, PersistenceError, Timestamp,
};

use super::{Memory, insert, remove, take};
use crate::check;

impl AgentHistoryRepository for Memory {
    fn append(&self, entry: &AgentHistory) -> Result<()> {
        check::history(entry)?;
        self.call(|state| {
            if !state.agents.contains_key(&entry.agent_id) {
                return Err(PersistenceError::NotFound);
            }
            insert(
                &mut state.history,
                entry.id,
                "AgentHistory.Id",
                entry.clone(),
            )
        })
    }

    fn recent(&self, agent: AgentId, since: Timestamp, limit: u32) -> Result<Vec<AgentHistory>> {
        let limit = check::limit(limit)?;
        self.call(|state| {
            let mut rows: Vec<&AgentHistory> = state
                .history
                .values()
                .filter(|row| row.agent_id == agent && row.timestamp >= since)
                .collect();
            rows.sort_by_key(|row| Reverse((row.timestamp, row.id)));
            Ok(take(limit, rows.into_iter().cloned()))
        })
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        let limit = check::limit(limit)?;
        self.call(|state| {
            let old = state.history.range(..HistoryId::first_at(before));
            let old = old.filter(|(_, row)| row.timestamp < before);
            let ids = take(limit, old.map(|(id, _)| *id));
            Ok(remove(&mut state.history, &ids))
        })
    }
}

impl AuditRepository for Memory {
    fn append(&self, entry: &AuditTrail, explanation: &str) -> Result<()> {
        check::audit(entry, explanation)?;
        self.call(|state| {
            let row = (entry.clone(), explanation.to_owned());
            insert(&mut state.audit, entry.id, "AuditTrail.Id", row)
        })
    }

    fn find(&self, id: AuditId) -> Result<Option<(AuditTrail, String)>> {
        self.call(|state| Ok(state.audit.get(&id).cloned()))
    }

    fn list(&self, page: &AuditPage) -> Result<Vec<AuditTrail>> {
        let limit = check::limit(page.limit)?;
        self.call(|state| {
            let mut rows: Vec<&AuditTrail> = state
                .audit
                .values()
                .map(|(row, _)| row)
                .filter(|row| page.agent_id.is_none_or(|agent| row.agent_id == agent))
                .filter(|row| {
                    page.after
                        .is_none_or(|after| (row.timestamp, row.id) < after)
                })
                .collect();
            rows.sort_by_key(|row| Reverse((row.timestamp, row.id)));
            Ok(take(limit, rows.into_iter().cloned()))
        })
    }

    fn range(&self, range: &AuditRange) -> Result<Vec<(AuditTrail, String)>> {
        let limit = check::limit(range.limit)?;
        self.call(|state| {
            let mut rows: Vec<_> = state
                .audit
                .values()
                .filter(|(row, _)| (range.since..range.until).contains(&row.timestamp))
                .filter(|(row, _)| {
                    range
                        .after
                        .is_none_or(|after| (row.timestamp, row.id) > after)
                })
                .collect();
            rows.sort_by_key(|(row, _)| (row.timestamp, row.id));
            Ok(take(limit, rows.into_iter().cloned()))
        })
    }
}
