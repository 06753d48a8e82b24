//! Where things are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The repository's folder and what lies in it.
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Finds the repository: cargo tells where this package lies.
    pub fn locate() -> Result<Self> {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .context("run this as `cargo xtask`: cargo tells it where the repository is")?;
        let root = Path::new(&package)
            .parent()
            .context("xtask lies in no folder")?;
        Ok(Self {
            root: root.to_path_buf(),
        })
    }

    /// A path in the repository.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A path in `dist/`.
    pub fn dist(&self, relative: &str) -> PathBuf {
        self.root.join("dist").join(relative)
    }

    /// The cargo that runs this, in the repository's folder.
    pub fn cargo(&self, command: &str) -> Command {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut process = self.command(cargo);
        process.arg(command);
        process
    }

    /// Any program, in the repository's folder, without what cargo has told this
    /// one about itself: it would make build scripts run again.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut process = Command::new(program);
        process.current_dir(&self.root);
        for (name, _) in env::vars_os() {
            let name_text = name.to_string_lossy();
            let about_us = name_text.starts_with("CARGO_PKG_")
                || name_text.starts_with("CARGO_MANIFEST_")
                || name_text.starts_with("CARGO_BIN_");
            if about_us {
                process.env_remove(&name);
            }
        }
        process
    }
}
