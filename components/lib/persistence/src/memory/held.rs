//! `vectra:persistence/held-requests`.

use vectra_domain::repository::{
    Expiry, HeldPage, HeldRequestRepository, HeldStep, MAX_PAGE, Result,
};
use vectra_domain::{HeldRequest, HeldRequestId, HeldStatus, PersistenceError, Timestamp};

use super::{Memory, take};
use crate::check;

/// As far as pending requests are counted.
const MAX_COUNT: usize = 1_000_000;

impl HeldRequestRepository for Memory {
    fn find(&self, id: HeldRequestId) -> Result<Option<HeldRequest>> {
        self.call(|state| Ok(state.held.get(&id).cloned()))
    }

    fn list(&self, page: &HeldPage) -> Result<Vec<HeldRequest>> {
        let limit = check::limit(page.limit)?;
        self.call(|state| {
            let mut rows: Vec<&HeldRequest> = state
                .held
                .values()
                .filter(|row| page.status.is_none_or(|status| row.status == status))
                .filter(|row| page.agent_id.is_none_or(|agent| row.agent_id == agent))
                .filter(|row| {
                    page.after
                        .is_none_or(|after| (row.created_at, row.id) > after)
                })
                .collect();
            rows.sort_by_key(|row| (row.created_at, row.id));
            let unsealed = rows.into_iter().cloned().map(|mut row| {
                row.sealed.clear();
                row
            });
            Ok(take(limit, unsealed))
        })
    }

    fn count_pending(&self) -> Result<u32> {
        self.call(|state| {
            let pending = |row: &&HeldRequest| row.status == HeldStatus::Pending;
            let count = state.held.values().filter(pending).take(MAX_COUNT).count();
            Ok(u32::try_from(count).unwrap_or(u32::MAX))
        })
    }

    fn advance(&self, step: &HeldStep) -> Result<HeldRequest> {
        check::optional_text("HeldRequest.DecidedBy", step.decided_by.as_deref())?;
        check::optional_text("HeldRequest.Comment", step.comment.as_deref())?;
        self.call(|state| {
            let row = state
                .held
                .get_mut(&step.id)
                .ok_or(PersistenceError::NotFound)?;
            let expired = step.expiry == Expiry::Refuses && row.expires_at <= step.now;
            if expired || !step.from.contains(&row.status) {
                return Err(PersistenceError::Conflict("HeldRequest.Status".to_owned()));
            }
            row.status = step.to;
            if let Some(decided_by) = &step.decided_by {
                row.decided_by = Some(decided_by.clone());
                row.decided_at = Some(step.now);
            }
            if let Some(comment) = &step.comment {
                row.comment = Some(comment.clone());
            }
            Ok(row.clone())
        })
    }

    fn expire(&self, now: Timestamp, limit: u32) -> Result<u32> {
        self.call(|state| {
            let mut due: Vec<&mut HeldRequest> = state
                .held
                .values_mut()
                .filter(|row| row.status == HeldStatus::Pending && row.expires_at <= now)
                .collect();
            due.sort_by_key(|row| (row.expires_at, row.id));
            let due = take(i64::from(limit.min(MAX_PAGE)), due.into_iter());
            let count = u32::try_from(due.len()).unwrap_or(u32::MAX);
            for row in due {
                row.status = HeldStatus::Expired;
            }
            Ok(count)
        })
    }
}
