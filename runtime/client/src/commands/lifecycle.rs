//! `vectra lifecycle`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use hyper::Method;
use serde_json::json;

use super::Command;
use crate::connection::Remote;
use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Record, View};
use crate::table::{Column, column};

const MORE: &[Column] = &[column("more to do", "more")];
const EVENTS: &[Column] = &[column("severity", "severity"), column("event", "message")];

/// What was done.
pub const VIEW: View = View::Record(Record {
    columns: MORE,
    once: None,
    below: Some(("events", EVENTS)),
});

/// What happens outside requests
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  vectra lifecycle tick")]
pub enum Lifecycle {
    /// Does what is due: expires, prunes, sends what was approved, tells of it
    Tick(Remote<Tick>),
}

impl Lifecycle {
    /// Runs the command.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self {
            Self::Tick(command) => command.run(),
        }
    }
}

/// `vectra lifecycle tick`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra lifecycle tick\n\n\
        `vectra up` ticks by itself every minute. On other hosts, such as Spin, something else\n\
        has to: a line of cron, a timer of systemd, a CronJob.")]
pub struct Tick {
    /// Rows of each kind that are handled at most
    #[arg(long, value_name = "ROWS", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1000))]
    budget: u32,
}

impl Command for Tick {
    fn call(&self) -> Result<Call, Failure> {
        Ok(tick().json(json!({ "budget": self.budget })))
    }

    fn view(&self) -> View {
        VIEW
    }
}

/// The call, without a body.
pub(super) fn tick() -> Call {
    Call::new(Method::POST, &["lifecycle", "tick"])
}
