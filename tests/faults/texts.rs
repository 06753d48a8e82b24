//! What real databases say, and what it may be taken for. Each text holds the word
//! that must stand in no answer.

/// What an error may be taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It does not work: 503.
    Failure,
    /// Nothing was done, and later it may work: 503, and when to come back.
    Busy,
    /// It may have been done: 503, and nobody is told to come back.
    Unknown,
    /// A value was refused: 400 where the caller gave it, else 503.
    Refused,
    /// A row is there already: 409 where the caller named it, else 503.
    Taken,
    /// A row is missing: 404 where the caller named it, else 503.
    Missing,
    /// The tables are missing, nothing was done: they are made, and a call that may
    /// be repeated is.
    NoTables,
}

use Meaning::{Busy, Failure, Missing, NoTables, Refused, Taken, Unknown};

/// Texts of `io`, as SQLite, our host and Spin write them.
pub const SQLITE: &[(&str, Meaning)] = &[
    ("busy: database is locked (kingfisher)", Busy),
    ("database is locked (code 5, kingfisher)", Busy),
    ("database table is locked: kingfisher", Busy),
    ("database schema has changed: kingfisher", Busy),
    (
        "read-only: attempt to write a readonly database, kingfisher",
        Busy,
    ),
    ("attempt to write a readonly database: kingfisher", Busy),
    (
        "cannot open: unable to open database file: kingfisher",
        Busy,
    ),
    ("database or disk is full: kingfisher", Busy),
    ("busy: too many statements wait, kingfisher", Failure),
    (
        "busy: no answer in time; the outcome is unknown, kingfisher",
        Unknown,
    ),
    (
        "the statement was given up; its outcome is unknown, kingfisher",
        Unknown,
    ),
    (
        "i/o error: disk I/O error; the outcome is unknown (SQLite's code 10, kingfisher)",
        Unknown,
    ),
    ("disk I/O error: kingfisher", Unknown),
    ("outcome unknown: kingfisher", Unknown),
    ("kingfisher\r\nHTTP/1.1 200 OK\0\u{1b}[31m\u{202e}", Unknown),
    ("", Unknown),
    (
        "corrupt: database disk image is malformed: kingfisher",
        Failure,
    ),
    ("file is not a database: kingfisher", Failure),
    ("no such column: kingfisher", Failure),
    (
        "UNIQUE constraint failed: AuditTrail.Id (kingfisher)",
        Taken,
    ),
    ("vectra conflict: AuditTrail.Id kingfisher", Taken),
    ("vectra immutable: kingfisher", Taken),
    (
        "NOT NULL constraint failed: HeldRequest.Status kingfisher",
        Taken,
    ),
    ("CHECK constraint failed: kingfisher", Refused),
    ("datatype mismatch: kingfisher", Refused),
    ("FOREIGN KEY constraint failed: kingfisher", Missing),
    ("no such table: kingfisher", NoTables),
];

/// Texts of `query-failed`, as our host and Spin write them.
pub const POSTGRES: &[(&str, Meaning)] = &[
    (
        "SqlState(E40001): could not serialize access, kingfisher",
        Busy,
    ),
    ("SqlState(E40P01): deadlock detected, kingfisher", Busy),
    (
        "SqlState(E57014): canceling statement due to statement timeout, kingfisher",
        Busy,
    ),
    (
        "SqlState(E53100): could not extend file: No space left on device, kingfisher",
        Busy,
    ),
    (
        "SqlState(E53300): too many clients already, kingfisher",
        Busy,
    ),
    (
        "SqlState(E25006): cannot execute INSERT in a read-only transaction, kingfisher",
        Busy,
    ),
    (
        "SqlState(E0A000): cached plan must not change result type, kingfisher",
        Busy,
    ),
    (SPINS, Busy),
    (
        "outcome unknown: SqlState(E57014): canceling statement, kingfisher",
        Unknown,
    ),
    (
        "outcome unknown: SqlState(E57P01): terminating connection, kingfisher",
        Unknown,
    ),
    ("outcome unknown: connection closed: kingfisher", Unknown),
    (
        "outcome unknown: the server does not answer in time, kingfisher",
        Unknown,
    ),
    (
        "SqlState(E57P02): crash of another process, kingfisher",
        Unknown,
    ),
    ("SqlState(E08006): kingfisher", Unknown),
    ("Error { kind: Closed, cause: None } kingfisher", Unknown),
    (
        "SqlState(EXX001): invalid page in block 0 of relation kingfisher",
        Unknown,
    ),
    ("SqlState(E", Unknown),
    ("kingfisher\r\nHTTP/1.1 200 OK\u{1b}[31m\u{202e}", Unknown),
    ("", Unknown),
    (
        "SqlState(E42501): permission denied for table kingfisher",
        Failure,
    ),
    ("SqlState(E23505): duplicate key violates kingfisher", Taken),
    ("SqlState(E23001): vectra immutable: kingfisher", Taken),
    (
        "SqlState(E23514): new row violates check constraint kingfisher",
        Refused,
    ),
    (
        "SqlState(E22P02): invalid input syntax: kingfisher",
        Refused,
    ),
    (
        "SqlState(E23503): violates foreign key constraint kingfisher",
        Missing,
    ),
    (
        "SqlState(E42P01): relation kingfisher does not exist",
        NoTables,
    ),
];

const SPINS: &str = "Error { kind: Db, cause: Some(DbError { severity: \"ERROR\", parsed_severity: \
    Some(Error), code: SqlState(E40001), message: \"could not serialize\", detail: \
    Some(\"kingfisher\"), hint: None }) }";
