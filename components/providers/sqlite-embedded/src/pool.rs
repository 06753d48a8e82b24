//! Connections that wait for their next user.
//!
//! A guest opens a connection for each call, and a new one has to read the whole schema first:
//! that costs more than most statements. So what is dropped is kept, with nothing of its user in
//! it, as long as its instance lives: most often for one request.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ffi};

use crate::vfs;

/// Connections that are kept, at most.
const KEPT: usize = 4;

/// Statements of a connection that are kept ready, and whose texts are known, at most.
pub(crate) const STATEMENTS: usize = 64;

/// A connection and what is known of it.
pub(crate) struct Pooled {
    pub(crate) file: PathBuf,
    pub(crate) connection: Connection,
    /// Texts that have been found to be one statement each.
    pub(crate) known: BTreeSet<String>,
    /// Something of the disk failed on it: what it remembers of the file may be wrong.
    pub(crate) suspect: bool,
}

thread_local! {
    /// An instance has one thread.
    static IDLE: RefCell<Vec<Pooled>> = const { RefCell::new(Vec::new()) };
}

/// A connection to this file that nobody uses.
pub(crate) fn take(file: &Path) -> Option<Pooled> {
    IDLE.with_borrow_mut(|idle| {
        let place = idle.iter().position(|pooled| pooled.file == file)?;
        let pooled = idle.swap_remove(place);
        // SAFETY: the connection is open, and this only sets a number of it.
        unsafe { ffi::sqlite3_set_last_insert_rowid(pooled.connection.handle(), 0) };
        Some(pooled)
    })
}

/// Keeps a connection for later, unless a transaction is open on it: that one is closed,
/// and thereby rolled back; or the disk has failed it.
pub(crate) fn give(pooled: Pooled) {
    if pooled.suspect || !pooled.connection.is_autocommit() || vfs::is_held(&pooled.file) {
        return;
    }
    IDLE.with_borrow_mut(|idle| {
        if idle.len() < KEPT {
            idle.push(pooled);
        }
    });
}
