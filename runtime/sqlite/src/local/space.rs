//! Whether a disk has room, asked only after something failed on it.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What is tried to be written, in bytes.
const TRIED: usize = 64 << 10;

/// Whether no more can be written beside a file. A small file is made there and
/// removed again, since SQLite hides which error of the system it met.
pub(super) fn is_full(database: &Path) -> bool {
    let mut trial = database.as_os_str().to_owned();
    trial.push(format!("-space-{}", std::process::id()));
    let trial = PathBuf::from(trial);
    let result = write(&trial);
    if let Err(error) = std::fs::remove_file(&trial)
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!(error.message = %error, "cannot remove a file that was made to try the disk");
    }
    result.is_err_and(|error| {
        matches!(
            error.kind(),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded
        )
    })
}

fn write(trial: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(trial)?;
    file.write_all(&[0; TRIED])?;
    file.sync_all()
}
