//! What a database error is for a caller, and when to come back.

use vectra_domain::PersistenceError;

use super::{Kind, Refusal};

/// Seconds after which a database that was busy or down may be asked again, and one
/// that was full.
const SOON: u32 = 5;
const WHEN_THERE_IS_ROOM: u32 = 60;

/// What a database error is for a caller. What the database says stays inside.
impl Refusal {
    fn database(kind: Kind, error: &PersistenceError, retry_after: Option<u32>) -> Self {
        let refusal = Self::new(kind).internal(error.to_string());
        match retry_after {
            Some(seconds) => refusal.retry_after(seconds),
            None => refusal,
        }
    }

    /// An administrative change that was not made, or of which nobody knows whether
    /// it was.
    pub(crate) fn not_saved(error: PersistenceError) -> Self {
        let kind = match error {
            PersistenceError::Invalid(_) => Kind::Invalid,
            PersistenceError::Unavailable(_)
            | PersistenceError::SchemaMissing
            | PersistenceError::SchemaTooNew(_) => Kind::DatabaseUnavailable,
            PersistenceError::NotFound
            | PersistenceError::Conflict(_)
            | PersistenceError::Full(_)
            | PersistenceError::Uncertain(_)
            | PersistenceError::Other(_) => Kind::NotSaved,
        };
        Self::database(kind, &error, repeatable(&error))
    }

    /// A decision that was not recorded, or of which nobody knows whether it was.
    pub(crate) fn not_recorded(error: PersistenceError) -> Self {
        Self::database(Kind::NotRecorded, &error, repeatable(&error))
            .detail("nothing was forwarded")
    }
}

/// A question that the database did not answer. It may always be asked again, unless
/// the gateway is too old for the tables.
impl From<PersistenceError> for Refusal {
    fn from(error: PersistenceError) -> Self {
        let retry_after = match error {
            PersistenceError::SchemaTooNew(_) => None,
            _ => Some(SOON),
        };
        Self::database(Kind::DatabaseUnavailable, &error, retry_after)
    }
}

/// When a change may be tried again: only if it is certain that nothing was changed,
/// and another attempt may fare better.
const fn repeatable(error: &PersistenceError) -> Option<u32> {
    match error {
        PersistenceError::Unavailable(_) | PersistenceError::SchemaMissing => Some(SOON),
        PersistenceError::Full(_) => Some(WHEN_THERE_IS_ROOM),
        PersistenceError::NotFound
        | PersistenceError::Conflict(_)
        | PersistenceError::Invalid(_)
        | PersistenceError::SchemaTooNew(_)
        | PersistenceError::Uncertain(_)
        | PersistenceError::Other(_) => None,
    }
}
