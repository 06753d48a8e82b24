//! What a statement may leave behind in its connection.

/// What kind of statement it is, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Gives rows, changes nothing.
    Read,
    /// Changes rows.
    Write,
    /// Begins or ends a transaction.
    Transaction,
    /// Moves rows by another protocol, which the interface has no place for.
    Copy,
    /// Anything else; it may leave something that a rollback does not undo.
    Other,
}

/// Classifies by the first word, and by the mention of what outlives a rollback.
/// In doubt, the answer is [`Kind::Other`], which costs a new connection.
pub(crate) fn classify(sql: &str) -> Kind {
    let first = first_word(sql).to_ascii_lowercase();
    let kind = match first.as_str() {
        "select" | "values" | "table" | "show" => Kind::Read,
        "insert" | "update" | "delete" | "merge" | "with" => Kind::Write,
        "begin" | "start" | "commit" | "end" | "rollback" | "abort" | "savepoint" | "release" => {
            return Kind::Transaction;
        }
        "copy" => return Kind::Copy,
        _ => return Kind::Other,
    };
    if outlives_rollback(&first, sql) {
        Kind::Other
    } else {
        kind
    }
}

/// The first word after spaces, comments and parentheses; perhaps empty.
fn first_word(sql: &str) -> &str {
    let mut rest = sql.trim_start_matches(is_skipped);
    loop {
        let after = match rest.get(..2) {
            Some("--") => rest.split_once(['\n', '\r']).map_or("", |(_, after)| after),
            Some("/*") => after_comment(rest),
            _ => break,
        };
        rest = after.trim_start_matches(is_skipped);
    }
    let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

fn is_skipped(letter: char) -> bool {
    letter.is_ascii_whitespace() || letter == '\u{b}' || letter == '('
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// What follows a comment, which may hold comments.
fn after_comment(text: &str) -> &str {
    let (mut depth, mut rest) = (0_usize, text);
    loop {
        let step = match rest.get(..2) {
            Some("/*") => {
                depth += 1;
                2
            }
            Some("*/") => {
                depth -= 1;
                2
            }
            _ => rest.chars().next().map_or(0, char::len_utf8),
        };
        rest = rest.get(step..).unwrap_or_default();
        if depth == 0 || rest.is_empty() {
            return rest;
        }
    }
}

/// Whether a plain statement mentions something that stays in the session: a
/// setting, a lock of the session's, a temporary table.
fn outlives_rollback(first: &str, sql: &str) -> bool {
    // Only these two can make a table; others may well have a column `temp`.
    let may_make_table = matches!(first, "select" | "with");
    let mut is_after_into = false;
    let words = sql.split(|letter| !is_word(letter));
    for word in words.filter(|word| !word.is_empty()) {
        let names = ["set_config", "advisory_lock", "pg_temp"];
        if names.iter().any(|name| contains(word, name)) {
            return true;
        }
        let is = |other: &str| word.eq_ignore_ascii_case(other);
        if may_make_table && is_after_into && (is("temp") || is("temporary")) {
            return true;
        }
        is_after_into |= is("into");
    }
    false
}

fn contains(word: &str, part: &str) -> bool {
    word.as_bytes()
        .windows(part.len())
        .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_by_their_first_word() {
        for (sql, kind) in [
            ("SELECT 1", Kind::Read),
            ("  (\n(select 1))", Kind::Read),
            ("-- a\n/* b /* c */ d */ select 1", Kind::Read),
            ("VALUES (1)", Kind::Read),
            ("SELECT pg_advisory_xact_lock(1)", Kind::Read),
            ("insert into t values (1)", Kind::Write),
            ("WITH a AS (SELECT 1) DELETE FROM t", Kind::Write),
            ("SELECT temp FROM t", Kind::Read),
            ("INSERT INTO t (temp) VALUES (1)", Kind::Write),
            ("BEGIN", Kind::Transaction),
            ("rollback;", Kind::Transaction),
            // To PostgreSQL, either sign ends a line.
            ("--\rBEGIN/*\nSELECT */", Kind::Transaction),
            ("COPY t FROM STDIN", Kind::Copy),
            ("", Kind::Other),
            ("é", Kind::Other),
            ("/* é", Kind::Other),
            ("/*", Kind::Other),
            ("--", Kind::Other),
            ("*/ SELECT 1", Kind::Other),
            ("SET a = 'b'", Kind::Other),
            ("selection", Kind::Other),
            ("CREATE TEMP TABLE t (a int)", Kind::Other),
            ("DO $$ BEGIN END $$", Kind::Other),
            ("SELECT set_config('a', 'b', false)", Kind::Other),
            ("SELECT PG_ADVISORY_LOCK(1)", Kind::Other),
            ("SELECT pg_try_advisory_lock_shared(1)", Kind::Other),
            ("SELECT 1 INTO /* é */ TEMP t", Kind::Other),
            ("SELECT 1 INTO LOCAL TEMPORARY t", Kind::Other),
            ("SELECT 1 INTO pg_temp.t", Kind::Other),
        ] {
            assert_eq!(classify(sql), kind, "{sql}");
        }
    }
}
