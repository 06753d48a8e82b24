//! Ends the server when the process that started it is killed.
//!
//! A shell waits for its input to close, which the kernel does whatever ends us.
//! (A parent-death signal would come at the end of the thread that started the
//! server, which may be long before the end of the process.)

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::account::Account;

const SCRIPT: &str = r#"
read -r _
if pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && [ -n "$pid" ]; then
    kill -QUIT "$pid"
    rounds=0
    while kill -0 "$pid" && [ "$rounds" -lt 100 ]; do
        sleep 0.1
        rounds=$((rounds + 1))
    done
fi
rm -rf "$1"
"#;

/// Lives as long as its value, or a little longer than the process.
pub(crate) struct Watcher(Child);

impl Watcher {
    /// Watches over a cluster's folder.
    pub(crate) fn start(folder: &Path, account: Account) -> Result<Self> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "sh"])
            .arg(folder)
            .current_dir("/");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // A group of its own: Ctrl-C must not end it before us.
        command.process_group(0);
        account.apply(&mut command);
        Ok(Self(command.spawn().context("cannot start the watcher")?))
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // Before the input closes, so that it does nothing.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
