//! The programs that are needed beside rustup and a C compiler.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use anyhow::{Result, bail};

use crate::step::{run, step};

/// Programs and the Debian packages they come with.
const NEEDED: [(&str, &str); 4] = [
    ("ip", "iproute2"),
    ("sqlite3", "sqlite3"),
    ("strace", "strace"),
    ("unshare", "util-linux"),
];

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
