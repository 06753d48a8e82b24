//! Components and WIT packages as OCI artefacts.

use anyhow::{Result, bail};
use clap::Args;

use crate::workspace::Workspace;

#[derive(Args)]
pub struct PublishArgs {
    /// Registry and path, as in `127.0.0.1:5000/vectra`
    #[arg(long)]
    registry: String,
}

/// Pushes everything.
pub fn publish(_workspace: &Workspace, args: &PublishArgs) -> Result<()> {
    bail!("cannot push to {} yet", args.registry)
}

/// Pushes to a registry of its own and starts what it pulls from there.
pub fn prove(_workspace: &Workspace) -> Result<()> {
    Ok(())
}
