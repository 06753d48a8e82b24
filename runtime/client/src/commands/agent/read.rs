//! Commands that read agents.

use clap::{Args, ValueEnum};

use super::super::{Command, Much};
use super::COLUMNS;
use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Record, View};
use crate::table::{Column, column};
use crate::values;

const LISTED: &[Column] = &[
    column("id", "agentId"),
    column("name", "name"),
    column("status", "status"),
    column("owner", "ownerId"),
    column("policy", "policyName"),
    column("trust", "trustScore"),
    column("created", "createdAt"),
];

/// What state an agent is in.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Status {
    /// It may call
    Active,
    /// It is stopped
    Revoked,
    /// It is stopped for now
    Quarantined,
    /// It is gone
    Deleted,
}

impl Status {
    /// Its name in the interface.
    fn name(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Revoked => "Revoked",
            Self::Quarantined => "Quarantined",
            Self::Deleted => "Deleted",
        }
    }
}

/// `vectra agent list`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra agent list --owner team-payments --status active")]
pub struct List {
    /// Only agents in this state
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// Only agents of this owner
    #[arg(long)]
    owner: Option<String>,
    /// Only agents with this policy
    #[arg(long)]
    policy: Option<String>,
    /// Only agents with exactly this name
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    much: Much,
}

impl Command for List {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::get(&["agents"])
            .with("status", self.status.map(Status::name))
            .with("ownerId", self.owner.as_deref())
            .with("policyName", self.policy.as_deref())
            .with("name", self.name.as_deref()))
    }

    fn view(&self) -> View {
        View::List(LISTED, self.much.max())
    }
}

/// `vectra agent show`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra agent show 0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11")]
pub struct Show {
    /// The agent's id
    #[arg(value_parser = values::agent_id)]
    id: String,
}

impl Command for Show {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::get(&["agents", &self.id]))
    }

    fn view(&self) -> View {
        View::Record(Record::of(COLUMNS))
    }
}
