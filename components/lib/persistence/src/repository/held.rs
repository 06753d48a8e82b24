//! `vectra:persistence/held-requests`.

use vectra_domain::repository::{
    Expiry, HeldPage, HeldRequestRepository, HeldStep, MAX_PAGE, Result,
};
use vectra_domain::{HeldRequest, HeldRequestId, HeldStatus, PersistenceError, Timestamp};

use super::Repositories;
use crate::bind::Bind;
use crate::filter::{Filter, Kind, Order};
use crate::row::unexpected;
use crate::{Database, check, mapping};

/// A bit for each state.
fn states(from: &[HeldStatus]) -> i64 {
    from.iter()
        .fold(0, |bits, status| bits | (1 << status.code()))
}

impl<D: Database> HeldRequestRepository for Repositories<D> {
    fn find(&self, id: HeldRequestId) -> Result<Option<HeldRequest>> {
        let row = self.first(self.dialect.held_find, Bind::new().id(id).finish()?)?;
        row.map(|mut row| mapping::held(&mut row)).transpose()
    }

    fn list(&self, page: &HeldPage) -> Result<Vec<HeldRequest>> {
        let limit = check::limit(page.limit)?;
        let mut filter = Filter::new(self.dialect, self.dialect.held_list);
        if let Some(status) = page.status {
            filter = filter.equals("Status", Kind::Integer, |b| b.integer(status.code()));
        }
        if let Some(agent) = page.agent_id {
            filter = filter.equals("AgentId", Kind::Id, |b| b.id(agent));
        }
        if let Some((created_at, id)) = page.after {
            let columns = [("CreatedAt", Kind::Time), ("Id", Kind::Id)];
            filter = filter.after(Order::Ascending, columns, |b| b.time(created_at).id(id));
        }
        let (statement, parameters) = filter.page(Order::Ascending, ["CreatedAt", "Id"], limit)?;
        self.all(&statement, parameters, mapping::held)
    }

    fn count_pending(&self) -> Result<u32> {
        let row = self.first(self.dialect.held_count_pending, Vec::new())?;
        row.ok_or_else(|| unexpected("count"))?.count("count")
    }

    fn advance(&self, step: &HeldStep) -> Result<HeldRequest> {
        let bind = Bind::new()
            .id(step.id)
            .integer(states(&step.from))
            .integer(step.to.code())
            .time(step.now)
            .integer(i64::from(step.expiry == Expiry::Refuses))
            .optional_text("HeldRequest.DecidedBy", step.decided_by.as_deref())
            .optional_text("HeldRequest.Comment", step.comment.as_deref());
        let row = self.first(self.dialect.held_advance, bind.finish()?)?;
        mapping::held(&mut row.ok_or(PersistenceError::NotFound)?)
    }

    fn expire(&self, now: Timestamp, limit: u32) -> Result<u32> {
        let bind = Bind::new()
            .time(now)
            .integer(i64::from(limit.min(MAX_PAGE)));
        let expired = self.rows(self.dialect.held_expire, bind.finish()?)?;
        Ok(u32::try_from(expired.len()).unwrap_or(u32::MAX))
    }
}
