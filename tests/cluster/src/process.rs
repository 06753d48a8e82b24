//! Signals to processes, and what `/proc` says of them.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

/// How often a condition is looked at.
const ROUND: Duration = Duration::from_millis(5);

/// Waits until something is so. Says whether it came to be.
pub(crate) fn wait_until(patience: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    loop {
        if is_so() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        sleep(ROUND);
    }
}

/// Sends a signal to processes, in one go. Those that have ended are no error.
pub(crate) fn signal(name: &str, ids: &[u32]) -> Result<()> {
    // The shell's own `kill` is there even where the program is not.
    let status = Command::new("/bin/sh")
        .args(["-c", r#"kill -s "$@" 2>/dev/null; true"#, "sh", name])
        .args(ids.iter().map(u32::to_string))
        .stdin(Stdio::null())
        .status()?;
    ensure!(status.success(), "cannot send SIG{name}: {status}");
    Ok(())
}

/// Waits for a child to end. Says whether it did.
pub(crate) fn wait_for(child: &mut Child, patience: Duration) -> bool {
    wait_until(patience, || !matches!(child.try_wait(), Ok(None)))
}

/// State and parent of a process.
fn stat(id: u32) -> Option<(char, u32)> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.next()?.parse().ok()?))
}

/// Whether a process can still do something.
pub(crate) fn is_alive(id: u32) -> bool {
    stat(id).is_some_and(|(state, _)| !matches!(state, 'Z' | 'X'))
}

/// Whether a process is stopped, as after SIGSTOP, or has ended.
pub(crate) fn is_still(id: u32) -> bool {
    stat(id).is_none_or(|(state, _)| matches!(state, 'T' | 'Z' | 'X'))
}

/// The children of a process.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|id| stat(*id).is_some_and(|(_, of)| of == parent))
        .collect()
}
