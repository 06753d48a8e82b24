//! What `vectra audit` reads page by page; its export is elsewhere.

mod show;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Command, Much};
use crate::connection::Remote;
use crate::failure::Failure;
use crate::http::Call;
use crate::session::View;
use crate::table::{Column, column};
use crate::values;

const DECISIONS: &[Column] = &[
    column("time", "timestamp"),
    column("agent", "agentId"),
    column("decision", "decisionType"),
    column("risk", "riskScore"),
    column("method", "method"),
    column("target", "targetUrl"),
    column("reason", "reason"),
];
const ACTS: &[Column] = &[
    column("time", "timestamp"),
    column("operator", "operatorName"),
    column("role", "operatorRole"),
    column("status", "status"),
    column("action", "action"),
    column("target", "target"),
    column("address", "clientAddress"),
    column("detail", "detail"),
];
const REFUSALS: &[Column] = &[
    column("minute", "minute"),
    column("agent", "agentId"),
    column("requests", "requests"),
    column("refused", "refused"),
];

/// What was decided and done
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Lists decisions, newest first
    List(Remote<List>),
    /// Shows a decision, why it was made, and what became of the request
    Show(Remote<show::Show>),
    /// Lists what operators did, newest first
    Acts(Remote<Acts>),
    /// Lists how many requests over its limit an agent made in which minute
    Refusals(Remote<Refusals>),
}

impl Audit {
    /// Runs the command.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self {
            Self::List(command) => command.run(),
            Self::Show(command) => command.run(),
            Self::Acts(command) => command.run(),
            Self::Refusals(command) => command.run(),
        }
    }
}

/// `vectra audit list`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vectra audit list --agent 0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11 --max 20"
)]
pub struct List {
    /// Only this agent's
    #[arg(long, value_name = "ID", value_parser = values::agent_id)]
    agent: Option<String>,
    #[command(flatten)]
    much: Much,
}

impl Command for List {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::get(&["audit"]).with("agentId", self.agent.as_deref()))
    }

    fn view(&self) -> View {
        View::List(DECISIONS, self.much.max())
    }
}

/// `vectra audit acts`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra audit acts --operator carol --max 20")]
pub struct Acts {
    /// Only what the operator of this name did
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    #[command(flatten)]
    much: Much,
}

impl Command for Acts {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::get(&["audit", "acts"]).with("operatorName", self.operator.as_deref()))
    }

    fn view(&self) -> View {
        View::List(ACTS, self.much.max())
    }
}

/// `vectra audit refusals`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vectra audit refusals --agent 0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11"
)]
pub struct Refusals {
    /// Only this agent's
    #[arg(long, value_name = "ID", value_parser = values::agent_id)]
    agent: Option<String>,
    #[command(flatten)]
    much: Much,
}

impl Command for Refusals {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::get(&["audit", "refusals"]).with("agentId", self.agent.as_deref()))
    }

    fn view(&self) -> View {
        View::List(REFUSALS, self.much.max())
    }
}
