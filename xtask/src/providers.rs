//! The providers, which give a host without a database what the gateway imports, and the
//! bundle that stands alone with them.
//!
//! One of them has SQLite in it, so this needs a C compiler and a libc for WebAssembly,
//! which a plain build does not.

use std::env;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::components::{self, PROFILE, TARGET, TARGET_DIR};
use crate::host;
use crate::programs::{self, WASI_HEADERS};
use crate::stamp::Stamp;
use crate::step::{run, step};
use crate::workspace::Workspace;

/// The providers, named as their folders under `components/providers/`.
pub const PROVIDERS: [&str; 2] = ["variables-env", "sqlite-embedded"];

/// What the gateway is joined with to stand alone.
const PARTS: [&str; 6] = [
    "decision",
    "policy-rules",
    "semantic-none",
    "repositories-sqlite",
    "sqlite-embedded",
    "variables-env",
];

/// The bundle, as it is named under `dist/`.
pub const BUNDLE: &str = "vectra-standalone";

/// The repositories with their database in them, which only tests use.
const REPOSITORIES: &str = "guests/repositories-embedded";

/// What is temporary stays in memory: a sandbox has no folder for it.
const SQLITE_FLAGS: &str = "-DSQLITE_TEMP_STORE=3";

/// Builds them and composes `dist/vectra-standalone.wasm` of them and what a plain build
/// has left in `dist/components/`.
pub fn build(workspace: &Workspace) -> Result<()> {
    components::ensure_target(workspace)?;
    step("building the providers", || {
        let mut cargo = workspace.cargo("build");
        cargo.args(["--profile", PROFILE, "--target", TARGET]);
        cargo.args(["--target-dir", TARGET_DIR]);
        run(with_compiler(&mut cargo)?.args(package_arguments()))
    })?;
    let stamp = Stamp::of(workspace);
    for provider in PROVIDERS {
        components::deliver(workspace, "components/providers", provider, &stamp)?;
    }
    host::bundle(workspace, "gateway", &PARTS, BUNDLE, &stamp)?;
    // What the contract of `vectra:persistence` is held against: the repositories alone.
    let folder = workspace.dist("guests");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let (socket, parts) = ("repositories-sqlite", ["sqlite-embedded"]);
    host::bundle(workspace, socket, &parts, REPOSITORIES, &stamp)
}

/// Clippy on the providers. It needs what building them needs, and shares what that makes
/// of SQLite.
pub fn lint(workspace: &Workspace) -> Result<()> {
    let mut cargo = workspace.cargo("clippy");
    cargo.args(["--profile", PROFILE, "--target", TARGET]);
    cargo.args(["--target-dir", TARGET_DIR]);
    run(with_compiler(&mut cargo)?
        .args(package_arguments())
        .args(["--", "-D", "warnings"]))
}

fn package_arguments() -> impl Iterator<Item = String> {
    PROVIDERS
        .iter()
        .flat_map(|provider| ["-p".to_owned(), components::package(provider)])
}

/// Tells cargo's build scripts how to compile C for the target, unless the environment does.
fn with_compiler(cargo: &mut Command) -> Result<&mut Command> {
    let variable = |name: &str| format!("{name}_{}", TARGET.replace('-', "_"));
    if env::var_os(variable("CC")).is_some() {
        return Ok(cargo.env("LIBSQLITE3_FLAGS", SQLITE_FLAGS));
    }
    let compiler = programs::ensure_wasm_compiler()?;
    Ok(cargo
        .env(variable("CC"), compiler.clang)
        .env(variable("AR"), compiler.ar)
        .env(
            variable("CFLAGS"),
            // The headers only: the libc itself is linked from what comes with the target.
            format!("--target=wasm32-wasi -I{WASI_HEADERS}"),
        )
        .env("LIBSQLITE3_FLAGS", SQLITE_FLAGS))
}
