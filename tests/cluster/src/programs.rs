//! Where PostgreSQL's programs are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Where Debian puts the programs of each major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The programs of one installation.
#[derive(Clone, Debug)]
pub struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Looks in `PATH`, then in `/usr/lib/postgresql/*/bin` for the highest version.
    ///
    /// # Errors
    /// If neither has both `initdb` and `postgres`.
    pub fn find() -> Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let is_complete = |folder: &Path| {
            let programs = ["initdb", "postgres"];
            programs.iter().all(|name| folder.join(name).is_file())
        };
        let folder = std::env::split_paths(&path)
            .chain(versions())
            .find(|folder| is_complete(folder))
            .with_context(|| {
                format!(
                    "PostgreSQL's `initdb` and `postgres` are neither in PATH nor in {DEBIAN}/*/bin: \
                     `apt-get install --yes postgresql` brings them"
                )
            })?;
        // Behind links there may be more programs than are linked.
        let behind = folder.join("postgres").canonicalize()?;
        let behind = behind.parent().filter(|folder| is_complete(folder));
        Ok(Self {
            folder: behind.map_or(folder.clone(), Path::to_owned),
        })
    }

    /// One of them: `postgres`, `psql`, `pgbench`. It need not be there.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Debian's folders, the highest version first.
fn versions() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(Path::new(DEBIAN))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}
