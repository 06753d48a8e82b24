//! `vectra:persistence/audit-trail`.

use vectra_domain::repository::{AuditPage, AuditRange, AuditRepository, Result};
use vectra_domain::{AuditId, AuditOutcome, AuditRecord, AuditTrail, PersistenceError};

use super::Repositories;
use crate::bind::Bind;
use crate::filter::{Filter, Kind, Order};
use crate::row::Reader;
use crate::{Database, check, mapping};

/// The nine columns of an audit row.
pub(super) fn bind(entry: &AuditTrail) -> Bind {
    Bind::new()
        .id(entry.id)
        .id(entry.agent_id)
        .integer(entry.decision_type.code())
        .optional_text("AuditTrail.Reason", entry.reason.as_deref())
        .text("AuditTrail.Method", &entry.method)
        .text("AuditTrail.Path", &entry.path)
        .text("AuditTrail.TargetUrl", &entry.target_url)
        .real(entry.risk_score.get())
        .time(entry.timestamp)
}

/// A row and its explanation.
fn explained(row: &mut Reader) -> Result<(AuditTrail, String)> {
    let entry = mapping::audit(row)?;
    let explanation = row.optional_text("AuditExplanation.Document")?;
    Ok((entry, explanation.unwrap_or_default()))
}

/// A row with all that is known of it.
fn record(row: &mut Reader) -> Result<AuditRecord> {
    let (entry, explanation) = explained(row)?;
    Ok(AuditRecord {
        entry,
        explanation,
        outcome: mapping::audit_outcome(row)?,
    })
}

impl<D: Database> AuditRepository for Repositories<D> {
    fn append(&self, entry: &AuditTrail, explanation: &str) -> Result<()> {
        check::audit(entry, explanation)?;
        let bind = bind(entry).text("AuditExplanation.Document", explanation);
        self.rows(self.dialect.audit_append, bind.finish()?)
            .map(drop)
    }

    fn complete(&self, id: AuditId, outcome: &AuditOutcome) -> Result<()> {
        check::audit_outcome(outcome)?;
        let bytes = check::count("AuditOutcome.ResponseBytes", outcome.response_bytes)?;
        let duration = check::count("AuditOutcome.Duration", outcome.duration)?;
        let bind = Bind::new()
            .id(id)
            .time(outcome.completed_at)
            .optional_integer(outcome.status.map(i64::from))
            .integer(bytes)
            .integer(duration)
            .optional_text("AuditOutcome.Failure", outcome.failure.as_deref());
        let row = self.first(self.dialect.audit_complete, bind.finish()?)?;
        row.map(drop).ok_or(PersistenceError::NotFound)
    }

    fn find(&self, id: AuditId) -> Result<Option<AuditRecord>> {
        let row = self.first(self.dialect.audit_find, Bind::new().id(id).finish()?)?;
        row.map(|mut row| record(&mut row)).transpose()
    }

    fn list(&self, page: &AuditPage) -> Result<Vec<AuditTrail>> {
        let limit = check::limit(page.limit)?;
        let mut filter = Filter::new(self.dialect, self.dialect.audit_list);
        if let Some(agent) = page.agent_id {
            filter = filter.equals("AgentId", Kind::Id, |b| b.id(agent));
        }
        if let Some((timestamp, id)) = page.after {
            let columns = [("Timestamp", Kind::Time), ("Id", Kind::Id)];
            filter = filter.after(Order::Descending, columns, |b| b.time(timestamp).id(id));
        }
        let (statement, parameters) = filter.page(Order::Descending, ["Timestamp", "Id"], limit)?;
        self.all(&statement, parameters, mapping::audit)
    }

    fn range(&self, range: &AuditRange) -> Result<Vec<(AuditTrail, String)>> {
        let limit = check::limit(range.limit)?;
        let mut filter = Filter::new(self.dialect, self.dialect.audit_range)
            .at_least("t.Timestamp", Kind::Time, |b| b.time(range.since))
            .below("t.Timestamp", Kind::Time, |b| b.time(range.until));
        if let Some(agent) = range.agent_id {
            filter = filter.equals("t.AgentId", Kind::Id, |b| b.id(agent));
        }
        let columns = [("t.Timestamp", Kind::Time), ("t.Id", Kind::Id)];
        if let Some((timestamp, id)) = range.after {
            filter = filter.after(Order::Ascending, columns, |b| b.time(timestamp).id(id));
        }
        let (statement, parameters) =
            filter.page(Order::Ascending, ["t.Timestamp", "t.Id"], limit)?;
        self.all(&statement, parameters, explained)
    }
}
