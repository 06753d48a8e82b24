//! `vectra agent`.

mod add;
mod change;
mod read;
mod step;

use std::process::ExitCode;

use clap::Subcommand;

use crate::connection::Remote;
use crate::table::{Column, column};

/// What is shown of one agent.
const COLUMNS: &[Column] = &[
    column("id", "agentId"),
    column("name", "name"),
    column("status", "status"),
    column("owner", "ownerId"),
    column("policy", "policyName"),
    column("trust", "trustScore"),
    column("requests a minute", "requestsPerMinute"),
    column("former secret until", "formerSecretUntil"),
    column("tokens not before", "tokensNotBefore"),
    column("created", "createdAt"),
    column("updated", "updatedAt"),
    column("secret", "clientSecret"),
];

/// Those who call
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  vectra agent add billing --owner team-payments --policy read-only"
)]
pub enum Agent {
    /// Registers an agent and prints its secret, this once, unless it was given
    Add(Remote<add::Add>),
    /// Lists agents by name; deleted ones only with --status deleted
    List(Remote<read::List>),
    /// Shows one agent with its limit
    Show(Remote<read::Show>),
    /// Changes an agent's name or owner
    Update(Remote<change::Update>),
    /// Assigns a policy to an agent, or none
    Policy(Remote<change::Policy>),
    /// Takes an agent's policy away; Policy.Unassigned decides its requests then
    Unassign(Remote<step::Unassign>),
    /// Sets how many requests an agent may make in a minute
    Limit(Remote<change::Limit>),
    /// Stops an agent for now; its tokens do not work
    Quarantine(Remote<step::Quarantine>),
    /// Stops an agent; its tokens do not work
    Revoke(Remote<step::Revoke>),
    /// Lets an agent call again
    Activate(Remote<step::Activate>),
    /// Deletes an agent for good; its audit stays
    Delete(Remote<step::Delete>),
    /// Replaces an agent's secret and prints the new one, this once, unless it was given
    Rotate(Remote<change::Rotate>),
}

impl Agent {
    /// Runs the command.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self {
            Self::Add(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Show(command) => command.run(),
            Self::Update(command) => command.run(),
            Self::Policy(command) => command.run(),
            Self::Unassign(command) => command.run(),
            Self::Limit(command) => command.run(),
            Self::Quarantine(command) => command.run(),
            Self::Revoke(command) => command.run(),
            Self::Activate(command) => command.run(),
            Self::Delete(command) => command.run(),
            Self::Rotate(command) => command.run(),
        }
    }
}
