//! `vectra:persistence/notifications`.

use std::collections::BTreeMap;

use vectra_domain::repository::{NotificationRepository, Result};
use vectra_domain::{HeldRequestId, HeldStatus, Notification, Timestamp};

use super::{Memory, remove, take};
use crate::check;
use crate::repository::notifications::wait;

/// What is to be told, by the state's integer, how often it has been tried to, and when it
/// is due.
#[derive(Default)]
pub(super) struct Notifications {
    rows: BTreeMap<(HeldRequestId, i64), (Notification, Timestamp)>,
}

impl Notifications {
    /// Adds one, due at once; each state is reached once.
    pub(super) fn add(&mut self, held_id: HeldRequestId, status: HeldStatus, due_at: Timestamp) {
        let notification = Notification {
            held_id,
            status,
            attempts: 0,
        };
        let key = (held_id, status.code());
        self.rows.entry(key).or_insert((notification, due_at));
    }

    /// Removes those of requests that are gone.
    pub(super) fn forget(&mut self, ids: &[HeldRequestId]) {
        self.rows.retain(|(id, _), _| !ids.contains(id));
    }

    /// The keys of the first `limit` that are due by `now`; of all without it.
    fn first_due(&self, now: Option<Timestamp>, limit: i64) -> Vec<(HeldRequestId, i64)> {
        let rows = self.rows.iter().map(|(key, (_, due_at))| (*due_at, *key));
        let mut due: Vec<_> = rows
            .filter(|(due_at, _)| now.is_none_or(|now| *due_at <= now))
            .collect();
        due.sort();
        take(limit, due.into_iter().map(|(_, key)| key))
    }
}

impl NotificationRepository for Memory {
    fn claim(&self, now: Timestamp, limit: u32) -> Result<Vec<Notification>> {
        let limit = check::limit(limit)?;
        self.call(|state| {
            let notifications = &mut state.held.notifications;
            let mut claimed = Vec::new();
            for key in notifications.first_due(Some(now), limit) {
                if let Some((notification, due_at)) = notifications.rows.get_mut(&key) {
                    *due_at = now.plus(wait(notification.attempts));
                    notification.attempts = notification.attempts.saturating_add(1);
                    claimed.push(*notification);
                }
            }
            Ok(claimed)
        })
    }

    fn remove(&self, held_id: HeldRequestId, status: HeldStatus) -> Result<()> {
        self.call(|state| {
            let rows = &mut state.held.notifications.rows;
            rows.remove(&(held_id, status.code()));
            Ok(())
        })
    }

    fn clear(&self, limit: u32) -> Result<u32> {
        let limit = check::limit(limit)?;
        self.call(|state| {
            let notifications = &mut state.held.notifications;
            let keys = notifications.first_due(None, limit);
            Ok(remove(&mut notifications.rows, &keys))
        })
    }
}
