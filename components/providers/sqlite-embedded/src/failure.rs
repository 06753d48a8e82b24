//! What SQLite says when it fails, and what the interface says then.
//!
//! The texts are those of `runtime/sqlite`, and SQLite's own words always stay in them:
//! guests tell conflicts and unavailability by them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rusqlite::ffi;

use crate::authorizer;
use crate::bindings::exports::spin::sqlite::sqlite::Error;

/// A failure inside SQLite, with its extended result code.
#[derive(Debug)]
pub(crate) struct Failure {
    code: i32,
    message: String,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            code: ffi::SQLITE_ERROR,
            message: message.into(),
        }
    }

    /// Whether the disk was full or failed.
    pub(crate) fn is_of_the_disk(&self) -> bool {
        matches!(
            self.code & 0xff,
            ffi::SQLITE_FULL | ffi::SQLITE_IOERR | ffi::SQLITE_CORRUPT
        )
    }

    /// As the interface says it of this file.
    pub(crate) fn error(self, file: &Path) -> Error {
        let refusal = authorizer::take_refusal();
        let Self { code, message } = self;
        Error::Io(match code & 0xff {
            ffi::SQLITE_FULL => return Error::DatabaseFull,
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => format!("busy: {message}"),
            ffi::SQLITE_READONLY => format!("read-only: {message}"),
            ffi::SQLITE_INTERRUPT => "the statement took too long".to_owned(),
            ffi::SQLITE_IOERR => format!("i/o error: {message} (SQLite's code {code})"),
            ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => format!("corrupt: {message}"),
            ffi::SQLITE_CANTOPEN => format!("cannot open: {}", unopened(file, &message)),
            ffi::SQLITE_AUTH => refusal.unwrap_or_else(|| format!("refused: {message}")),
            _ => message,
        })
    }
}

/// The two reasons that an operator can do something about.
fn unopened(file: &Path, message: &str) -> String {
    let name = file.display();
    if is_wal(file) {
        return format!(
            "`{name}` is in WAL mode, which the sandbox has not: \
             stop what uses it, and run `PRAGMA journal_mode=DELETE` on it"
        );
    }
    match file.parent() {
        Some(folder) if !folder.is_dir() => format!(
            "{message}: there is no folder `{}` that the host gives",
            folder.display()
        ),
        _ => message.to_owned(),
    }
}

/// Bytes 18 and 19 of the file say which versions of its format may write and read it.
fn is_wal(file: &Path) -> bool {
    let mut header = [0_u8; 20];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && matches!(header, [.., 2, 2])
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(error, message) => Self {
                code: error.extended_code,
                message: message.unwrap_or_else(|| error.to_string()),
            },
            rusqlite::Error::SqlInputError { error, msg, .. } => Self {
                code: error.extended_code,
                message: msg,
            },
            error => Self::new(error.to_string()),
        }
    }
}
