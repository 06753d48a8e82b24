//! The locks of the files that this instance has open.

use std::cell::{Cell, RefCell};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use vectra_token_lock::{Attempt, Disk, TokenLock};

thread_local! {
    /// An instance has one thread.
    static OPEN: RefCell<Vec<Weak<Holder>>> = const { RefCell::new(Vec::new()) };
    static START: Instant = Instant::now();
    static WAITS_FOR_ITSELF: Cell<bool> = const { Cell::new(false) };
}

/// What comes after a database's name in that of the folder with its token.
const FOLDER: &str = ".locks";

/// One that may hold the lock of a file: each connection has its own.
pub(super) struct Holder {
    file: PathBuf,
    lock: RefCell<TokenLock<Disk>>,
}

impl Holder {
    pub(super) fn open(file: PathBuf) -> io::Result<Rc<Self>> {
        let mut folder = file.clone().into_os_string();
        folder.push(FOLDER);
        let id = format!("{:016x}{:016x}", random()?, random()?);
        let holder = Rc::new(Self {
            lock: RefCell::new(TokenLock::open(Disk::new(folder.into()), id)?),
            file,
        });
        OPEN.with_borrow_mut(|open| {
            open.retain(|holder| holder.strong_count() > 0);
            open.push(Rc::downgrade(&holder));
        });
        Ok(holder)
    }

    /// Tries to take the lock; says whether it did.
    pub(super) fn take(&self) -> io::Result<bool> {
        let taken = self.lock.borrow_mut().try_take(now())? != Attempt::Busy;
        WAITS_FOR_ITSELF.set(!taken && held(&self.file).is_some());
        Ok(taken)
    }

    /// Whether it is held now: by a renewal, if the last is old.
    pub(super) fn is_held(&self) -> bool {
        self.lock.borrow_mut().prove(now()).is_ok()
    }

    /// Gives the lock back. If that fails, others take it over in time.
    pub(super) fn release(&self) {
        let _ = self.lock.borrow_mut().release();
    }
}

/// The one in this instance that holds the lock of a file.
pub(super) fn held(file: &Path) -> Option<Rc<Holder>> {
    open()
        .into_iter()
        .find(|holder| holder.file == file && holder.lock.borrow().is_held())
}

/// Whether this instance holds the lock of a file.
pub(crate) fn is_held(file: &Path) -> bool {
    held(file).is_some()
}

/// Whether the lock that was last waited for is held in this very instance, which does
/// nothing else while it waits.
pub(crate) fn waits_for_itself() -> bool {
    WAITS_FOR_ITSELF.get()
}

/// Renews all that is held; says whether it still is.
pub(crate) fn renew() -> bool {
    let mut all = true;
    for holder in open() {
        let held = holder.lock.borrow().is_held();
        all &= !held || holder.is_held();
    }
    all
}

fn open() -> Vec<Rc<Holder>> {
    OPEN.with_borrow(|open| open.iter().filter_map(Weak::upgrade).collect())
}

fn now() -> Duration {
    START.with(Instant::elapsed)
}

fn random() -> io::Result<u64> {
    getrandom::u64().map_err(io::Error::other)
}
