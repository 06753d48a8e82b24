//! Whom the server runs as: PostgreSQL refuses to run as root.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// Accounts without rights that a Debian system has, the better one first.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// Whom programs run as.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Account {
    /// Whoever we are.
    Same,
    /// Someone else, since we are root.
    Other { uid: u32, gid: u32 },
}

impl Account {
    /// Decides by the owner of a folder that this process has just made.
    ///
    /// # Errors
    /// If we are root and there is no other account.
    pub(crate) fn choose(own_folder: &Path) -> Result<Self> {
        if std::fs::metadata(own_folder)?.uid() != 0 {
            return Ok(Self::Same);
        }
        let passwd = std::fs::read_to_string("/etc/passwd").context("/etc/passwd")?;
        CANDIDATES
            .iter()
            .find_map(|name| entry(&passwd, name))
            .context("there is no account `postgres` or `nobody` to run PostgreSQL as")
    }

    /// Makes a command run as this account.
    pub(crate) fn apply(self, command: &mut Command) {
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
    }

    /// Gives a file or folder to this account.
    pub(crate) fn give(self, path: &Path) -> Result<()> {
        if let Self::Other { uid, gid } = self {
            chown(path, Some(uid), Some(gid)).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }
}

fn entry(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account::Other { uid, gid })
    })
}
