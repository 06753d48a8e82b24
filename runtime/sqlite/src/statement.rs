//! Looks at a statement's text: what kind it is, and whether a guest may run it.
//!
//! SQLite's own parser comes after this; here only enough is read to find the
//! first word and the end of the first statement.

mod control;
mod tokens;

use crate::Error;
pub(crate) use control::{Control, opens_transaction};
use tokens::{Token, Tokens};

/// Where a statement goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It reads; any reader may run it.
    Read,
    /// It changes rows and can say how many.
    Change,
    /// Anything else, such as making a table.
    Other,
    /// It begins or ends a transaction, or a part of one.
    Control(Control),
}

/// PRAGMAs that only read, and those of them that take an argument.
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

/// Tells the kind of a statement.
///
/// # Errors
/// [`Error::Io`] for what guests may not run: other files, PRAGMAs that write, and
/// more than one statement.
pub(crate) fn classify(sql: &str) -> Result<Kind, Error> {
    if sql.contains('\0') {
        return Err(refused("a statement must not hold U+0000"));
    }
    let mut tokens = Tokens::new(sql);
    let mut first = tokens.next();
    while let Some(Token::Word(word)) = first
        && [&b"EXPLAIN"[..], b"QUERY", b"PLAN"]
            .iter()
            .any(|skip| word.eq_ignore_ascii_case(skip))
    {
        first = tokens.next();
    }
    let Some(Token::Word(first)) = first else {
        return Err(refused("there is no statement"));
    };
    let first = String::from_utf8_lossy(first).to_ascii_uppercase();
    let kind = match first.as_str() {
        "SELECT" => Kind::Read,
        "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "WITH" => Kind::Change,
        "BEGIN" | "COMMIT" | "END" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => {
            Kind::Control(Control::of(&first, tokens.clone()))
        }
        "ATTACH" | "DETACH" | "VACUUM" => return Err(refused(&format!("`{first}` is refused"))),
        "PRAGMA" => pragma(&mut tokens)?,
        _ => Kind::Other,
    };
    match has_tail(tokens, first == "CREATE") {
        true => Err(refused("more than one statement in one call")),
        false => Ok(kind),
    }
}

/// Whether a PRAGMA neither writes nor tells more than the schema.
pub(crate) fn pragma_reads(name: &str, argument: Option<&str>) -> bool {
    let name = name.to_ascii_lowercase();
    READING_OF.contains(&name.as_str()) || (argument.is_none() && READING.contains(&name.as_str()))
}

fn pragma(tokens: &mut Tokens<'_>) -> Result<Kind, Error> {
    let mut name = tokens.word();
    let mut ahead = tokens.clone();
    if ahead.next() == Some(Token::Other(b'.')) {
        name = ahead.word();
        *tokens = ahead.clone();
        ahead = tokens.clone();
    }
    let argument = match ahead.next() {
        None | Some(Token::Semicolon) => None,
        Some(_) => Some(""),
    };
    match pragma_reads(&name, argument) {
        true => Ok(Kind::Other),
        false => Err(refused(&format!("`PRAGMA {name}` is refused"))),
    }
}

/// Whether anything follows the first statement. The body of a trigger holds
/// semicolons of its own; it ends at `; END ;`.
fn has_tail(mut tokens: Tokens<'_>, create: bool) -> bool {
    let trigger = create && is_trigger(tokens.clone());
    let (mut semicolon, mut end) = (false, false);
    while let Some(token) = tokens.next() {
        match token {
            Token::Semicolon if !trigger || end => {
                return tokens.any(|token| token != Token::Semicolon);
            }
            Token::Semicolon => (semicolon, end) = (true, false),
            Token::Word(word) => {
                (semicolon, end) = (false, semicolon && word.eq_ignore_ascii_case(b"END"));
            }
            Token::Other(_) => (semicolon, end) = (false, false),
        }
    }
    false
}

fn is_trigger(mut tokens: Tokens<'_>) -> bool {
    let mut word = tokens.word();
    if word.eq_ignore_ascii_case("TEMP") || word.eq_ignore_ascii_case("TEMPORARY") {
        word = tokens.word();
    }
    word.eq_ignore_ascii_case("TRIGGER")
}

fn refused(message: &str) -> Error {
    Error::Io(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_kind_by_the_first_word() {
        for (sql, kind) in [
            ("SELECT 1", Kind::Read),
            ("  -- first\n /* second; */ select ';'", Kind::Read),
            ("SELECT 1; ; -- end\n", Kind::Read),
            ("SELECT \";\", [;], `;`, 'it''s; '", Kind::Read),
            ("EXPLAIN QUERY PLAN SELECT 1", Kind::Read),
            ("INSERT INTO t VALUES (1)", Kind::Change),
            ("WITH a AS (SELECT 1) SELECT * FROM a", Kind::Change),
            ("CREATE TABLE t (a)", Kind::Other),
            ("PRAGMA table_info(t)", Kind::Other),
            ("PRAGMA main.table_info(t);", Kind::Other),
            ("PRAGMA main.user_version", Kind::Other),
            ("BEGIN", Kind::Control(Control::Begin)),
            ("begin deferred transaction;", Kind::Control(Control::Begin)),
            ("BEGIN IMMEDIATE", Kind::Control(Control::BeginWriting)),
            ("BEGIN EXCLUSIVE", Kind::Control(Control::BeginWriting)),
            ("COMMIT", Kind::Control(Control::Commit)),
            ("/* x */ END TRANSACTION", Kind::Control(Control::Commit)),
            ("ROLLBACK", Kind::Control(Control::Rollback)),
            ("ROLLBACK TRANSACTION", Kind::Control(Control::Rollback)),
            ("ROLLBACK TO a", Kind::Control(Control::Part)),
            (
                "ROLLBACK TRANSACTION TO SAVEPOINT a",
                Kind::Control(Control::Part),
            ),
            ("SAVEPOINT a", Kind::Control(Control::Begin)),
            ("RELEASE a", Kind::Control(Control::Part)),
            (
                "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; DELETE FROM b; END",
                Kind::Other,
            ),
            (
                "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; /* ; */ END;",
                Kind::Other,
            ),
        ] {
            match classify(sql) {
                Ok(found) => assert_eq!(found, kind, "{sql}"),
                Err(error) => panic!("{sql}: {error}"),
            }
        }
    }

    #[test]
    fn refuses_what_a_guest_may_not_run() {
        for sql in [
            "",
            " -- nothing",
            ";",
            "BEGIN; INSERT INTO t VALUES (1)",
            "INSERT INTO t VALUES (1); COMMIT",
            "ATTACH 'x' AS y",
            "DETACH y",
            "VACUUM",
            "VACUUM INTO 'x'",
            "PRAGMA journal_mode = DELETE",
            "PRAGMA journal_mode(DELETE)",
            "EXPLAIN PRAGMA journal_mode=DELETE",
            "PRAGMA main.user_version = 1",
            "PRAGMA database_list",
            "PRAGMA writable_schema=1",
            "PRAGMA wal_checkpoint",
            "PRAGMA 'user_version'",
            "SELECT 1; SELECT 2",
            "SELECT 1; -- comment\n DROP TABLE t",
            "INSERT INTO t VALUES (';'); DELETE FROM t",
            "CREATE TABLE t (a); DROP TABLE t",
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END; DROP TABLE a",
            "SELECT 1\0",
        ] {
            assert!(matches!(classify(sql), Err(Error::Io(_))), "{sql}");
        }
    }
}
