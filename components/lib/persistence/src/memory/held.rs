//! `vectra:persistence/held-requests`.

mod rows;

use vectra_domain::repository::{Expiry, HeldPage, HeldRequestRepository, HeldStep, Result};
use vectra_domain::{
    Approval, Claim, HeldRequest, HeldRequestId, HeldStatus, PersistenceError, Release,
    ReleaseOutcome, Timestamp,
};

use super::{Memory, take};
use crate::check;
pub(super) use rows::Held;
use rows::conflict;

/// As far as pending requests are counted.
const MAX_COUNT: usize = 1_000_000;

fn unsealed(mut row: HeldRequest) -> HeldRequest {
    row.sealed.clear();
    row
}

impl HeldRequestRepository for Memory {
    fn find(&self, id: HeldRequestId) -> Result<Option<HeldRequest>> {
        Ok(self.find_sealed(id)?.map(unsealed))
    }

    fn find_sealed(&self, id: HeldRequestId) -> Result<Option<HeldRequest>> {
        self.call(|state| Ok(state.held.rows.get(&id).cloned()))
    }

    fn list(&self, page: &HeldPage) -> Result<Vec<HeldRequest>> {
        let limit = check::limit(page.limit)?;
        self.call(|state| {
            let mut rows: Vec<&HeldRequest> = state
                .held
                .rows
                .values()
                .filter(|row| page.status.is_none_or(|status| row.status == status))
                .filter(|row| page.agent_id.is_none_or(|agent| row.agent_id == agent))
                .filter(|row| {
                    page.after
                        .is_none_or(|after| (row.created_at, row.id) > after)
                })
                .collect();
            rows.sort_by_key(|row| (row.created_at, row.id));
            Ok(take(limit, rows.into_iter().cloned().map(unsealed)))
        })
    }

    fn count_pending(&self, now: Timestamp) -> Result<u32> {
        self.call(|state| {
            let waits =
                |row: &&HeldRequest| row.status == HeldStatus::Pending && row.expires_at > now;
            let rows = state.held.rows.values();
            let count = rows.filter(waits).take(MAX_COUNT).count();
            Ok(u32::try_from(count).unwrap_or(u32::MAX))
        })
    }

    fn approve(&self, approval: &Approval, needed: u32) -> Result<()> {
        check::approval(approval, needed)?;
        self.call(|state| state.held.approve(approval, needed))
    }

    fn approvals(&self, id: HeldRequestId) -> Result<Vec<Approval>> {
        self.call(|state| {
            let approvals = state.held.approvals(id);
            let mut approvals: Vec<Approval> = approvals.map(|(word, _)| word.clone()).collect();
            approvals.sort_by_key(|word| (word.approved_at, word.operator_id));
            Ok(approvals)
        })
    }

    fn advance(&self, step: &HeldStep) -> Result<HeldRequest> {
        check::optional_text("HeldRequest.DecidedBy", step.decided_by.as_deref())?;
        check::optional_text("HeldRequest.Comment", step.comment.as_deref())?;
        self.call(|state| {
            let rows = &state.held.rows;
            let row = rows.get(&step.id).ok_or(PersistenceError::NotFound)?;
            let expired = step.expiry == Expiry::Refuses && row.expires_at <= step.now;
            if expired || !step.from.contains(&row.status) {
                return conflict("HeldRequest.Status");
            }
            let row = state.held.step(step.id, step.to)?;
            if let Some(decided_by) = &step.decided_by {
                row.decided_by = Some(decided_by.clone());
                row.decided_at = Some(step.now);
            }
            if let Some(comment) = &step.comment {
                row.comment = Some(comment.clone());
            }
            Ok(unsealed(row.clone()))
        })
    }

    fn claim(&self, claim: &Claim) -> Result<()> {
        check::claim(claim)?;
        self.call(|state| state.claim(claim))
    }

    fn finish(&self, id: HeldRequestId, to: HeldStatus, outcome: &ReleaseOutcome) -> Result<()> {
        check::finish(to, outcome)?;
        self.call(|state| state.held.finish(id, to, outcome))
    }

    fn find_release(&self, id: HeldRequestId) -> Result<Option<Release>> {
        self.call(|state| Ok(state.held.releases.get(&id).cloned()))
    }

    fn expire(&self, now: Timestamp, limit: u32) -> Result<u32> {
        self.call(|state| {
            let held = &mut state.held;
            let waits = |status| matches!(status, HeldStatus::Pending | HeldStatus::Approved);
            let rows = held.rows.values();
            let over = rows.filter(|row| waits(row.status) && row.expires_at <= now);
            let over = over.map(|row| (row.expires_at, row.id)).collect();
            let expired = held.expire(over, limit, HeldStatus::Expired)?;
            let sent = |row: &&HeldRequest| row.status == HeldStatus::Releasing;
            let outlived = |row: &&HeldRequest| {
                let release = held.releases.get(&row.id);
                release.is_some_and(|release| release.lease_until <= now)
            };
            let over = held.rows.values().filter(sent).filter(outlived);
            let over = over.map(|row| (row.expires_at, row.id)).collect();
            let uncertain = held.expire(over, limit, HeldStatus::Uncertain)?;
            Ok(expired.saturating_add(uncertain))
        })
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u32> {
        let limit = check::limit(limit)?;
        self.call(|state| {
            let rows = state.held.rows.values();
            let old = rows.filter(|row| row.status.is_final() && row.expires_at < before);
            let mut old: Vec<_> = old.map(|row| (row.expires_at, row.id)).collect();
            old.sort();
            let ids = take(limit, old.into_iter().map(|(_, id)| id));
            Ok(state.held.remove(&ids))
        })
    }
}
