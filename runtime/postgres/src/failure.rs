//! What can go wrong, in the interface's words.
//!
//! Of what the server says, the code and the message are kept, not DETAIL, HINT and
//! WHERE, which hold rows. The code is written as Spin writes it, since components
//! look for `SqlState(E23505)`.

use deadpool::managed::{PoolError, TimeoutType};
use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::Error;
use crate::connect::ConnectError;

/// Bytes of the server's message, at most.
const MESSAGE: usize = 1024;

/// How errors begin after which a statement may have been carried out.
const UNKNOWN: &str = "outcome unknown: ";

/// Why a statement failed, and what has become of its connection.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) connection: Fate,
    /// The prepared statement is the culprit; another one would do.
    pub(crate) is_stale: bool,
}

/// What has become of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It can be used on.
    Kept,
    /// It must not be used any more.
    Lost,
}

impl Failure {
    /// Nothing was sent.
    pub(crate) fn refused(error: Error) -> Self {
        Self {
            error,
            connection: Fate::Kept,
            is_stale: false,
        }
    }

    /// The statement runs on without us.
    pub(crate) fn given_up(error: Error) -> Self {
        Self {
            error,
            connection: Fate::Lost,
            is_stale: false,
        }
    }

    /// The statement could not be prepared, so it was not carried out.
    pub(crate) fn preparing(error: &tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(said) if ends_connection(said) => {
                Self::given_up(Error::ConnectionFailed(text(said)))
            }
            Some(said) => Self::refused(Error::QueryFailed(text(said))),
            None => Self::given_up(Error::ConnectionFailed(chain(error))),
        }
    }

    /// The statement was sent, or may have been.
    pub(crate) fn sent(error: &tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(said) if ends_connection(said) => {
                Self::given_up(Error::QueryFailed(unknown(&text(said))))
            }
            Some(said) => Self {
                error: Error::QueryFailed(text(said)),
                connection: Fate::Kept,
                is_stale: is_stale(said.code()),
            },
            None => Self::given_up(Error::QueryFailed(unknown(&chain(error)))),
        }
    }
}

/// The text of an error after which the statement may have been carried out.
pub(crate) fn unknown(text: &str) -> String {
    format!("{UNKNOWN}{text}")
}

/// There is no connection to be had.
pub(crate) fn connecting(error: &PoolError<ConnectError>) -> Error {
    Error::ConnectionFailed(match error {
        PoolError::Timeout(TimeoutType::Wait) => "busy: no connection became free in time".into(),
        PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle) => {
            "the server does not answer in time".into()
        }
        PoolError::Backend(ConnectError::Server(error)) => {
            error.as_db_error().map_or_else(|| chain(error), text)
        }
        PoolError::Backend(error) => chain(error),
        error => error.to_string(),
    })
}

/// Code and message of what the server said.
fn text(said: &DbError) -> String {
    let message = said.message();
    let end = message.floor_char_boundary(MESSAGE);
    let message = message.get(..end).unwrap_or_default();
    format!("SqlState(E{}): {message}", said.code().code())
}

/// An error and its causes. They come from the layers below and hold no data.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Whether the server ends the connection with this.
fn ends_connection(said: &DbError) -> bool {
    let is_fatal = matches!(
        said.parsed_severity(),
        Some(Severity::Fatal | Severity::Panic)
    );
    let code = said.code();
    is_fatal
        || *code == SqlState::ADMIN_SHUTDOWN
        || *code == SqlState::CRASH_SHUTDOWN
        || *code == SqlState::CANNOT_CONNECT_NOW
}

/// Whether it says that a prepared statement is out of date or gone.
fn is_stale(code: &SqlState) -> bool {
    // "cached plan must not change result type" has no code of its own.
    *code == SqlState::FEATURE_NOT_SUPPORTED || *code == SqlState::INVALID_SQL_STATEMENT_NAME
}
