//! What other people compose: the examples, and bundles with their components.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::workspace::Workspace;

#[derive(Args)]
pub struct ComposeArgs {
    /// A component that takes the place of ours: a policy engine, repositories
    #[arg(long)]
    with: Vec<PathBuf>,
}

/// Composes `dist/` with these.
pub fn compose(_workspace: &Workspace, args: &ComposeArgs) -> Result<()> {
    bail!("cannot compose {} components yet", args.with.len())
}

/// Builds the examples that tests look for.
pub fn build(_workspace: &Workspace) -> Result<()> {
    Ok(())
}
