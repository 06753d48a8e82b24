//! What SQLite says when it fails.

use crate::Error;

/// A failure inside SQLite, with its primary result code.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: i32,
    pub(super) message: String,
}

const FULL: i32 = 13;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const INTERRUPT: i32 = 9;
const CONSTRAINT: i32 = 19;

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            code: 1,
            message: message.into(),
        }
    }

    pub(super) fn is_constraint(&self) -> bool {
        self.code == CONSTRAINT
    }

    pub(super) fn error(&self) -> Error {
        match self.code {
            FULL => Error::DatabaseFull,
            BUSY | LOCKED => Error::Io(format!("busy: {}", self.message)),
            INTERRUPT => Error::Io("the statement took too long".into()),
            _ => Error::Io(self.message.clone()),
        }
    }
}

impl From<libsql::Error> for Failure {
    fn from(error: libsql::Error) -> Self {
        match error {
            // The low byte is the primary code.
            libsql::Error::SqliteFailure(code, message) => Self {
                code: code & 0xff,
                message,
            },
            error => Self::new(error.to_string()),
        }
    }
}
