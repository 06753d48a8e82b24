//! Logs go to stderr: one line per event, fields named by dotted nouns.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging. `VECTRA_LOG` chooses what is logged, in the form of
/// `RUST_LOG`; without it everything from `info` up. `VECTRA_LOG_FORMAT=json`
/// writes JSON lines.
pub fn start() {
    let filter = EnvFilter::try_from_env("VECTRA_LOG")
        .or_else(|_| EnvFilter::try_from_default_env())
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match std::env::var("VECTRA_LOG_FORMAT").as_deref() {
        Ok("json") => subscriber.json().init(),
        _ => subscriber.with_ansi(std::io::stderr().is_terminal()).init(),
    }
}
