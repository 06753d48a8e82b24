//! `vectra policy`.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Command, Much};
use crate::connection::Remote;
use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Record, View};
use crate::table::{Column, column};

const LISTED: &[Column] = &[
    column("name", "name"),
    column("revision", "revision"),
    column("status", "status"),
    column("source", "source"),
    column("default", "default"),
    column("rules", "ruleCount"),
    column("owner", "owner"),
    column("problem", "problem"),
];
const SHOWN: &[Column] = &[
    column("name", "name"),
    column("revision", "revision"),
    column("status", "status"),
    column("source", "source"),
    column("problem", "problem"),
    column("description", "description"),
    column("owner", "owner"),
    column("created", "createdOn"),
    column("default", "default"),
    column("hash", "contentHash"),
];
const RULES: &[Column] = &[
    column("priority", "priority"),
    column("effect", "effect"),
    column("rule", "name"),
    column("reason", "reason"),
    column("conditions", "conditions"),
];

/// What agents may do
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  vectra policy show read-only")]
pub enum Policy {
    /// Lists policies by name, broken and retired ones too
    List(Remote<List>),
    /// Shows a policy with its rules
    Show(Remote<Show>),
}

impl Policy {
    /// Runs the command.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self {
            Self::List(command) => command.run(),
            Self::Show(command) => command.run(),
        }
    }
}

/// `vectra policy list`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra policy list")]
pub struct List {
    #[command(flatten)]
    much: Much,
}

impl Command for List {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::get(&["policies"]))
    }

    fn view(&self) -> View {
        View::List(LISTED, self.much.max())
    }
}

/// `vectra policy show`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra policy show read-only -o json")]
pub struct Show {
    /// The policy's name
    name: String,
}

impl Command for Show {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::get(&["policies", &self.name]))
    }

    fn view(&self) -> View {
        View::Record(Record {
            columns: SHOWN,
            once: None,
            below: Some(("rules", RULES)),
        })
    }
}
