//! A file as SQLite sees it: a structure of ours, and behind it in the same memory that of
//! SQLite's own.

use std::cell::{Cell, RefCell};
use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::rc::Rc;
use std::slice;

use rusqlite::ffi::{self, sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs};

use super::holder::{self, Holder};
use super::pending::Pending;
use super::{base, database_of, path};

/// SQLite allocates it with [`size`] bytes, and [`open`] fills it.
#[repr(C, align(8))]
struct Shim {
    sqlite: sqlite3_file,
    lock: *mut Lock,
}

/// A file's part in the lock.
struct Lock {
    holder: Rc<Holder>,
    /// What SQLite calls the level it has; a journal has none of its own.
    level: Cell<c_int>,
    is_database: bool,
    /// A journal's last writes.
    pending: RefCell<Pending>,
    /// Some of them could not be written. Whoever asks for the journal then must hear of it: one
    /// that read it without them would find nothing to undo, and keep pages that were never
    /// committed.
    broken: Cell<bool>,
}

impl Lock {
    /// Whether the file may be read and written. The first bytes of a database are read
    /// before anything is locked, to learn the size of its pages.
    fn allows(&self, reads: bool) -> bool {
        if self.broken.get() {
            return false;
        }
        let unlocked = self.is_database && self.level.get() == ffi::SQLITE_LOCK_NONE;
        (reads && unlocked) || self.holder.is_held()
    }
}

/// How many bytes a file takes, with SQLite's own behind ours.
pub(super) fn size(base: &sqlite3_vfs) -> c_int {
    c_int::try_from(size_of::<Shim>())
        .unwrap_or(c_int::MAX)
        .saturating_add(base.szOsFile)
}

/// # Safety
/// `file` was allocated with [`size`] bytes.
unsafe fn real(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: what lies behind the structure belongs to it.
    unsafe { file.cast::<Shim>().add(1).cast() }
}

/// # Safety
/// `file` was opened by [`open`] and is not closed.
unsafe fn lock<'a>(file: *mut sqlite3_file) -> &'a Lock {
    // SAFETY: `open` put it there, `close` takes it away.
    unsafe { &*(*file.cast::<Shim>()).lock }
}

/// Opens a database, or the journal of one whose lock this instance holds.
pub(super) unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes what it was given, `size` bytes for the file, and a name that
    // ends in NUL or none. The name goes on unchanged: it has parts behind its NUL.
    unsafe {
        (*file).pMethods = ptr::null();
        let Some(lock) = lock_of(name, flags) else {
            return ffi::SQLITE_CANTOPEN;
        };
        let (base, real) = (base(vfs), real(file));
        (*real).pMethods = ptr::null();
        let Some(open) = (*base).xOpen else {
            return ffi::SQLITE_CANTOPEN;
        };
        let mut code = ffi::SQLITE_CANTOPEN;
        // A journal is cut at the end of each transaction, and stays. Opened as one that may
        // be new, it would cost a sync of the folder each time.
        if !lock.is_database {
            let known = flags & !ffi::SQLITE_OPEN_CREATE;
            code = open(base, name, real, known, out_flags);
        }
        if code != ffi::SQLITE_OK {
            code = open(base, name, real, flags, out_flags);
        }
        if code == ffi::SQLITE_OK {
            (*file.cast::<Shim>()).lock = Box::into_raw(Box::new(lock));
            (*file).pMethods = &raw const METHODS;
        }
        code
    }
}

