//! What SQLite says when it fails, and what the interface says then.
//!
//! SQLite's own words always stay in the text: guests tell conflicts and
//! unavailability by them.

use crate::Error;

/// A failure inside SQLite, with its extended result code.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) code: i32,
    pub(super) message: String,
}

// Primary result codes; the low byte of an extended one.
const ERROR: i32 = 1;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READONLY: i32 = 8;
const INTERRUPT: i32 = 9;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const CONSTRAINT: i32 = 19;
const AUTH: i32 = 23;
const NOTADB: i32 = 26;

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            code: ERROR,
            message: message.into(),
        }
    }

    /// The database has no room.
    pub(super) fn full() -> Self {
        Self {
            code: FULL,
            message: "database or disk is full".into(),
        }
    }

    /// Something else holds the database. The text says "is locked", as SQLite does.
    pub(super) fn busy(message: &str) -> Self {
        Self {
            code: BUSY,
            message: message.into(),
        }
    }

    /// What it means for a COMMIT. If the disk failed while it was written, it is
    /// undone, but parts that did arrive may be taken for it if the process dies
    /// before anything else is committed.
    pub(super) fn at_commit(mut self) -> Self {
        if self.primary() == IOERR {
            self.message.push_str("; the outcome is unknown");
        }
        self
    }

    fn primary(&self) -> i32 {
        self.code & 0xff
    }

    pub(super) fn is_constraint(&self) -> bool {
        self.primary() == CONSTRAINT
    }

    /// Whether it may come of a full disk that was not recognised as such:
    /// SQLite tells ENOSPC of a write only, not of a sync or of making a file.
    pub(super) fn may_be_full(&self) -> bool {
        matches!(self.primary(), IOERR | CANTOPEN)
    }

    /// Whether it hits every statement of a group alike.
    pub(super) fn concerns_all(&self) -> bool {
        matches!(
            self.primary(),
            FULL | IOERR | READONLY | CORRUPT | NOTADB | CANTOPEN
        )
    }

    pub(super) fn error(&self) -> Error {
        match self.primary() {
            FULL => Error::DatabaseFull,
            _ => Error::Io(self.text()),
        }
    }

    /// What is said of it, in one line.
    pub(super) fn text(&self) -> String {
        let Self { code, message } = self;
        match self.primary() {
            BUSY | LOCKED => format!("busy: {message}"),
            READONLY => format!("read-only: {message}"),
            INTERRUPT => "the statement took too long".into(),
            IOERR => format!("i/o error: {message} (SQLite's code {code})"),
            CORRUPT | NOTADB => format!("corrupt: {message}"),
            CANTOPEN => format!("cannot open: {message}"),
            AUTH => format!("refused: {message}"),
            _ => message.clone(),
        }
    }
}

impl From<libsql::Error> for Failure {
    fn from(error: libsql::Error) -> Self {
        match error {
            libsql::Error::SqliteFailure(code, message) => Self { code, message },
            // It says no more than the number of SQLite's code.
            libsql::Error::ConnectionFailed(_) => Self {
                code: CANTOPEN,
                message: "unable to open database file".into(),
            },
            error => Self::new(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_becomes_an_error_of_the_interface() {
        for (code, message, expected) in [
            (13, "database or disk is full", None),
            (5, "database is locked", Some("busy: database is locked")),
            (517, "database is locked", Some("busy: database is locked")),
            (6, "table is locked", Some("busy: table is locked")),
            (
                8,
                "attempt to write a readonly database",
                Some("read-only: attempt to write a readonly database"),
            ),
            (
                1032,
                "attempt to write a readonly database",
                Some("read-only: attempt to write a readonly database"),
            ),
            (9, "interrupted", Some("the statement took too long")),
            (
                778,
                "disk I/O error",
                Some("i/o error: disk I/O error (SQLite's code 778)"),
            ),
            (
                11,
                "database disk image is malformed",
                Some("corrupt: database disk image is malformed"),
            ),
            (
                26,
                "file is not a database",
                Some("corrupt: file is not a database"),
            ),
            (
                14,
                "unable to open database file",
                Some("cannot open: unable to open database file"),
            ),
            (
                2067,
                "UNIQUE constraint failed: t.c",
                Some("UNIQUE constraint failed: t.c"),
            ),
            (1, "no such table: t", Some("no such table: t")),
        ] {
            let failure = Failure {
                code,
                message: message.into(),
            };
            match (failure.error(), expected) {
                (Error::DatabaseFull, None) => {}
                (Error::Io(text), Some(expected)) => assert_eq!(text, expected),
                (error, _) => panic!("{code}: {error:?}"),
            }
        }
    }
}
