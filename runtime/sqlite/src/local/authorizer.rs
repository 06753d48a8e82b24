//! What SQLite's own parser is asked to refuse.

use libsql::{AuthAction, AuthContext, Authorization};

use crate::statement::pragma_reads;

/// The second net below [`crate::statement`]: no other files, no PRAGMA that
/// writes, however it is written. Nothing temporary: it would outlive its guest
/// on a shared connection, and hide tables of the same name from all others.
pub(super) fn authorize(context: &AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Attach { .. }
        | AuthAction::Detach { .. }
        | AuthAction::CreateTempIndex { .. }
        | AuthAction::CreateTempTable { .. }
        | AuthAction::CreateTempTrigger { .. }
        | AuthAction::CreateTempView { .. } => Authorization::Deny,
        AuthAction::Pragma {
            pragma_name,
            pragma_value,
        } => match pragma_reads(pragma_name, pragma_value) {
            true => Authorization::Allow,
            false => Authorization::Deny,
        },
        _ => Authorization::Allow,
    }
}
