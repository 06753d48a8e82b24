//! What SQLite's own parser is asked to refuse.

use std::cell::RefCell;

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

/// PRAGMAs that only read, and those of them that take an argument: the ones that
/// `runtime/sqlite` lets pass.
const READING: [&str; 9] = [
    "application_id",
    "encoding",
    "foreign_keys",
    "freelist_count",
    "journal_mode",
    "page_count",
    "page_size",
    "synchronous",
    "user_version",
];
const READING_OF: [&str; 7] = [
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "table_info",
    "table_list",
    "table_xinfo",
];

thread_local! {
    /// Why the last statement was refused: SQLite itself only says "not authorized".
    static REFUSED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What was refused since this was last asked.
pub(crate) fn take_refusal() -> Option<String> {
    REFUSED.with_borrow_mut(Option::take)
}

/// No other files and no PRAGMA that writes: WAL needs memory that instances share, and
/// exclusive locking would keep the token for ever. Nothing temporary, as elsewhere.
pub(crate) fn authorize(context: AuthContext<'_>) -> Authorization {
    let refused = match context.action {
        AuthAction::Attach { .. } => "`ATTACH`, and `VACUUM`, which needs it,".to_owned(),
        AuthAction::Detach { .. } => "`DETACH`".to_owned(),
        AuthAction::CreateTempIndex { .. }
        | AuthAction::CreateTempTable { .. }
        | AuthAction::CreateTempTrigger { .. }
        | AuthAction::CreateTempView { .. } => "a temporary object".to_owned(),
        AuthAction::Pragma {
            pragma_name,
            pragma_value,
        } if !reads(pragma_name, pragma_value) => why(pragma_name),
        _ => return Authorization::Allow,
    };
    REFUSED.set(Some(format!("{refused} is refused")));
    Authorization::Deny
}

fn reads(name: &str, argument: Option<&str>) -> bool {
    let name = name.to_ascii_lowercase();
    READING_OF.contains(&name.as_str()) || (argument.is_none() && READING.contains(&name.as_str()))
}

fn why(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "journal_mode" => {
            "`PRAGMA journal_mode` with a value (there is no WAL in the sandbox)".to_owned()
        }
        "locking_mode" => {
            "`PRAGMA locking_mode` (instances share the file, none may keep it)".to_owned()
        }
        _ => format!("`PRAGMA {name}`"),
    }
}
