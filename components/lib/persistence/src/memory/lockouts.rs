//! `vectra:persistence/lockouts`.

use vectra_domain::repository::{LockoutRepository, Result};
use vectra_domain::{Failures, LockoutSubject, Timestamp};

use super::{Memory, State};
use crate::repository::lockouts::{AHEAD, place};

impl State {
    /// The failures at a place, if they are this subject's.
    fn failures(&mut self, place: u16, subject: &str) -> Option<&mut Failures> {
        let (there, failures) = self.lockouts.get_mut(&place)?;
        (there == subject).then_some(failures)
    }
}

impl LockoutRepository for Memory {
    fn find(&self, subject: &LockoutSubject) -> Result<Option<Failures>> {
        let (place, text) = place(subject)?;
        self.call(|state| Ok(state.failures(place, &text).copied()))
    }

    fn fail(
        &self,
        subject: &LockoutSubject,
        now: Timestamp,
        forget_before: Timestamp,
    ) -> Result<()> {
        let (place, text) = place(subject)?;
        self.call(|state| {
            let mut failures = Failures {
                count: 1,
                last: now,
            };
            let so_far = state.failures(place, &text);
            if let Some(so_far) = so_far.filter(|so_far| so_far.last <= now.plus(AHEAD)) {
                if so_far.last >= forget_before {
                    failures.count = so_far.count.saturating_add(1);
                }
                failures.last = so_far.last.max(now);
            }
            state.lockouts.insert(place, (text, failures));
            Ok(())
        })
    }

    fn clear(&self, subject: &LockoutSubject) -> Result<()> {
        let (place, text) = place(subject)?;
        self.call(|state| {
            if state.failures(place, &text).is_some() {
                state.lockouts.remove(&place);
            }
            Ok(())
        })
    }
}
