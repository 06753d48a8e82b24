//! A lock between processes for sandboxes that have no file locks: a **token** that is
//! handed on by renaming it.
//!
//! A folder holds one file, the token. Its name is the state of the lock:
//!
//! * `free`: nobody has it;
//! * `held.ID.BEAT`: the holder `ID` has it, and has renewed it `BEAT` times.
//!
//! There is one way to change the state: rename the token from the exact name that it was
//! seen under to another one. A rename is atomic and fails if its source is not there, so
//! it is a compare-and-swap, and the name is what is compared. A `held` name never comes
//! back: ids are random, and the beat of an id only grows.
//!
//! # Why it is safe
//!
//! *Two take at once, or two take over at once.* Both rename the same name; one finds it
//! gone.
//!
//! *A holder that was superseded.* The name it knows is gone, and nothing brings it back. Its
//! next renewal fails, and so does its release, which therefore never frees the lock of
//! another. It learns of it before it does harm if it calls [`TokenLock::prove`] before
//! each read and write: that renames whenever the last rename is more than
//! [`RENEW_AFTER`] ago. So between a proof and what it allows lies less than that, and how
//! long the operation itself takes; [`SILENCE`] is many times as long.
//!
//! *One that dies, at whatever step.* Every step is one rename, so the state is always one
//! of the two above. If it died as holder, its name stays the same; whoever sees the same
//! name for [`SILENCE`] takes the token over from it. An operation that the dead one had
//! given to its host, and which the host carries out after its end, is over by then.
//!
//! *One that slept, while others came and went.* Its clock says that much time has passed,
//! and it may remember a name from before. It renames only from that name, which is gone. If
//! all slept (a machine that was suspended), the name is still there, and its holder
//! as well: so a waiter counts no more than [`CREDIT`] between two looks, however long
//! ago the first was, and all have a chance to go on before anybody is superseded.
//!
//! *A listing that misses the token.* POSIX lets a listing miss a file that is renamed
//! meanwhile, or show it twice. It is only ever used to learn a name to wait for; what is
//! done with it is a rename again. A folder seen without a token, or with two, says nothing.
//!
//! *Who makes the token?* It must be made once. It is made in a folder beside, which is then
//! renamed to the lock's own. That fails if the lock's folder is there and holds anything, and
//! replaces an empty one, so it also mends a folder that lost its token with the machine's power.
//!
//! Wall clocks are not asked. Nothing is synced: after a loss of power whatever name is
//! found is either `free`, or of a holder that is no more.
//!
//! *What it does not see.* A process that is stopped (SIGSTOP, a frozen cgroup), or one file
//! operation that stalls, for more than [`SILENCE`] less [`RENEW_AFTER`], just between a proof and
//! what it allows, while another process goes on: then both may write. Instances of one process
//! stop together.
//!
//! It holds for the processes of one machine on a local file system. Across machines, the time
//! between a proof and the end of what it allows has no bound.

mod folder;

use std::io;
use std::time::Duration;

use thiserror::Error;

pub use folder::{Disk, Folder};

/// The token's name while nobody has it.
const FREE: &str = "free";

/// What its name begins with while somebody has it.
const HELD: &str = "held.";

/// A holder that works renews after this time.
pub const RENEW_AFTER: Duration = Duration::from_millis(500);

/// The token of a holder that was not seen to renew for so long is taken over.
pub const SILENCE: Duration = Duration::from_secs(10);

/// How often a waiter looks who holds the token. It tries to take it more often: that
/// costs less.
pub const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What counts as silence between two looks, at most.
pub const CREDIT: Duration = Duration::from_secs(1);

/// The lock was not held, or was taken over by another.
#[derive(Debug, Error)]
pub enum Lost {
    /// It is not held by this one.
    #[error("the lock is not held")]
    NotHeld,
    /// Another has taken it over after [`SILENCE`].
    #[error("the lock was taken over by another after it had not been renewed for long")]
    TakenOver,
    /// It could not be renewed; whether it is still held is unknown.
    #[error("the lock cannot be renewed: {0}")]
    Folder(#[from] io::Error),
}

/// Whether the lock was got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was free.
    Taken,
    /// Its holder had been silent for [`SILENCE`], and may have left work half done.
    TakenOver,
    /// Another holds it.
    Busy,
}

/// One of those that want the lock. Times are given by the caller, on any one clock that
/// never goes back.
#[derive(Debug)]
pub struct TokenLock<F> {
    folder: F,
    id: String,
    beat: u64,
    held: Option<Held>,
    watch: Watch,
}

