//! How SQLite reaches its files: its own way for Unix without locks, with a lock around it.
//!
//! WASI has no file locks, and SQLite's own substitute, a file that is there while the
//! lock is held, stays for ever when its holder is dropped or traps: a client that leaves
//! is enough. Here one connection at a time holds the token of `vectra-token-lock`, for
//! reading as for writing, in the folder `FILE.locks`. It proves that it still does
//! before it touches the file or its journal: whoever was superseded can neither spoil
//! what its successor does nor read it half done. Its journal stays, and SQLite rolls back what
//! is in it when the successor has the lock, as after a crash.
//!
//! There is no shared memory, so there is no WAL; temporary files are refused (SQLite
//! keeps them in memory).

mod file;
mod holder;
mod pending;

use std::ffi::{CStr, CString, c_char, c_int};
use std::path::PathBuf;
use std::ptr;

use rusqlite::ffi::{self, sqlite3_vfs};

use crate::failure::Failure;
pub(crate) use holder::{is_held, renew, waits_for_itself};

/// SQLite's own, without locks.
const BASE: &CStr = c"unix-none";

/// The name of the one with a lock.
const NAME: &CStr = c"vectra-token";

/// The name to open files with; makes it known to SQLite the first time.
pub(crate) fn name() -> Result<&'static CStr, Failure> {
    // SAFETY: the names end in NUL; SQLite hands out pointers that stay valid, and takes
    // one that does, being leaked.
    unsafe {
        if !ffi::sqlite3_vfs_find(NAME.as_ptr()).is_null() {
            return Ok(NAME);
        }
        let Some(base) = ffi::sqlite3_vfs_find(BASE.as_ptr()).as_ref() else {
            return Err(Failure::new("SQLite was built without files"));
        };
        let vfs = Box::leak(Box::new(sqlite3_vfs {
            szOsFile: file::size(base),
            pNext: ptr::null_mut(),
            zName: NAME.as_ptr(),
            pAppData: ptr::from_ref(base).cast_mut().cast(),
            xOpen: Some(file::open),
            xDelete: Some(delete),
            // These ask nothing of the structure that they are given but its sizes.
            ..*base
        }));
        match ffi::sqlite3_vfs_register(vfs, 0) {
            ffi::SQLITE_OK => Ok(NAME),
            code => Err(Failure::new(format!("SQLite takes no files: {code}"))),
        }
    }
}

/// SQLite's own, which the one with a lock stands before.
///
/// # Safety
/// `vfs` is the one that [`name`] registered.
unsafe fn base(vfs: *mut sqlite3_vfs) -> *mut sqlite3_vfs {
    // SAFETY: it was put there by `name`.
    unsafe { (*vfs).pAppData.cast() }
}

/// Removes a journal, which is for its database's holder alone to do.
unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: SQLite passes the structure it was given and a name that ends in NUL.
    unsafe {
        let Some(holder) = database_of(&path(name)).and_then(|file| holder::held(&file)) else {
            return ffi::SQLITE_IOERR_DELETE;
        };
        if !holder.is_held() {
            return ffi::SQLITE_IOERR_DELETE;
        }
        let base = base(vfs);
        match (*base).xDelete {
            Some(delete) => delete(base, name, sync),
            None => ffi::SQLITE_IOERR_DELETE,
        }
    }
}

/// The database that a file belongs to by its name.
fn database_of(file: &std::path::Path) -> Option<PathBuf> {
    let name = file.to_str()?;
    let database = name
        .strip_suffix("-journal")
        .or_else(|| name.strip_suffix("-wal"))?;
    Some(PathBuf::from(database))
}

/// # Safety
/// `name` ends in NUL.
unsafe fn path(name: *const c_char) -> PathBuf {
    // SAFETY: the caller says so.
    let name: CString = unsafe { CStr::from_ptr(name) }.to_owned();
    PathBuf::from(name.to_string_lossy().into_owned())
}
