//! Statements that begin and end transactions.

use super::tokens::Tokens;

/// What a statement does to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// BEGIN or SAVEPOINT.
    Begin,
    /// BEGIN that asks at once for the right to write.
    BeginWriting,
    /// COMMIT.
    Commit,
    /// ROLLBACK of the whole.
    Rollback,
    /// RELEASE, or ROLLBACK TO a savepoint.
    Part,
}

impl Control {
    /// Takes the first word in capitals and what comes after it.
    pub(super) fn of(first: &str, mut tokens: Tokens<'_>) -> Self {
        let mut word = tokens.word().to_ascii_uppercase();
        match first {
            "BEGIN" if word == "IMMEDIATE" || word == "EXCLUSIVE" => Self::BeginWriting,
            "BEGIN" | "SAVEPOINT" => Self::Begin,
            "ROLLBACK" => {
                if word == "TRANSACTION" {
                    word = tokens.word().to_ascii_uppercase();
                }
                match word.as_str() {
                    "TO" => Self::Part,
                    _ => Self::Rollback,
                }
            }
            "RELEASE" => Self::Part,
            _ => Self::Commit,
        }
    }
}

/// Whether a statement opens a transaction if none is open.
pub(crate) fn opens_transaction(sql: &str) -> bool {
    let first = Tokens::new(sql).word();
    first.eq_ignore_ascii_case("BEGIN") || first.eq_ignore_ascii_case("SAVEPOINT")
}
