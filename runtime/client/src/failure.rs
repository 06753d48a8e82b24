//! Why a command fails, in one line and one exit code.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use hyper::{Method, StatusCode};
use thiserror::Error;

use crate::http::{AddressError, Answer, Call, HttpError, Problem};
use crate::key::{KeyError, Origin};
use crate::secret::SecretError;
use crate::text;

/// Characters of one text of a refusal that are shown.
const SHOWN: usize = 300;
/// Fields of a refusal that are shown.
const FIELDS: usize = 10;

/// A command is not done.
#[derive(Debug, Error)]
pub enum Failure {
    /// An argument or its variable is wrong.
    #[error("{name} {error}")]
    Address {
        /// The argument or variable.
        name: &'static str,
        /// What is wrong.
        error: AddressError,
    },
    /// A key would go over a network in clear.
    #[error(
        "{0} is another machine and http:// is not encrypted, so nothing is sent: use https://, or say --insecure"
    )]
    Clear(String),
    /// A time cannot be told.
    #[error("`{0}` from now is no time")]
    Time(&'static str),
    /// There is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// There is no answer.
    #[error("{0}{1}")]
    Http(HttpError, Effect),
    /// The answer is a refusal.
    #[error("{0}")]
    Refused(Refusal),
    /// The answer is not what it should be.
    #[error("the gateway's answer is not understood: {0}")]
    Answer(String),
    /// A file cannot be used.
    #[error("cannot use `{}`: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// So many decisions came out differently.
    #[error("{0} came out differently")]
    Different(u64),
    /// So many cases came to something else than they expect.
    #[error("{0} failed")]
    Cases(u64),
    /// Names and files do not go together.
    #[error("there must be as many --value-file as --header")]
    Values,
    /// A held request has come to something else than was asked for.
    #[error("{0}")]
    Held(String),
    /// Nothing has this name.
    #[error("{0}")]
    NotFound(String),
    /// The first part is done, a later one is not.
    #[error("{done}, but {cause}")]
    Partly {
        /// What is done.
        done: String,
        /// What went wrong then.
        cause: Box<Failure>,
    },
    /// The answer cannot be printed.
    #[error("cannot print the answer: {0}")]
    Output(std::io::Error),
    /// The system gives no random bytes.
    #[error("the system has no randomness: {0}")]
    Random(getrandom::Error),
    /// The program cannot run.
    #[error("cannot start: {0}")]
    Runtime(std::io::Error),
}

/// What a call may have done although its answer is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// Everything it asked for.
    Possible,
}

/// What is said about it at the end of a line.
impl std::fmt::Display for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "",
            Self::Possible => "; it may have been done: look before you repeat it",
        })
    }
}

/// A status other than 2xx, with what the gateway says about it.
#[derive(Debug)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// One line, escaped and without secrets.
    pub text: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<HttpError> for Failure {
    /// Before anything is sent.
    fn from(error: HttpError) -> Self {
        Self::Http(error, Effect::None)
    }
}

impl Failure {
    /// An address is wrong.
    pub fn address(name: &'static str, error: AddressError) -> Self {
        Self::Address { name, error }
    }

    /// A call got no answer.
    pub fn unanswered(call: &Call, error: HttpError) -> Self {
        let effect = match error {
            HttpError::Unanswered { .. } | HttpError::TooLarge(_) => effect(call),
            _ => Effect::None,
        };
        Self::Http(error, effect)
    }

    /// A call was answered with a refusal. None of the secrets is shown, even if the
    /// answer repeats it.
    pub fn refused(call: &Call, answer: &Answer, secrets: &[&str], key: Option<&Origin>) -> Self {
        Self::Refused(Refusal {
            status: answer.status,
            text: line(call, answer, secrets, key),
        })
    }

    /// The exit code: 1 refused or failed, 2 the command line is wrong, 3 no key or no
    /// right, 4 not found, 5 not available.
    pub fn code(&self) -> u8 {
        match self {
            Self::Address { .. } | Self::Clear(_) | Self::Time(_) | Self::Values => 2,
            Self::Key(_) | Self::Http(HttpError::Key, _) => 3,
            Self::NotFound(_) => 4,
            Self::Http(HttpError::Unreachable { .. } | HttpError::Unanswered { .. }, _) => 5,
            Self::Refused(refusal) => match refusal.status.as_u16() {
                401 | 403 => 3,
                404 => 4,
                502..=504 => 5,
                _ => 1,
            },
            Self::Partly { cause, .. } => cause.code(),
            _ => 1,
        }
    }

    /// Says it on the standard error.
    pub fn told(&self) -> ExitCode {
        eprintln!("vectra: {}", text::line(&self.to_string(), usize::MAX));
        ExitCode::from(self.code())
    }
}

/// What is said of a refusal.
fn line(call: &Call, answer: &Answer, secrets: &[&str], key: Option<&Origin>) -> String {
    let Problem {
        title,
        detail,
        error_code,
        errors,
    } = Problem::read(&answer.body);
    // Blacked out before it is cut, so that no part of a secret is left.
    let shown = |text: &str| text::line(&text::without(text, secrets), SHOWN);
    let status = answer.status;
    let mut line = match title {
        Some(title) => shown(&title),
        None => format!("the gateway answered {status}"),
    };
    if let Some(detail) = detail {
        line.push_str(&format!(": {}", shown(detail.trim_end_matches('.'))));
    }
    for (field, texts) in errors.iter().take(FIELDS) {
        line.push_str(&format!("; {}: {}", shown(field), shown(&texts.join(", "))));
    }
    if let Some(code) = error_code {
        line.push_str(&format!(" ({} {})", status.as_u16(), shown(&code)));
    }
    let denied = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    if let (true, Some(origin)) = (denied, key) {
        line.push_str(&format!("; the key is that of {origin}"));
    }
    match answer.retry_after() {
        Some(wait) => line.push_str(&again(wait)),
        None if status.is_server_error() => line.push_str(&effect(call).to_string()),
        None => {}
    }
    line
}

fn again(wait: Duration) -> String {
    format!("; try again in {} s", wait.as_secs())
}

fn effect(call: &Call) -> Effect {
    match *call.method() == Method::GET {
        true => Effect::None,
        false => Effect::Possible,
    }
}

#[cfg(test)]
mod tests;
