//! What a database tells those who watch it.

use vectra_metrics::{Counter, Exposition, Histogram};

use crate::pool::PostgresDatabase;

/// What is counted as it happens.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Statements that were answered, also by an error.
    pub(crate) statements: Histogram,
    pub(crate) failed: Counter,
    /// Connections that statements were lost with.
    pub(crate) lost: Counter,
    /// Callers that got no connection, since all are lent and enough wait.
    pub(crate) refused: Counter,
    /// Callers that waited for one in vain, or whose server did not answer.
    pub(crate) unserved: Counter,
    /// Connections that were made.
    pub(crate) connected: Counter,
    /// Connections that could not be made.
    pub(crate) unconnected: Counter,
}

impl PostgresDatabase {
    /// Writes the database's numbers. There is one database: the names are used once.
    pub fn write_metrics(&self, into: &mut Exposition) {
        let status = self.pool().status();
        let gauges: [(&str, &str, usize); 4] = [
            (
                "vectra_postgres_connections",
                "Connections to the server now",
                status.size,
            ),
            (
                "vectra_postgres_connections_limit",
                "Most connections to the server",
                status.max_size,
            ),
            (
                "vectra_postgres_connections_idle",
                "Connections that are not lent",
                status.available,
            ),
            (
                "vectra_postgres_callers_waiting",
                "Callers that wait for a connection",
                status.waiting,
            ),
        ];
        for (name, help, value) in gauges {
            into.gauge(name, help).sample(&[], value);
        }
        self.counters().write(into);
    }
}

impl Counters {
    fn write(&self, into: &mut Exposition) {
        into.histogram(
            "vectra_postgres_statement_duration_seconds",
            "Statements, from sending to the end of the answer",
        )
        .observed(&[], &self.statements);
        into.counter(
            "vectra_postgres_statements_failed_total",
            "Statements that failed",
        )
        .sample(&[], self.failed.get());
        into.counter(
            "vectra_postgres_callers_refused_total",
            "Callers that got no connection",
        )
        .sample(&[("reason", "queue-full")], self.refused.get())
        .sample(&[("reason", "failed")], self.unserved.get());
        into.counter(
            "vectra_postgres_connections_made_total",
            "Connections that were made, the first ones and those after a loss",
        )
        .sample(&[], self.connected.get());
        into.counter(
            "vectra_postgres_connections_failed_total",
            "Connections that could not be made",
        )
        .sample(&[], self.unconnected.get());
        into.counter(
            "vectra_postgres_connections_lost_total",
            "Connections that ended, or had to be closed, under a statement",
        )
        .sample(&[], self.lost.get());
    }
}
