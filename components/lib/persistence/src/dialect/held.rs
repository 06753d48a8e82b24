//! Statements about held requests and what is told of them.

mod postgres;
mod sqlite;

pub(crate) use postgres::POSTGRES;
pub(crate) use sqlite::SQLITE;

/// The SQL of one database.
pub(crate) struct HeldStatements {
    pub(crate) find: &'static str,
    pub(crate) find_sealed: &'static str,
    pub(crate) count_pending: &'static str,
    pub(crate) list: &'static str,
    pub(crate) approve: &'static str,
    pub(crate) approvals: &'static str,
    pub(crate) advance: &'static str,
    pub(crate) claim: &'static str,
    pub(crate) finish: &'static str,
    pub(crate) find_release: &'static str,
    pub(crate) expire: &'static str,
    pub(crate) prune: &'static str,
    pub(crate) notification_claim: &'static str,
    pub(crate) notification_remove: &'static str,
    pub(crate) notification_clear: &'static str,
}
