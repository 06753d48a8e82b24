//! Other people's hosts that the tests run the bundles on.

use anyhow::Result;

use crate::workspace::Workspace;

/// Installs those that a test run needs.
pub fn ensure(_workspace: &Workspace) -> Result<()> {
    Ok(())
}