/// # Safety
/// As for [`open`].
unsafe fn lock_of(name: *const c_char, flags: c_int) -> Option<Lock> {
    if name.is_null() {
        return None;
    }
    // SAFETY: the caller says so.
    let file = unsafe { path(name) };
    let is_database = flags & ffi::SQLITE_OPEN_MAIN_DB != 0;
    let holder = match is_database {
        true => Holder::open(file).ok()?,
        false if flags & ffi::SQLITE_OPEN_MAIN_JOURNAL != 0 => holder::held(&database_of(&file)?)?,
        false => return None,
    };
    Some(Lock {
        holder,
        level: Cell::new(ffi::SQLITE_LOCK_NONE),
        is_database,
        pending: RefCell::default(),
        broken: Cell::new(false),
    })
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    // The first version has no shared memory and no mapped files.
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(take),
    xUnlock: Some(release),
    xCheckReservedLock: Some(is_reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

/// Calls the method of SQLite's own file.
macro_rules! forward {
    ($file:ident.$method:ident($($argument:expr),*), else $failed:expr) => {{
        // SAFETY: SQLite calls this for a file that `open` has opened, whose other half
        // SQLite's own `open` has.
        unsafe {
            let real = real($file);
            match (*real).pMethods.as_ref().and_then(|methods| methods.$method) {
                Some(method) => method(real $(, $argument)*),
                None => $failed,
            }
        }
    }};
}

/// Writes what is pending. Whether the lock is held is for the caller to ask.
///
/// # Safety
/// `file` is open.
unsafe fn flush(file: *mut sqlite3_file) -> c_int {
    // SAFETY: the caller says so.
    let lock = unsafe { lock(file) };
    let taken = lock.pending.borrow_mut().take();
    let Some((bytes, at)) = taken else {
        return ffi::SQLITE_OK;
    };
    // Until all of it is in the file.
    lock.broken.set(true);
    let Ok(length) = c_int::try_from(bytes.len()) else {
        return ffi::SQLITE_IOERR_WRITE;
    };
    let code =
        forward!(file.xWrite(bytes.as_ptr().cast(), length, at), else ffi::SQLITE_IOERR_WRITE);
    lock.broken.set(code != ffi::SQLITE_OK);
    code
}

/// Leaves unwritten what was not synced: nobody counts on it.
unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let code = forward!(file.xClose(), else ffi::SQLITE_OK);
    // SAFETY: `open` made it, and SQLite does not use a file that it has closed.
    let lock = unsafe { Box::from_raw((*file.cast::<Shim>()).lock) };
    if lock.is_database {
        lock.holder.release();
    }
    code
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    into: *mut c_void,
    bytes: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: the file is open.
    if !unsafe { lock(file) }.allows(true) {
        return ffi::SQLITE_IOERR_READ;
    }
    // SAFETY: the file is open.
    let flushed = unsafe { flush(file) };
    if flushed != ffi::SQLITE_OK {
        return flushed;
    }
    forward!(file.xRead(into, bytes, at), else ffi::SQLITE_IOERR_READ)
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    bytes: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: the file is open.
    let lock = unsafe { lock(file) };
    if !lock.allows(false) {
        return ffi::SQLITE_IOERR_WRITE;
    }
    if let (false, Ok(length)) = (lock.is_database, usize::try_from(bytes)) {
        // SAFETY: SQLite passes so many bytes.
        let written = unsafe { slice::from_raw_parts(from.cast::<u8>(), length) };
        if lock.pending.borrow_mut().add(written, at) {
            return ffi::SQLITE_OK;
        }
        // SAFETY: the file is open.
        let flushed = unsafe { flush(file) };
        if flushed != ffi::SQLITE_OK || lock.pending.borrow_mut().add(written, at) {
            return flushed;
        }
    }
    forward!(file.xWrite(from, bytes, at), else ffi::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, bytes: sqlite3_int64) -> c_int {
    // SAFETY: the file is open.
    if !unsafe { lock(file) }.allows(false) {
        return ffi::SQLITE_IOERR_TRUNCATE;
    }
    // SAFETY: the file is open.
    let flushed = unsafe { flush(file) };
    if flushed != ffi::SQLITE_OK {
        return flushed;
    }
    forward!(file.xTruncate(bytes), else ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: the file is open.
    if !unsafe { lock(file) }.allows(false) {
        return ffi::SQLITE_IOERR_FSYNC;
    }
    // SAFETY: the file is open.
    let flushed = unsafe { flush(file) };
    if flushed != ffi::SQLITE_OK {
        return flushed;
    }
    forward!(file.xSync(flags), else ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, bytes: *mut sqlite3_int64) -> c_int {
    // SAFETY: the file is open.
    let lock = unsafe { lock(file) };
    let flushed = match lock.is_database || lock.allows(false) {
        // SAFETY: the file is open.
        true => unsafe { flush(file) },
        false => ffi::SQLITE_IOERR_FSTAT,
    };
    if flushed != ffi::SQLITE_OK {
        return flushed;
    }
    forward!(file.xFileSize(bytes), else ffi::SQLITE_IOERR_FSTAT)
}

/// Any level takes the lock; a higher one needs that it is still held.
unsafe extern "C" fn take(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: the file is open.
    let lock = unsafe { lock(file) };
    if level <= lock.level.get() {
        return ffi::SQLITE_OK;
    }
    if lock.level.get() == ffi::SQLITE_LOCK_NONE {
        match lock.holder.take() {
            Ok(true) => {}
            Ok(false) => return ffi::SQLITE_BUSY,
            Err(_) => return ffi::SQLITE_IOERR_LOCK,
        }
    } else if !lock.holder.is_held() {
        return ffi::SQLITE_IOERR_LOCK;
    }
    lock.level.set(level);
    ffi::SQLITE_OK
}

unsafe extern "C" fn release(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: the file is open.
    let lock = unsafe { lock(file) };
    if level < lock.level.get() {
        lock.level.set(level);
    }
    if lock.level.get() == ffi::SQLITE_LOCK_NONE {
        lock.holder.release();
    }
    ffi::SQLITE_OK
}

/// Nobody else can have begun to write while this one has the lock, and it is only asked
/// then: to learn whether a journal was left behind.
unsafe extern "C" fn is_reserved(file: *mut sqlite3_file, reserved: *mut c_int) -> c_int {
    // SAFETY: the file is open, and the answer has a place.
    unsafe {
        *reserved = c_int::from(lock(file).level.get() > ffi::SQLITE_LOCK_SHARED);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn control(
    file: *mut sqlite3_file,
    operation: c_int,
    argument: *mut c_void,
) -> c_int {
    forward!(file.xFileControl(operation, argument), else ffi::SQLITE_NOTFOUND)
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    forward!(file.xSectorSize(), else 4096)
}

unsafe extern "C" fn characteristics(file: *mut sqlite3_file) -> c_int {
    forward!(file.xDeviceCharacteristics(), else 0)
}
