//! `vectra circuit`.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Command, Much};
use crate::connection::Remote;
use crate::failure::Failure;
use crate::http::Call;
use crate::session::View;
use crate::table::{Column, column};

const CIRCUITS: &[Column] = &[
    column("origin", "origin"),
    column("agent", "agentId"),
    column("state", "state"),
    column("failures", "failures"),
    column("until", "opensAt"),
    column("changed", "changedAt"),
];
const CHANGES: &[Column] = &[
    column("number", "number"),
    column("time", "timestamp"),
    column("origin", "origin"),
    column("agent", "agentId"),
    column("before", "before"),
    column("after", "after"),
];

/// Which upstreams are given a rest
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  vectra circuit list")]
pub enum Circuit {
    /// Lists the circuits of origins that failed; those without an agent hold for all
    List(Remote<List>),
    /// Lists how circuits changed
    Changes(Remote<Changes>),
}

impl Circuit {
    /// Runs the command.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self {
            Self::List(command) => command.run(),
            Self::Changes(command) => command.run(),
        }
    }
}

/// `vectra circuit list`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra circuit list")]
pub struct List {
    #[command(flatten)]
    much: Much,
}

impl Command for List {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::get(&["circuits"]))
    }

    fn view(&self) -> View {
        View::List(CIRCUITS, self.much.max())
    }
}

/// `vectra circuit changes`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra circuit changes --max 20")]
pub struct Changes {
    #[command(flatten)]
    much: Much,
}

impl Command for Changes {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::get(&["circuits", "changes"]))
    }

    fn view(&self) -> View {
        View::List(CHANGES, self.much.max())
    }
}
