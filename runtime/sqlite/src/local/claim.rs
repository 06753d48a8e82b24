//! One process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use super::options::OpenError;

/// The hold on a file, for as long as this lives and at the latest until the process
/// ends. It is a lock on a file beside it, since closing any handle of the database
/// itself would take SQLite's own locks away.
#[derive(Debug)]
pub(super) struct Claim(#[expect(dead_code, reason = "its lock goes when it does")] Option<File>);

impl Claim {
    /// Takes hold of a database file that is there.
    ///
    /// # Errors
    /// [`OpenError::InUse`] if another [`LocalDatabase`](super::LocalDatabase) has it.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::File {
            path: path.to_owned(),
            source,
        };
        // Under whatever name it was opened, it is one file.
        let mut lock = path.canonicalize().map_err(failed)?.into_os_string();
        lock.push(".lock");
        let file = match open(Path::new(&lock)) {
            Ok(file) => file,
            // Where it can be neither made nor read, neither can the WAL: we only read.
            Err(error) if is_read_only(&error) => match File::open(&lock) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self(None)),
                Err(error) => return Err(failed(error)),
            },
            Err(error) => return Err(failed(error)),
        };
        match file.try_lock() {
            Ok(()) => Ok(Self(Some(file))),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
                path: path.to_owned(),
            }),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                tracing::warn!(
                    "this file system has no locks: see that only one process uses the database"
                );
                Ok(Self(None))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    // It holds nothing; whoever else may use the database must be able to lock it.
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    options.open(path)
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied
    )
}
