//! What differs between databases, in one place each.

mod callers;
mod circuits;
mod credentials;
mod held;
mod intents;
mod postgres;
mod sqlite;

use vectra_domain::PersistenceError;

pub(crate) use callers::CallerStatements;
pub(crate) use circuits::CircuitStatements;
pub(crate) use credentials::CredentialStatements;
pub(crate) use held::HeldStatements;
pub(crate) use intents::IntentStatements;
pub use postgres::POSTGRES;
pub use sqlite::SQLITE;

use crate::DatabaseError;
use crate::filter::Kind;

/// The SQL of one database. Statements take their parameters in the order in which
/// `repository` binds them and give columns in the order in which `mapping` reads them.
pub struct Dialect {
    /// What makes each version of the tables of the one before it, from version 1 on.
    pub(crate) versions: &'static [&'static str],
    /// The statements of a version, each of which may be repeated. Unless they do it
    /// themselves, `set_version` follows them.
    pub(crate) step: fn(version: u32, text: &str) -> Vec<String>,
    /// What a database error means.
    pub(crate) error: fn(&DatabaseError) -> PersistenceError,
    /// The text of the n-th parameter, from 1.
    pub(crate) placeholder: fn(usize, Kind) -> String,
    pub(crate) version: &'static str,
    pub(crate) set_version: &'static str,
    pub(crate) agent_insert: &'static str,
    pub(crate) agent_find: &'static str,
    pub(crate) agent_update: &'static str,
    pub(crate) agent_delete: &'static str,
    pub(crate) agent_list: &'static str,
    pub(crate) agent_prune: &'static str,
    pub(crate) history_append: &'static str,
    pub(crate) history_recent: &'static str,
    pub(crate) history_prune: &'static str,
    pub(crate) audit_append: &'static str,
    pub(crate) audit_complete: &'static str,
    pub(crate) audit_find: &'static str,
    pub(crate) audit_list: &'static str,
    pub(crate) audit_range: &'static str,
    pub(crate) policy_put: &'static str,
    pub(crate) policy_find: &'static str,
    pub(crate) policy_list: &'static str,
    pub(crate) policy_revisions: &'static str,
    pub(crate) policy_retire: &'static str,
    pub(crate) load: &'static str,
    pub(crate) record: &'static str,
    pub(crate) activity_prune: &'static str,
    pub(crate) refusals_list: &'static str,
    pub(crate) counters: &'static str,
    pub(crate) callers: &'static CallerStatements,
    pub(crate) circuits: &'static CircuitStatements,
    pub(crate) intents: &'static IntentStatements,
    pub(crate) held: &'static HeldStatements,
    pub(crate) credentials: &'static CredentialStatements,
}
