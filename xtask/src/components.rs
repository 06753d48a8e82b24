//! The component shells, built by plain cargo.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::stamp::{self, Stamp};
use crate::step::{read, run, step};
use crate::workspace::Workspace;

/// The target that components are built for.
pub const TARGET: &str = "wasm32-wasip2";

/// Folder for what cargo makes on the way: apart from the host's, so that the two
/// never wait for each other's lock.
pub const TARGET_DIR: &str = "target/components";

/// The profile that components are built with.
pub const PROFILE: &str = "component";

/// The shells, named as their folders under `components/`.
pub const SHELLS: [&str; 9] = [
    "gateway",
    "decision",
    "policy-rules",
    "semantic-none",
    "semantic-local",
    "semantic-llm",
    "repositories-sqlite",
    "repositories-postgres",
    "import",
];

/// The databases there is a repositories component for.
pub const DATABASES: [&str; 2] = ["sqlite", "postgres"];

/// What the name of a bundle ends in, and the classifier in it.
pub const CLASSIFIERS: [(&str, &str); 3] = [
    ("", "semantic-none"),
    ("-local", "semantic-local"),
    ("-llm", "semantic-llm"),
];

/// What the repositories components share: checked with the shells, no shell itself.
const SHARED: &str = "repositories";

/// The cargo package of a shell.
pub fn package(shell: &str) -> String {
    format!("vectra-component-{shell}")
}

/// `-p` for every shell and what they share.
pub fn package_arguments() -> Vec<String> {
    SHELLS
        .iter()
        .chain([&SHARED])
        .flat_map(|shell| ["-p".to_owned(), package(shell)])
        .collect()
}

/// Adds the target if rustup does not have it. Without rustup (a distribution's
/// Rust) the target must be there already; cargo says so if it is not.
pub fn ensure_target(workspace: &Workspace) -> Result<()> {
    let installed = match read(
        workspace
            .command("rustup")
            .args(["target", "list", "--installed"]),
    ) {
        Ok(installed) => installed,
        Err(error) => {
            eprintln!("    rustup cannot be asked for {TARGET}: {error:#}");
            return Ok(());
        }
    };
    if installed.lines().any(|target| target.trim() == TARGET) {
        return Ok(());
    }
    step(&format!("adding the Rust target {TARGET}"), || {
        run(workspace.command("rustup").args(["target", "add", TARGET]))
    })
}

/// Builds all shells and copies them to `dist/components/`.
pub fn build(workspace: &Workspace, stamp: &Stamp) -> Result<()> {
    ensure_target(workspace)?;
    step(
        "building the components (some minutes the first time)",
        || {
            run(workspace
                .cargo("build")
                .args([
                    "--profile",
                    PROFILE,
                    "--target",
                    TARGET,
                    "--target-dir",
                    TARGET_DIR,
                ])
                .args(package_arguments()))
        },
    )?;
    let folder = workspace.dist("components");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    SHELLS
        .iter()
        .try_for_each(|shell| deliver(workspace, "components", shell, stamp))
}

/// Where a shell is delivered.
pub fn delivered(workspace: &Workspace, shell: &str) -> PathBuf {
    workspace.dist(&format!("components/{shell}.wasm"))
}

/// Stamps what was built of a component whose sources are in `folder`, and delivers it.
pub fn deliver(workspace: &Workspace, folder: &str, shell: &str, stamp: &Stamp) -> Result<()> {
    let built = artefact(workspace, &package(shell));
    let described = stamp::description(&workspace.path(&format!("{folder}/{shell}/Cargo.toml")))?;
    let name = format!("vectra-{shell}");
    stamp.put(&built, &delivered(workspace, shell), &name, &described)
}

/// Where cargo puts the component of a package.
pub fn artefact(workspace: &Workspace, package: &str) -> PathBuf {
    let file = format!("{}.wasm", package.replace('-', "_"));
    workspace
        .path(TARGET_DIR)
        .join(TARGET)
        .join(PROFILE)
        .join(file)
}
