//! Copies what is in the WAL into the database, beside the writer.
//!
//! A thread with a connection of its own does it, woken by whoever committed when
//! the WAL has grown by some pages, and once more by the first commit after that:
//! then little is left, and if it is copied before yet another commit, that one
//! begins the WAL anew. No commit waits for it. But while there are always more
//! commits, or readers that need what is in the WAL, it goes on growing; over its
//! cap the writer stands still for the second time, until the rest is copied and the
//! readers are through, or for a moment.
//!
//! **A checkpoint never begins when there is nothing to copy, and no one else does
//! any.** SQLite before 3.51.3 corrupts the database if a commit begins the WAL anew
//! while a checkpoint that found everything copied is under way
//! (<https://sqlite.org/wal.html#walresetbug>). As long as something is left to copy
//! no commit can begin it anew, so the race cannot occur here. That is why only
//! one who has just committed asks for a checkpoint.

mod desk;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use self::desk::{Desk, Errand, Relief, Request};
use super::gauge::{Gauge, Reached};
use super::session::{Opened, Progress};
use super::statistics::{Counters, count};
use super::wal::Salt;

/// Whoever writes tells it about commits, in its turn.
pub(super) struct Checkpoints {
    gauge: Mutex<Gauge>,
    desk: Desk,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
}

/// How a checkpoint treats others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// It waits for nobody.
    Passive,
    /// It waits for readers, so that the next commit begins the WAL anew.
    Restart,
    /// The same, and the file becomes empty.
    Truncate,
}

impl Checkpoints {
    /// Starts the thread.
    pub(super) fn start(
        connection: Opened,
        gauge: Gauge,
        counters: Arc<Counters>,
    ) -> std::io::Result<Self> {
        let desk = Desk::default();
        let (theirs, counted) = (desk.clone(), counters.clone());
        let thread = thread::Builder::new()
            .name("vectra-sql-copy".into())
            .spawn(move || work(&connection, &theirs, &counted))?;
        Ok(Self {
            gauge: Mutex::new(gauge),
            desk,
            thread: Some(thread),
            counters,
        })
    }

    /// Something was committed, in the turn that still is.
    pub(super) fn committed(&self) {
        let mut gauge = lock(&self.gauge);
        if let Some(reached) = gauge.look() {
            if gauge.is_far_over_cap() {
                self.relieve(&mut gauge, reached);
            } else {
                self.desk.ask(Errand::Step, reached);
            }
            return;
        }
        let copied = self.desk.take_copied();
        if let Some(more) = copied.and_then(|copied| gauge.after(copied)) {
            if gauge.is_over_cap() || gauge.should_shrink() {
                self.relieve(&mut gauge, more);
            } else {
                self.desk.ask(Errand::Rest, more);
            }
        }
    }

    /// How many checkpoints are asked for and not ended.
    pub(super) fn waiting(&self) -> u64 {
        self.desk.waiting()
    }

    /// Whether more may be written.
    pub(super) fn has_room(&self) -> bool {
        let mut gauge = lock(&self.gauge);
        if !gauge.is_over_limit() {
            return true;
        }
        gauge.look();
        let reached = gauge.now();
        !gauge.is_over_limit() || self.relieve(&mut gauge, reached) != Relief::Blocked
    }

    /// Stands still until a checkpoint has caught up.
    fn relieve(&self, gauge: &mut Gauge, reached: Reached) -> Relief {
        count(&self.counters.pauses, 1);
        let mode = match gauge.is_large() {
            true => Mode::Truncate,
            false => Mode::Restart,
        };
        let relief = self.desk.wait(mode, reached);
        match relief {
            Relief::Restarted => gauge.emptied(),
            Relief::Copied | Relief::Blocked => gauge.put_off(),
        }
        relief
    }
}

impl Drop for Checkpoints {
    /// Copies the rest. Nobody writes any more.
    fn drop(&mut self) {
        self.desk.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the checkpoint thread panicked");
        }
    }
}

/// Serves requests until the database closes.
fn work(connection: &Opened, desk: &Desk, counters: &Counters) {
    let mut copied: Option<(Salt, u64)> = None;
    while let Some(request) = desk.next() {
        let Request {
            errand, reached, ..
        } = request;
        let mode = match errand {
            Errand::Step | Errand::Rest => Mode::Passive,
            Errand::Pause(mode) => mode,
        };
        let is_copied =
            copied.is_some_and(|(salt, frame)| salt == reached.salt && frame >= reached.frame);
        let relief = match is_copied {
            true => Relief::Copied,
            false => match checkpoint(connection, mode, counters) {
                Some(progress) => {
                    // Nothing begins anew before everything is copied, so what was
                    // copied has the salt of the request.
                    let done = Reached {
                        salt: reached.salt,
                        frame: progress.copied,
                    };
                    copied = Some((done.salt, done.frame));
                    if errand == Errand::Step {
                        desk.leave_copied(done);
                    }
                    relief(mode, &progress)
                }
                None => Relief::Blocked,
            },
        };
        desk.answer(request.number, relief);
    }
    checkpoint(connection, Mode::Truncate, counters);
}

fn relief(mode: Mode, progress: &Progress) -> Relief {
    match progress.copied >= progress.frames {
        true if mode != Mode::Passive && !progress.is_busy => Relief::Restarted,
        true => Relief::Copied,
        false => Relief::Blocked,
    }
}

fn checkpoint(connection: &Opened, mode: Mode, counters: &Counters) -> Option<Progress> {
    match connection.checkpoint(mode) {
        Ok(progress) => {
            count(&counters.checkpoints, 1);
            if progress.copied >= progress.frames {
                count(&counters.complete_checkpoints, 1);
            }
            Some(progress)
        }
        Err(failure) => {
            tracing::warn!(error.message = failure.text(), "a checkpoint failed");
            None
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
