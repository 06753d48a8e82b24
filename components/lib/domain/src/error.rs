//! What can go wrong with the database: `vectra:persistence/types.error`.

/// Why a repository call did not do what it was asked. Messages are for logs; they
/// never hold a secret and never reach a caller of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PersistenceError {
    /// The row that must exist does not; nothing was changed.
    #[error("no such row")]
    NotFound,
    /// The row exists already or is past the needed state; nothing was changed.
    #[error("conflict: {0}")]
    Conflict(String),
    /// A value the database must not hold; nothing was changed.
    #[error("invalid value: {0}")]
    Invalid(String),
    /// The tables are missing.
    #[error("the tables are missing")]
    SchemaMissing,
    /// The tables were made by a newer version.
    #[error("the tables have version {0}, which is newer than this program knows")]
    SchemaTooNew(u32),
    /// Busy, down or read-only; nothing was changed and the call may be repeated.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The disk or the database is full; nothing was changed.
    #[error("the database is full: {0}")]
    Full(String),
    /// The change may or may not be there; never repeat the call.
    #[error("the outcome is unknown: {0}")]
    Uncertain(String),
    /// Anything else; treat it as [`PersistenceError::Uncertain`].
    #[error("the database failed: {0}")]
    Other(String),
}
