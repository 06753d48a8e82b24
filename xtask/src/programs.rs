//! The programs that are needed beside rustup and a C compiler.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use anyhow::{Result, bail};

use crate::step::{run, step};
use crate::workspace::Workspace;

/// Programs and the Debian packages they come with.
const NEEDED: [(&str, &str); 4] = [
    ("ip", "iproute2"),
    ("sqlite3", "sqlite3"),
    ("strace", "strace"),
    ("unshare", "util-linux"),
];

/// The same for the tests of the console; the driver wants a Node.js of 18 or later.
const BROWSER: [(&str, &str); 3] = [("chromium", "chromium"), ("node", "nodejs"), ("npm", "npm")];

/// Installs what the tests need and is missing where that can be done, and otherwise
/// says how to.
pub fn ensure() -> Result<()> {
    let mut missing: Vec<&str> = NEEDED
        .iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(_, package)| *package)
        .collect();
    if vectra_cluster::Programs::find().is_err() {
        missing.push("postgresql");
    }
    install("testing", &missing)
}

/// The same for the browser that the console is tested in, and for what drives it: packages
/// of exactly the versions that `tests/console/package-lock.json` names, in a folder of
/// `target/`.
pub fn ensure_browser(workspace: &Workspace) -> Result<()> {
    let missing: Vec<&str> = BROWSER
        .iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(_, package)| *package)
        .collect();
    install("testing the console", &missing)?;
    let folder = workspace.path("target/tools/console");
    let done = folder.join("node_modules/.package-lock.json");
    let lock = fs::read(workspace.path("tests/console/package-lock.json"))?;
    // npm writes the former once all is there; the latter says for which versions.
    let copied = folder.join("package-lock.json");
    if done.is_file() && fs::read(&copied).is_ok_and(|copied| copied == lock) {
        return Ok(());
    }
    step("installing what drives the browser", || {
        fs::create_dir_all(&folder)?;
        for name in ["package.json", "package-lock.json"] {
            fs::copy(
                workspace.path("tests/console").join(name),
                folder.join(name),
            )?;
        }
        let quiet = ["--ignore-scripts", "--no-audit", "--no-fund"];
        run(workspace
            .command("npm")
            .arg("ci")
            .args(quiet)
            .current_dir(&folder))
    })
}

/// The same for a C++ compiler, which cargo-fuzz needs for libFuzzer.
pub fn ensure_cxx() -> Result<()> {
    if env::var_os("CXX").is_some() || is_there("c++") {
        return Ok(());
    }
    install("fuzzing", &["g++"])
}

fn install(whom: &str, missing: &[&str]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !is_root || !is_there("apt-get") {
        bail!("{whom} needs: sudo apt-get install {}", missing.join(" "));
    }
    step(&format!("installing what {whom} needs"), || {
        run(Command::new("apt-get").args(["update", "-q"]))?;
        run(Command::new("apt-get")
            .args(["install", "-y", "-q", "--no-install-recommends"])
            .args(missing)
            .env("DEBIAN_FRONTEND", "noninteractive"))
    })
}

fn is_there(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|folder| folder.join(program).is_file())
}
