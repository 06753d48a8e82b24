//! Which file a database is.

use std::env;
use std::path::PathBuf;

use crate::bindings::exports::spin::sqlite::sqlite::Error;

/// Where files lie, unless [`FOLDER_VARIABLE`] says otherwise.
const FOLDER: &str = "/data";
const FOLDER_VARIABLE: &str = "VECTRA_DATA_DIR";

/// The database that every host has, and its file: named as `vectra up` names it.
const DEFAULT: (&str, &str) = ("default", "vectra");

/// Names further databases, with commas between; `NAME` is the file `NAME.db`.
const NAMES_VARIABLE: &str = "VECTRA_DATABASES";

/// Bytes of a name, at most.
const NAME: usize = 64;

/// The file of a database.
///
/// # Errors
/// [`Error::NoSuchDatabase`] for a name that is neither `default` nor configured.
pub(crate) fn file(name: &str) -> Result<PathBuf, Error> {
    let stem = match name {
        name if name == DEFAULT.0 => DEFAULT.1,
        name if name != DEFAULT.1 && is_name(name) && is_configured(name) => name,
        _ => return Err(Error::NoSuchDatabase),
    };
    let folder = env::var(FOLDER_VARIABLE).unwrap_or_default();
    let folder = match folder.as_str() {
        "" => FOLDER,
        folder => folder,
    };
    Ok(PathBuf::from(folder).join(format!("{stem}.db")))
}

fn is_configured(name: &str) -> bool {
    env::var(NAMES_VARIABLE).is_ok_and(|names| names.split(',').any(|one| one.trim() == name))
}

/// Nothing that leads out of the folder, or means a file other than a database.
fn is_name(name: &str) -> bool {
    (1..=NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
