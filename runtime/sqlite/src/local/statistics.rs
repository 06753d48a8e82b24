//! What a database counts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use vectra_metrics::{Counter, Histogram};

/// Counts since the database was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Commits of the writer.
    pub commits: u64,
    /// Statements that those commits held.
    pub committed: u64,
    /// Transactions that guests opened.
    pub transactions: u64,
    /// Checkpoints that ran without an error.
    pub checkpoints: u64,
    /// How often a checkpoint ended with every page copied.
    pub complete_checkpoints: u64,
    /// Checkpoints that are asked for now and have not ended.
    pub waiting_checkpoints: u64,
    /// How often the writer had to wait for a checkpoint.
    pub pauses: u64,
    /// Statements that had to be compiled.
    pub compiled: u64,
    /// Statements that were at hand, compiled before.
    pub reused: u64,
    /// Compiled statements kept now, by all threads together.
    pub kept: u64,
}

/// The counters behind [`Statistics`] and the metrics.
#[derive(Default)]
pub(super) struct Counters {
    pub(super) commits: AtomicU64,
    pub(super) committed: AtomicU64,
    pub(super) transactions: AtomicU64,
    pub(super) checkpoints: AtomicU64,
    pub(super) complete_checkpoints: AtomicU64,
    pub(super) pauses: AtomicU64,
    pub(super) compiled: AtomicU64,
    pub(super) reused: AtomicU64,
    pub(super) kept: AtomicU64,
    /// Statements that read, from the call to the answer, queue included.
    pub(super) reads: Histogram,
    /// All others.
    pub(super) writes: Histogram,
    /// Commits of the writer, by themselves.
    pub(super) committing: Histogram,
    pub(super) failed: Counter,
    /// Those of the failed ones that others were in the way of.
    pub(super) busy: Counter,
    pub(super) rows_read: Counter,
    pub(super) rows_changed: Counter,
}

/// Adds to a counter.
pub(super) fn count(counter: &AtomicU64, by: usize) {
    counter.fetch_add(by as u64, Relaxed);
}

impl Counters {
    pub(super) fn read(&self) -> Statistics {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        Statistics {
            commits: read(&self.commits),
            committed: read(&self.committed),
            transactions: read(&self.transactions),
            checkpoints: read(&self.checkpoints),
            complete_checkpoints: read(&self.complete_checkpoints),
            waiting_checkpoints: 0,
            pauses: read(&self.pauses),
            compiled: read(&self.compiled),
            reused: read(&self.reused),
            kept: read(&self.kept),
        }
    }
}
