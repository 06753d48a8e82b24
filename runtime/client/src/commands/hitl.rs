//! `vectra hitl`.

mod decide;
mod show;
mod wrap;

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::{Command, Much};
use crate::connection::Remote;
use crate::failure::Failure;
use crate::http::Call;
use crate::session::View;
use crate::table::{Column, column};
use crate::values;

const COLUMNS: &[Column] = &[
    column("id", "id"),
    column("status", "status"),
    column("agent", "agentId"),
    column("expires", "expiresAt"),
    column("reason", "reason"),
    column("method", "method"),
    column("target", "targetUrl"),
];

/// Requests that wait for a human
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  vectra hitl list --status pending")]
pub enum Hitl {
    /// Lists held requests, oldest first
    List(Remote<List>),
    /// Shows what will run, and all there is to decide about it
    Show(Remote<show::Show>),
    /// Approves a request and waits for what becomes of it
    Approve(Remote<decide::Approve>),
    /// Denies a request
    Deny(Remote<decide::Deny>),
    /// Says whether a request arrived of which that is uncertain
    Settle(Remote<decide::Settle>),
}

impl Hitl {
    /// Runs the command.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self {
            Self::List(command) => command.run(),
            Self::Show(command) => command.run(),
            Self::Approve(command) => command.run(),
            Self::Deny(command) => command.run(),
            Self::Settle(command) => command.run(),
        }
    }
}

/// How a held request stands.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Status {
    /// Waits for a human
    Pending,
    /// Approved, not sent yet
    Approved,
    /// Being sent
    Releasing,
    /// Sent
    Released,
    /// Denied
    Denied,
    /// Nobody decided in time
    Expired,
    /// It may or may not have been sent
    Uncertain,
}

impl Status {
    /// Its name in the interface.
    fn name(self) -> String {
        format!("{self:?}")
    }
}

/// `vectra hitl list`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra hitl list --status pending --max 20")]
pub struct List {
    /// Only those that stand so
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// Only this agent's
    #[arg(long, value_name = "ID", value_parser = values::agent_id)]
    agent: Option<String>,
    #[command(flatten)]
    much: Much,
}

impl Command for List {
    fn call(&self) -> Result<Call, Failure> {
        let status = self.status.map(Status::name);
        Ok(Call::get(&["hitls"])
            .with("status", status.as_deref())
            .with("agentId", self.agent.as_deref()))
    }

    fn view(&self) -> View {
        View::List(COLUMNS, self.much.max())
    }
}
