//! How long to wait for the file, and how long a statement may run.
//!
//! Waiting is sleeping by the host's clock: it runs other instances meanwhile.

use std::cell::Cell;
use std::ffi::c_int;
use std::thread;
use std::time::{Duration, Instant};

use crate::vfs;

/// How long a statement waits for the file: many requests at once wait in no order.
const WAIT: Duration = Duration::from_secs(45);

/// How long a statement may take with its waiting.
const RUN: Duration = Duration::from_secs(75);

/// After how many of SQLite's instructions it is asked again whether time is over.
pub(crate) const STEPS: c_int = 100_000;

/// The longest pause between two attempts, by how long the wait has been: short at first,
/// since most are, then longer, since each attempt costs those who work; and short again
/// for those who have waited long, who get it before others that way.
const PAUSES: [(Duration, Duration); 6] = [
    (Duration::from_millis(10), Duration::from_millis(2)),
    (Duration::from_millis(50), Duration::from_millis(10)),
    (Duration::from_millis(500), Duration::from_millis(40)),
    (Duration::from_secs(3), Duration::from_millis(250)),
    (Duration::from_secs(8), Duration::from_millis(120)),
    (Duration::from_secs(15), Duration::from_millis(30)),
];

/// The pause of those who have waited longer still.
const LAST: Duration = Duration::from_millis(5);

thread_local! {
    /// When the statement that runs began. An instance has one thread.
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
    /// When it began to wait.
    static WAITS: Cell<Option<Instant>> = const { Cell::new(None) };
    static CHANCE: Cell<u32> = const { Cell::new(0) };
}

/// A statement begins.
pub(crate) fn begin() {
    BEGAN.set(Some(Instant::now()));
}

/// SQLite's busy handler: waits a little, or says that it has been long enough.
pub(crate) fn wait(times: c_int) -> bool {
    let now = Instant::now();
    let since = match WAITS.get() {
        Some(since) if times > 0 => since,
        _ => now,
    };
    WAITS.set(Some(since));
    // What this instance holds itself is not released while it waits here.
    if vfs::waits_for_itself() || now.duration_since(since) >= WAIT {
        return false;
    }
    thread::sleep(pause(now.duration_since(since)));
    true
}

fn pause(waited: Duration) -> Duration {
    let longest = PAUSES
        .iter()
        .find(|(until, _)| waited < *until)
        .map_or(LAST, |(_, pause)| *pause);
    // Between a half and the whole of it, so that those who wait do not try in step.
    longest / 2 + longest / 2 * (chance() % 256) / 256
}

fn chance() -> u32 {
    let seed = match CHANCE.get() {
        0 => getrandom::u32().unwrap_or(1),
        seed => seed,
    };
    let next = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    CHANCE.set(next);
    next >> 16
}

/// SQLite's progress handler: renews what is held, and says whether to stop.
pub(crate) fn is_over() -> bool {
    let lost = !vfs::renew();
    lost || BEGAN.get().is_some_and(|began| began.elapsed() >= RUN)
}
