//! Statements about who calls: operators, acts, access, lockouts, external issuers.

mod postgres;
mod sqlite;

pub(crate) use postgres::POSTGRES;
pub(crate) use sqlite::SQLITE;

/// The SQL of one database.
pub(crate) struct CallerStatements {
    pub(crate) access_find: &'static str,
    pub(crate) access_rotate: &'static str,
    pub(crate) access_limit: &'static str,
    pub(crate) access_revoke: &'static str,
    pub(crate) operator_insert: &'static str,
    pub(crate) operator_find: &'static str,
    pub(crate) operator_touch: &'static str,
    pub(crate) operator_revoke: &'static str,
    pub(crate) operator_list: &'static str,
    pub(crate) act_append: &'static str,
    pub(crate) act_complete: &'static str,
    pub(crate) act_list: &'static str,
    pub(crate) lockout_find: &'static str,
    pub(crate) lockout_fail: &'static str,
    pub(crate) lockout_clear: &'static str,
    pub(crate) issuer_find: &'static str,
    pub(crate) issuer_claim: &'static str,
    pub(crate) issuer_attempted: &'static str,
    pub(crate) issuer_put: &'static str,
}
