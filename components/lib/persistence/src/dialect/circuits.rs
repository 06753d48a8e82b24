//! Statements about circuits of upstreams, and of the ledger what goes with them.

mod postgres;
mod sqlite;

pub(crate) use postgres::POSTGRES;
pub(crate) use sqlite::SQLITE;

/// The SQL of one database.
pub(crate) struct CircuitStatements {
    pub(crate) report: &'static str,
    pub(crate) list: &'static str,
    pub(crate) changes: &'static str,
    pub(crate) prune: &'static str,
    /// `ledger.record` of a request that wants to be a probe.
    pub(crate) probe: &'static str,
}
