//! Commands that take an agent from one state to another, or something from it.

use clap::Args;
use hyper::Method;

use super::super::Command;
use super::COLUMNS;
use crate::failure::Failure;
use crate::http::Call;
use crate::session::{Record, View};
use crate::values;

/// `vectra agent quarantine`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra agent quarantine 0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11")]
pub struct Quarantine {
    /// The agent's id
    #[arg(value_parser = values::agent_id)]
    id: String,
}

impl Command for Quarantine {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::new(Method::POST, &["agents", &self.id, "quarantine"]))
    }

    fn view(&self) -> View {
        View::Record(Record::of(COLUMNS))
    }
}

/// `vectra agent revoke`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra agent revoke 0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11")]
pub struct Revoke {
    /// The agent's id
    #[arg(value_parser = values::agent_id)]
    id: String,
}

impl Command for Revoke {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::new(Method::POST, &["agents", &self.id, "revoke"]))
    }

    fn view(&self) -> View {
        View::Record(Record::of(COLUMNS))
    }
}

/// `vectra agent activate`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra agent activate 0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11")]
pub struct Activate {
    /// The agent's id
    #[arg(value_parser = values::agent_id)]
    id: String,
}

impl Command for Activate {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::new(Method::POST, &["agents", &self.id, "activate"]))
    }

    fn view(&self) -> View {
        View::Record(Record::of(COLUMNS))
    }
}

/// `vectra agent unassign`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra agent unassign 0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11")]
pub struct Unassign {
    /// The agent's id
    #[arg(value_parser = values::agent_id)]
    id: String,
}

impl Command for Unassign {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::new(Method::DELETE, &["agents", &self.id, "policy"]))
    }

    fn view(&self) -> View {
        View::Record(Record::of(COLUMNS))
    }
}

/// `vectra agent delete`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vectra agent delete 0c7f0b0e-9c2e-4f0e-8f43-1f1f3f0a9b11")]
pub struct Delete {
    /// The agent's id
    #[arg(value_parser = values::agent_id)]
    id: String,
}

impl Command for Delete {
    fn call(&self) -> Result<Call, Failure> {
        Ok(Call::new(Method::DELETE, &["agents", &self.id]))
    }

    fn view(&self) -> View {
        View::Done(format!("the agent {} is deleted", self.id))
    }
}
