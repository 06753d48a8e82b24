//! The gateway's end.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::DEADLINE;
use crate::process::Vectra;

/// Kills it with SIGKILL and waits until all of its threads are gone.
pub(super) fn kill_gateway(vectra: Option<Vectra>) -> Result<()> {
    let Some(vectra) = vectra else { return Ok(()) };
    let id = vectra.id().context("the gateway ended by itself")?;
    // Its end comes with its value.
    drop(vectra);
    let begun = Instant::now();
    while !has_ended(id) {
        ensure!(begun.elapsed() < DEADLINE, "{id} outlives SIGKILL");
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Whether a process is gone, or only its first thread is left to be waited for.
fn has_ended(id: u32) -> bool {
    let folder = Path::new("/proc").join(id.to_string());
    let Ok(stat) = std::fs::read_to_string(folder.join("stat")) else {
        return true;
    };
    let threads = std::fs::read_dir(folder.join("task")).map_or(0, Iterator::count);
    // The name, in parentheses, may hold anything.
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
    threads <= 1 && state.is_none_or(|state| state.starts_with('Z'))
}
