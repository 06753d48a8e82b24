//! How much one question to a policy may cost.

use std::cell::Cell;

/// Steps of one question: looking at a rule, at a condition, at a value, at a property
/// or an element of the body, at a byte of a text. A body of 1 MiB may be searched some
/// sixty times.
const STEPS: u64 = 64 * 1024 * 1024;

/// Steps that are left.
pub(super) struct Budget(Cell<u64>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(STEPS))
    }
}

impl Budget {
    /// Takes some steps; false if there are not so many left, and from then on.
    pub(super) fn spend(&self, steps: usize) -> bool {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        let left = self.0.get().checked_sub(steps);
        self.0.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Steps that were taken.
    #[cfg(test)]
    pub(super) const fn spent(&self) -> u64 {
        STEPS - self.0.get()
    }

    /// Whether there are steps left.
    pub(super) const fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}
