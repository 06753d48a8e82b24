//! `vectra policy`.

mod diff;
mod file;
mod push;
mod read;
mod test;
mod what_if;
mod write;

use std::process::ExitCode;

use clap::Subcommand;

use crate::connection::Remote;

/// What agents may do
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  vectra policy show read-only")]
pub enum Policy {
    /// Puts a policy there, or a new revision of it; it holds from the next request on
    Put(Remote<write::Put>),
    /// Puts the policies of a folder there, and retires those whose files are gone
    Push(Remote<push::Push>),
    /// Lists policies by name, broken and retired ones too
    List(Remote<read::List>),
    /// Shows a policy with its rules
    Show(Remote<read::Show>),
    /// Lists a policy's revisions, newest first
    Revisions(Remote<read::Revisions>),
    /// Shows in what two revisions differ, or a file from what is in force
    Diff(Remote<diff::Diff>),
    /// Takes a policy out of force; its revisions stay
    Retire(Remote<write::Retire>),
    /// Tries policies of files on the cases beside them; nothing is changed or recorded
    Test(Remote<test::Test>),
    /// Tries a policy of a file on decisions of the past; nothing is changed or recorded
    WhatIf(Remote<what_if::WhatIf>),
}

impl Policy {
    /// Runs the command.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self {
            Self::Put(command) => command.run(),
            Self::Push(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Show(command) => command.run(),
            Self::Revisions(command) => command.run(),
            Self::Diff(command) => command.run(),
            Self::Retire(command) => command.run(),
            Self::Test(command) => command.run(),
            Self::WhatIf(command) => command.run(),
        }
    }
}
