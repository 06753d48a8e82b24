//! What a database tells those who watch it.

use std::time::Duration;

use tokio::sync::mpsc::Sender;
use vectra_metrics::Exposition;

use super::statistics::Counters;
use super::{BUSY, Job, LocalDatabase};
use crate::Error;
use crate::database::Outcome;
use crate::statement::Kind;

impl Counters {
    /// Counts a statement that was answered.
    pub(super) fn answered(&self, kind: Kind, duration: Duration, result: &Result<Outcome, Error>) {
        match kind {
            Kind::Read => self.reads.observe(duration),
            _ => self.writes.observe(duration),
        }
        match result {
            Ok(outcome) => {
                self.rows_read.add(outcome.rows.rows.len() as u64);
                let changed = outcome.changed.map_or(0, |changed| changed.rows);
                self.rows_changed.add(changed);
            }
            Err(error) => {
                self.failed.add(1);
                if matches!(error, Error::Io(message) if message.starts_with(BUSY)) {
                    self.busy.add(1);
                }
            }
        }
    }

    fn write(&self, into: &mut Exposition) {
        into.histogram(
            "vectra_sqlite_statement_duration_seconds",
            "Statements outside transactions of the component's own, waiting included",
        )
        .observed(&[("kind", "read")], &self.reads)
        .observed(&[("kind", "write")], &self.writes);
        into.counter(
            "vectra_sqlite_statements_failed_total",
            "Statements that failed",
        )
        .sample(&[], self.failed.get());
        into.counter(
            "vectra_sqlite_statements_busy_total",
            "Statements that failed since others were in their way for too long",
        )
        .sample(&[], self.busy.get());
        into.counter(
            "vectra_sqlite_rows_total",
            "Rows that statements gave or changed",
        )
        .sample(&[("kind", "read")], self.rows_read.get())
        .sample(&[("kind", "changed")], self.rows_changed.get());
        into.histogram(
            "vectra_sqlite_commit_duration_seconds",
            "Commits of the writer, each with one sync of the disk",
        )
        .observed(&[], &self.committing);
    }
}

impl LocalDatabase {
    /// Writes the database's numbers. There is one database: the names are used once.
    pub fn write_metrics(&self, into: &mut Exposition) {
        self.place.counters.write(into);
        let statistics = self.statistics();
        into.gauge(
            "vectra_sqlite_queue_length",
            "Statements that wait for a thread, beside those under way",
        )
        .sample(&[("kind", "read")], waiting(&self.readers))
        .sample(&[("kind", "write")], waiting(&self.writer));
        let counters: [(&str, &str, u64); 5] = [
            (
                "vectra_sqlite_committed_statements_total",
                "Statements that the writer's commits held",
                statistics.committed,
            ),
            (
                "vectra_sqlite_transactions_total",
                "Transactions that the component opened",
                statistics.transactions,
            ),
            (
                "vectra_sqlite_checkpoints_total",
                "Copies of the write-ahead log into the file",
                statistics.checkpoints,
            ),
            (
                "vectra_sqlite_checkpoint_waits_total",
                "How often the writer waited for a checkpoint",
                statistics.pauses,
            ),
            (
                "vectra_sqlite_statements_compiled_total",
                "Statements that were not at hand, compiled before",
                statistics.compiled,
            ),
        ];
        for (name, help, value) in counters {
            into.counter(name, help).sample(&[], value);
        }
    }
}

fn waiting(queue: &Sender<Job>) -> usize {
    queue.max_capacity().saturating_sub(queue.capacity())
}
