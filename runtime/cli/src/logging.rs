//! Logs go to stderr: one line per event, fields named by dotted nouns.

mod line;

use std::io::IsTerminal;
use std::str::FromStr;

use thiserror::Error;
use tracing_subscriber::EnvFilter;

use line::Passing;

/// How a line is written (`System.Logging.Format`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// A JSON object. What a component writes to stderr as a JSON object stays as it is.
    Json,
}

/// The text names no format.
#[derive(Debug, Error)]
#[error("must be `text` or `json`, not `{0}`")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        match text.to_ascii_lowercase().as_str() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(UnknownFormat(text.to_owned())),
        }
    }
}

/// Starts logging. `VECTRA_LOG` chooses what is logged, in the form of
/// `RUST_LOG`; without it everything from `info` up. `VECTRA_LOG_FORMAT`, if it names a
/// format, comes before the one that is given.
pub fn start(format: Format) {
    let filter = EnvFilter::try_from_env("VECTRA_LOG")
        .or_else(|_| EnvFilter::try_from_default_env())
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let asked = std::env::var("VECTRA_LOG_FORMAT").ok();
    let asked = asked.and_then(|text| text.trim().parse().ok());
    match asked.unwrap_or(format) {
        Format::Json => subscriber.json().map_event_format(Passing).init(),
        Format::Text => subscriber.with_ansi(std::io::stderr().is_terminal()).init(),
    }
}
