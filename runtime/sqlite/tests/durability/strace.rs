//! Runs the child under `strace`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::child::{DATABASE, SYNCHRONOUS};

/// A folder with a database in it.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn database(&self) -> PathBuf {
        self.0.path().join("test.db")
    }

    pub fn wal(&self) -> String {
        format!("{}-wal", self.database().display())
    }

    pub fn trace(&self) -> String {
        std::fs::read_to_string(self.0.path().join("trace")).unwrap()
    }

    /// Runs the child with arguments for strace; gives what it said, line by line.
    pub fn run(&self, synchronous: &str, arguments: &[&str]) -> Vec<String> {
        let child = std::env::current_exe().unwrap();
        let output = Command::new("strace")
            .args(["-f", "-y", "-s", "5000", "-o"])
            .arg(self.0.path().join("trace"))
            .args(arguments)
            .arg("--")
            .arg(child)
            .env(DATABASE, self.database())
            .env(SYNCHRONOUS, synchronous)
            .stderr(Stdio::inherit())
            .output()
            .expect("these tests need the program `strace`");
        assert!(output.status.success(), "{:?}", output.status);
        let said = String::from_utf8(output.stdout).unwrap();
        said.lines().map(str::to_owned).collect()
    }
}