/// That the lock is held.
#[derive(Debug)]
struct Held {
    /// The token's name.
    name: String,
    /// When the token was seen to have it, or earlier.
    proven: Duration,
}

/// What a waiter has seen.
#[derive(Debug, Default)]
struct Watch {
    /// When it looked last.
    looked: Option<Duration>,
    /// The holder's name then, and for how long it was the same.
    silent: Option<(String, Duration)>,
}

impl<F: Folder> TokenLock<F> {
    /// Takes a folder, and an id that no other has or ever had, of letters and digits.
    /// The folder and its token are made if they are not there.
    ///
    /// # Errors
    /// If they cannot be made.
    pub fn open(folder: F, id: String) -> io::Result<Self> {
        if !folder.is_there()? {
            folder.make(FREE, &id)?;
        }
        Ok(Self {
            folder,
            id,
            beat: 0,
            held: None,
            watch: Watch::default(),
        })
    }

    /// Tries to take the lock, without waiting.
    ///
    /// # Errors
    /// If the folder cannot be read or changed.
    pub fn try_take(&mut self, now: Duration) -> io::Result<Attempt> {
        if self.held.is_some() {
            return Ok(Attempt::Taken);
        }
        if self.take_from(FREE, now)? {
            return Ok(Attempt::Taken);
        }
        let Some(silent) = self.look(now)? else {
            return Ok(Attempt::Busy);
        };
        match self.take_from(&silent, now)? {
            true => Ok(Attempt::TakenOver),
            false => Ok(Attempt::Busy),
        }
    }

    /// Shows that the lock is still held, by a renewal if the last one is old. What
    /// follows may rely on it for the time it takes, if that is much less than [`SILENCE`].
    ///
    /// # Errors
    /// [`Lost`]: nothing may be read or written any more.
    pub fn prove(&mut self, now: Duration) -> Result<(), Lost> {
        let held = self.held.as_ref().ok_or(Lost::NotHeld)?;
        if now.saturating_sub(held.proven) < RENEW_AFTER {
            return Ok(());
        }
        let name = held.name.clone();
        // Whatever comes of it, the old name is no longer ours.
        self.held = None;
        match self.take_from(&name, now)? {
            true => Ok(()),
            false => Err(Lost::TakenOver),
        }
    }

    /// Gives the lock back. Nothing happens if it is not held, or is held no longer.
    ///
    /// # Errors
    /// If the folder cannot be changed: the lock is then taken over by others in time.
    pub fn release(&mut self) -> io::Result<()> {
        if let Some(held) = self.held.take() {
            self.folder.rename(&held.name, FREE)?;
        }
        Ok(())
    }

    /// Whether it is held, as far as this one knows.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Where the token is.
    pub fn folder(&self) -> &F {
        &self.folder
    }

    /// The only way to get or keep the token: renames it from a name to the next of ours.
    fn take_from(&mut self, name: &str, now: Duration) -> io::Result<bool> {
        self.beat += 1;
        let ours = format!("{HELD}{}.{}", self.id, self.beat);
        let taken = self.folder.rename(name, &ours)?;
        if taken {
            self.watch = Watch::default();
            self.held = Some(Held {
                name: ours,
                proven: now,
            });
        }
        Ok(taken)
    }

    /// Looks who holds the token, if it is time to; says whom it can be taken from.
    fn look(&mut self, now: Duration) -> io::Result<Option<String>> {
        let since = match self.watch.looked {
            Some(looked) => now.saturating_sub(looked),
            // Most waits are over before the first look.
            None => {
                self.watch.looked = Some(now);
                return Ok(None);
            }
        };
        if since < LOOK_EVERY {
            return Ok(None);
        }
        self.watch.looked = Some(now);
        let names = self.folder.names()?;
        let mut tokens = names.into_iter().filter(|name| is_token(name));
        let name = match (tokens.next(), tokens.next()) {
            (Some(name), None) => name,
            (None, None) => {
                self.folder.make(FREE, &self.id)?;
                return Ok(None);
            }
            _ => return Ok(None),
        };
        let silence = match self.watch.silent.take() {
            Some((before, silence)) if before == name => silence + since.min(CREDIT),
            _ => Duration::ZERO,
        };
        let is_silent = silence >= SILENCE;
        self.watch.silent = Some((name.clone(), silence));
        Ok(is_silent.then_some(name))
    }
}

/// Whether a file is the token; there may be others, of the file system or an editor.
fn is_token(name: &str) -> bool {
    name == FREE || name.starts_with(HELD)
}
