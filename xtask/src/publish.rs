//! Components and WIT packages as OCI artefacts. What pushes and pulls is `xtask/publish`, a
//! workspace of its own that is built when it is needed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::components;
use crate::host::{self, HostProfile};
use crate::providers;
use crate::stamp::Stamp;
use crate::step::{run, step};
use crate::workspace::Workspace;

mod proof;

/// Folder for what cargo makes on the way.
const TARGET_DIR: &str = "target/publish";

/// The WIT packages, each after those it uses.
const WIT: [&str; 11] = [
    "deps/wasi-io@0.2.6",
    "deps/wasi-clocks@0.2.6",
    "deps/wasi-random@0.2.6",
    "deps/wasi-sockets@0.2.6",
    "deps/wasi-filesystem@0.2.6",
    "deps/wasi-cli@0.2.6",
    "deps/wasi-http@0.2.6",
    "deps/fermyon-spin@2.0.0",
    "decision",
    "persistence",
    "gateway",
];

#[derive(Args)]
pub struct PublishArgs {
    /// Registry and path, as in `ghcr.io/me/vectra`; over TLS, but to this machine
    #[arg(long, required_unless_present = "prove")]
    registry: Option<String>,
    /// Moves tags that are there already and hold something else
    #[arg(long)]
    replace: bool,
    /// Also of a tree that is not what its commit holds
    #[arg(long)]
    dirty: bool,
    /// Pushes what dist/ holds to a registry of this machine that is started for it, and serves
    /// what it pulls from there
    #[arg(long, conflicts_with = "registry")]
    prove: bool,
}

/// Builds and pushes everything. Name and password are `VECTRA_REGISTRY_USER` and
/// `VECTRA_REGISTRY_PASSWORD` of the environment.
pub fn publish(workspace: &Workspace, args: &PublishArgs) -> Result<()> {
    let Some(registry) = &args.registry else {
        return prove(workspace);
    };
    let stamp = Stamp::of(workspace);
    ensure!(
        args.dirty || stamp.is_of_a_commit(),
        "there are changes that are in no commit; --dirty pushes all the same"
    );
    host::build_all(workspace, HostProfile::Dev)?;
    providers::build(workspace)?;
    let publisher = Publisher::build(workspace)?;
    step("pushing", || {
        publisher.push(workspace, registry, &stamp, args.replace)
    })
}

pub use proof::prove;

/// The program that pushes and pulls.
struct Publisher {
    program: PathBuf,
}

impl Publisher {
    fn build(workspace: &Workspace) -> Result<Self> {
        step("building what pushes", || {
            run(workspace.cargo("build").args([
                "--locked",
                "--manifest-path",
                "xtask/publish/Cargo.toml",
                "--target-dir",
                TARGET_DIR,
            ]))
        })?;
        let program = workspace.path(TARGET_DIR).join("debug/vectra-publish");
        Ok(Self { program })
    }

    fn push(
        &self,
        workspace: &Workspace,
        registry: &str,
        stamp: &Stamp,
        replace: bool,
    ) -> Result<()> {
        let mut push = workspace.command(&self.program);
        push.args(["push", "--registry", registry]);
        for file in shipped(workspace) {
            push.arg("--component").arg(named(&file)?);
        }
        for package in WIT {
            push.arg("--wit").arg(workspace.path("wit").join(package));
        }
        if let Some(revision) = stamp.revision() {
            push.args(["--revision", revision]);
        }
        if replace {
            push.arg("--replace");
        }
        run(&mut push)
    }

    /// Pushes one component.
    fn push_one(&self, registry: &str, named: &str) -> Result<()> {
        let mut push = Command::new(&self.program);
        push.args(["push", "--registry", registry, "--component", named]);
        run(&mut push)
    }

    fn pull(&self, registry: &str, name: &str, file: &Path) -> Result<()> {
        let mut pull = Command::new(&self.program);
        pull.args(["pull", "--registry", registry, name]).arg(file);
        run(&mut pull)
    }
}

/// All components and bundles in `dist/`.
fn shipped(workspace: &Workspace) -> Vec<PathBuf> {
    let shells = components::SHELLS.iter().chain(&providers::PROVIDERS);
    let bundles = host::bundles().into_iter().map(|(name, _, _)| name);
    let bundles = bundles.chain([providers::BUNDLE.to_owned()]);
    shells
        .map(|shell| components::delivered(workspace, shell))
        .chain(bundles.map(|name| workspace.dist(&format!("{name}.wasm"))))
        .collect()
}

/// `NAME=FILE`: components are named for the product, as bundles are anyway.
fn named(file: &Path) -> Result<String> {
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    let stem = stem.context("a component without a name")?;
    let name = match stem.starts_with("vectra-") {
        true => stem.to_owned(),
        false => format!("vectra-{stem}"),
    };
    Ok(format!("{name}={}", file.display()))
}
