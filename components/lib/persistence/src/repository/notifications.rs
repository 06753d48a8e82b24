//! `vectra:persistence/notifications`.

use vectra_domain::repository::{NotificationRepository, Result};
use vectra_domain::{HeldRequestId, HeldStatus, Notification, PersistenceError, Timestamp};

use super::Repositories;
use crate::bind::Bind;
use crate::{Database, check, mapping};

/// After so many attempts the wait grows no longer: 10 s × 2^9 is over an hour.
const LAST: u32 = 9;

/// How long after an attempt the next one is due, in microseconds: 10 s doubled with each,
/// at most an hour. `attempts` are those before.
pub(crate) fn wait(attempts: u32) -> i64 {
    let doubled = (10 * Timestamp::SECOND) << attempts.min(LAST);
    doubled.min(Timestamp::HOUR)
}

/// When one is due again that has been tried 0 to [`LAST`] times, as a JSON array.
fn due_again(now: Timestamp) -> Result<String> {
    let times = (0..=LAST).map(|attempts| now.plus(wait(attempts)).to_string());
    serde_json::to_string(&times.collect::<Vec<_>>())
        .map_err(|error| PersistenceError::Other(error.to_string()))
}

impl<D: Database> NotificationRepository for Repositories<D> {
    fn claim(&self, now: Timestamp, limit: u32) -> Result<Vec<Notification>> {
        let bind = Bind::new()
            .time(now)
            .text("HeldNotification.DueAt", &due_again(now)?)
            .integer(check::limit(limit)?);
        let statement = self.dialect.held.notification_claim;
        let mut claimed = self.all(statement, bind.finish()?, mapping::notification)?;
        claimed.sort_by_key(|(row, was_due)| (*was_due, row.held_id, row.status.code()));
        Ok(claimed.into_iter().map(|(row, _)| row).collect())
    }

    fn remove(&self, held_id: HeldRequestId, status: HeldStatus) -> Result<()> {
        let bind = Bind::new().id(held_id).integer(status.code());
        let statement = self.dialect.held.notification_remove;
        self.rows(statement, bind.finish()?).map(drop)
    }

    fn clear(&self, limit: u32) -> Result<u32> {
        self.prune(self.dialect.held.notification_clear, Bind::new(), limit)
    }
}
