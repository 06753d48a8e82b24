//! How full the WAL is, as whoever writes sees it.

use std::path::Path;

use super::LocalOptions;
use super::wal::{Salt, Wal};

/// The writer refuses to write at this many times the cap.
const LIMIT: u64 = 16;

/// Looks at the WAL after each commit.
pub(super) struct Gauge {
    wal: Wal,
    step: u64,
    cap: u64,
    salt: Salt,
    page: u64,
    /// Frames that are known to be there.
    reached: u64,
    /// The frame that is looked for next.
    next: u64,
    /// From which frame on the writer waits for a checkpoint.
    relief: u64,
    /// A beginning of which nothing is needed any more.
    emptied: Option<Salt>,
}

/// A frame that is there, and was not before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) salt: Salt,
    pub(super) frame: u64,
}

impl Gauge {
    pub(super) fn new(database: &Path, options: &LocalOptions) -> Self {
        let step = options.checkpoint.max(1);
        let cap = options.wal_cap.max(step);
        Self {
            wal: Wal::of(database),
            step,
            cap,
            salt: Salt::default(),
            page: 0,
            reached: 0,
            next: step,
            relief: cap,
            emptied: None,
        }
    }

    /// Looks whether another step was reached.
    pub(super) fn look(&mut self) -> Option<Reached> {
        let (salt, page) = self.wal.beginning()?;
        if (salt, page) != (self.salt, self.page) {
            (self.salt, self.page) = (salt, page);
            (self.reached, self.next, self.relief) = (0, self.step, self.cap);
        }
        if self.emptied == Some(salt) {
            return None;
        }
        let before = self.reached;
        while self.wal.has(self.next, salt, page) {
            self.reached = self.next;
            self.next += self.step;
        }
        (self.reached > before).then_some(self.now())
    }

    /// The frame after one that was copied, if it is there.
    pub(super) fn after(&mut self, copied: Reached) -> Option<Reached> {
        let more = Reached {
            salt: copied.salt,
            frame: copied.frame + 1,
        };
        let is_there = copied.salt == self.salt
            && self.emptied != Some(self.salt)
            && self.wal.has(more.frame, self.salt, self.page);
        is_there.then_some(more)
    }

    /// The last step that was reached.
    pub(super) fn now(&self) -> Reached {
        Reached {
            salt: self.salt,
            frame: self.reached,
        }
    }

    pub(super) fn is_over_cap(&self) -> bool {
        self.reached >= self.relief
    }

    /// Whether it grows faster than it is copied.
    pub(super) fn is_far_over_cap(&self) -> bool {
        self.is_over_cap() && self.reached >= self.cap.saturating_mul(2)
    }

    pub(super) fn is_over_limit(&self) -> bool {
        self.reached >= self.cap.saturating_mul(LIMIT)
    }

    /// Whether the file is larger than the cap accounts for.
    pub(super) fn is_large(&self) -> bool {
        self.wal.size() > self.cap.saturating_mul(2).saturating_mul(self.page)
    }

    /// Whether the file should shrink. Little of it is in use, so nobody is in the way.
    pub(super) fn should_shrink(&self) -> bool {
        self.reached < self.cap && self.is_large()
    }

    /// The next commit begins anew.
    pub(super) fn emptied(&mut self) {
        self.emptied = Some(self.salt);
        (self.reached, self.next, self.relief) = (0, self.step, self.cap);
    }

    /// The writer waited in vain; let it write a while before it does again.
    pub(super) fn put_off(&mut self) {
        self.relief = self.reached + (self.cap / 8).max(self.step);
    }
}
