//! `vectra:persistence/held-requests`.

use vectra_domain::repository::{
    Expiry, HeldPage, HeldRequestRepository, HeldStep, MAX_PAGE, Result,
};
use vectra_domain::{
    Approval, Claim, HeldRequest, HeldRequestId, HeldStatus, PersistenceError, Release,
    ReleaseOutcome, Timestamp,
};

use super::{Repositories, audit};
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
        let row = self.first(self.dialect.held.find, Bind::new().id(id).finish()?)?;
        row.map(|mut row| mapping::held(&mut row)).transpose()
    }

    fn find_sealed(&self, id: HeldRequestId) -> Result<Option<HeldRequest>> {
        let row = self.first(self.dialect.held.find_sealed, Bind::new().id(id).finish()?)?;
        row.map(|mut row| mapping::held(&mut row)).transpose()
    }

    fn list(&self, page: &HeldPage) -> Result<Vec<HeldRequest>> {
        let limit = check::limit(page.limit)?;
        let mut filter = Filter::new(self.dialect, self.dialect.held.list);
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

    fn count_pending(&self, now: Timestamp) -> Result<u32> {
        let bind = Bind::new().time(now);
        let row = self.first(self.dialect.held.count_pending, bind.finish()?)?;
        row.ok_or_else(|| unexpected("count"))?.count("count")
    }

    fn approve(&self, approval: &Approval, needed: u32) -> Result<()> {
        check::approval(approval, needed)?;
        let bind = Bind::new()
            .id(approval.held_id)
            .id(approval.operator_id)
            .text("HeldApproval.OperatorName", &approval.operator_name)
            .optional_text("HeldApproval.Comment", approval.comment.as_deref())
            .time(approval.approved_at)
            .text("HeldApproval.Seal", &approval.seal)
            .integer(i64::from(needed));
        self.change(self.dialect.held.approve, bind)
    }

    /// They are few, so they are sorted here: the sixteenth approves, whoever needs more.
    fn approvals(&self, id: HeldRequestId) -> Result<Vec<Approval>> {
        let statement = self.dialect.held.approvals;
        let bind = Bind::new().id(id);
        let mut approvals = self.all(statement, bind.finish()?, mapping::approval)?;
        approvals.sort_by_key(|word| (word.approved_at, word.operator_id));
        Ok(approvals)
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
        let row = self.first(self.dialect.held.advance, bind.finish()?)?;
        mapping::held(&mut row.ok_or(PersistenceError::NotFound)?)
    }

    fn claim(&self, claim: &Claim) -> Result<()> {
        check::claim(claim)?;
        let bind = audit::bind(&claim.audit)
            .text("AuditExplanation.Document", &claim.explanation)
            .id(claim.id)
            .time(claim.now)
            .time(claim.lease_until);
        self.change(self.dialect.held.claim, bind)
    }

    fn finish(&self, id: HeldRequestId, to: HeldStatus, outcome: &ReleaseOutcome) -> Result<()> {
        check::finish(to, outcome)?;
        let bind = Bind::new()
            .id(id)
            .integer(to.code())
            .time(outcome.finished_at)
            .optional_integer(outcome.status.map(i64::from))
            .optional_text("HeldResponse.Failure", outcome.failure.as_deref())
            .text("HeldResponse.KeyId", &outcome.key_id)
            .blob(&outcome.sealed);
        self.change(self.dialect.held.finish, bind)
    }

    fn find_release(&self, id: HeldRequestId) -> Result<Option<Release>> {
        let statement = self.dialect.held.find_release;
        let row = self.first(statement, Bind::new().id(id).finish()?)?;
        row.map(|mut row| mapping::release(&mut row)).transpose()
    }

    fn expire(&self, now: Timestamp, limit: u32) -> Result<u32> {
        let bind = Bind::new()
            .time(now)
            .integer(i64::from(limit.min(MAX_PAGE)));
        let expired = self.rows(self.dialect.held.expire, bind.finish()?)?;
        Ok(u32::try_from(expired.len()).unwrap_or(u32::MAX))
    }
    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        self.prune(self.dialect.held.prune, Bind::new().time(before), limit)
    }
}
