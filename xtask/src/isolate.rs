//! Runs test programs; some in a network namespace of their own, where nothing but loopback
//! can be reached: a test that tries a forbidden target must reach nothing when the
//! guard it tests fails.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::step::read;
use crate::workspace::Workspace;

/// Tells a test that it is isolated.
const ISOLATED: &str = "VECTRA_ISOLATED";

/// The test programs that try forbidden targets. They refuse to run otherwise, and each
/// starts what it needs by itself; the others use the PostgreSQL of the whole run.
const TRY_FORBIDDEN_TARGETS: [&str; 3] = ["conformance", "hosts", "serve"];

/// Becomes a test program that cargo has built, isolated if it is one of those that must
/// be.
///
/// # Errors
/// If it cannot be started.
pub fn become_test(program: &[OsString]) -> Result<()> {
    let (path, arguments) = program.split_first().context("there is no program")?;
    // Cargo names it `name-hash`.
    let stem = Path::new(path).file_stem().unwrap_or_default();
    let stem = stem.to_string_lossy();
    let name = stem.rsplit_once('-').map_or(&*stem, |(name, _)| name);
    if TRY_FORBIDDEN_TARGETS.contains(&name) {
        return become_isolated(program);
    }
    Err(Command::new(path).args(arguments).exec()).context("cannot start the test program")
}

/// Becomes `program` in a namespace of its own.
///
/// # Errors
/// If `unshare` (util-linux) cannot be started; what it then lacks, it says itself.
fn become_isolated(program: &[OsString]) -> Result<()> {
    let is_root = std::fs::metadata("/proc/self")
        .context("cannot read /proc")?
        .uid()
        == 0;
    let mut unshare = Command::new("unshare");
    if !is_root {
        // Not as root: PostgreSQL would refuse to run.
        unshare.args(["--map-current-user", "--keep-caps"]);
    }
    unshare
        .args(["--net", "--", "sh", "-c"])
        .arg("ip link set lo up && exec \"$@\"")
        .arg("sh")
        .args(program)
        .env(ISOLATED, "1");
    Err(unshare.exec()).context("cannot start `unshare`, which comes with util-linux")
}

/// `cargo test` whose test programs are run by [`become_test`].
pub fn cargo_test(workspace: &Workspace) -> Result<Command> {
    let version = read(workspace.command("rustc").arg("-vV"))?;
    let triple = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc does not say what it compiles for")?;
    let this = std::env::current_exe().context("cannot find this program")?;
    let this = this.to_str().context("this program's path is not text")?;
    let mut command = workspace.cargo("test");
    command.arg("--config").arg(format!(
        "target.{triple}.runner = [{this:?}, \"run-test\", \"--\"]"
    ));
    Ok(command)
}
