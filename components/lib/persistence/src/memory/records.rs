//! `vectra:persistence/agent-history` and `audit-trail`.

use std::cmp::Reverse;

use vectra_domain::repository::{
    AgentHistoryRepository, AuditPage, AuditRange, AuditRepository, Result,
};
use vectra_domain::{
    AgentHistory, AgentId, AuditId, AuditOutcome, AuditRecord, AuditTrail, HistoryId,
    PersistenceError, Timestamp,
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
            let record = AuditRecord {
                entry: entry.clone(),
                explanation: explanation.to_owned(),
                outcome: None,
            };
            insert(&mut state.audit, entry.id, "AuditTrail.Id", record)
        })
    }

    fn complete(&self, id: AuditId, outcome: &AuditOutcome) -> Result<()> {
        check::audit_outcome(outcome)?;
        self.call(|state| {
            let record = state.audit.get_mut(&id).ok_or(PersistenceError::NotFound)?;
            if record.outcome.is_some() {
                let taken = "AuditOutcome.AuditId".to_owned();
                return Err(PersistenceError::Conflict(taken));
            }
            record.outcome = Some(outcome.clone());
            Ok(())
        })
    }

    fn find(&self, id: AuditId) -> Result<Option<AuditRecord>> {
        self.call(|state| Ok(state.audit.get(&id).cloned()))
    }

    fn list(&self, page: &AuditPage) -> Result<Vec<AuditTrail>> {
        let limit = check::limit(page.limit)?;
        self.call(|state| {
            let mut rows: Vec<&AuditTrail> = state
                .audit
                .values()
                .map(|record| &record.entry)
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
            let mut records: Vec<_> = state
                .audit
                .values()
                .filter(|record| (range.since..range.until).contains(&record.entry.timestamp))
                .filter(|record| {
                    range
                        .agent_id
                        .is_none_or(|agent| record.entry.agent_id == agent)
                })
                .map(|record| ((record.entry.timestamp, record.entry.id), record))
                .filter(|(place, _)| range.after.is_none_or(|after| *place > after))
                .collect();
            records.sort_by_key(|(place, _)| *place);
            let rows = records.into_iter();
            let rows = rows.map(|(_, record)| (record.entry.clone(), record.explanation.clone()));
            Ok(take(limit, rows))
        })
    }
}
