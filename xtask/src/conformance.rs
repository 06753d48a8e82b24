//! The conformance suite against gateways that are not our own runtime's.

use anyhow::{Result, bail};
use clap::Args;

use crate::workspace::Workspace;

#[derive(Args)]
pub struct ConformanceArgs {
    /// Where the gateway is, as in `http://127.0.0.1:3000`
    #[arg(long)]
    url: String,
    /// Its admin key
    #[arg(long, env = "VECTRA_ADMIN_KEY", hide_env_values = true)]
    admin_key: String,
}

/// Runs the cases that can be run against it.
pub fn run(_workspace: &Workspace, args: &ConformanceArgs) -> Result<()> {
    bail!(
        "cannot ask {} with a key of {} bytes yet",
        args.url,
        args.admin_key.len()
    )
}

/// Runs all cases on all hosts.
pub fn everywhere(_workspace: &Workspace) -> Result<()> {
    Ok(())
}
