//! A copy of a database that another process is writing to.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use libsql::{Builder, Connection, OpenFlags};
use thiserror::Error as ThisError;

use crate::local::now;

/// How long to wait for a lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A copy that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupReport {
    /// Size of the copy in bytes.
    pub bytes: u64,
    /// How long it took, the check included.
    pub took: Duration,
}

/// There is no copy.
#[derive(Debug, ThisError)]
pub enum BackupError {
    /// There is no database to copy.
    #[error("there is no database `{}`", .0.display())]
    Missing(PathBuf),
    /// There is a file already where the copy should be.
    #[error("`{}` exists already and is not overwritten", .0.display())]
    Exists(PathBuf),
    /// The database could not be read or the copy not be written.
    #[error("cannot copy `{}`: {message}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        message: String,
    },
    /// The copy failed SQLite's check; so the database itself is likely damaged.
    #[error("the copy is not sound: {0}")]
    Unsound(String),
    /// The copy could not be put in its place.
    #[error("cannot write `{}`: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Copies a database, as it is at one moment, into a new file (mode 0600) that has
/// no companions. Everything that was committed before the call is in it. Writers
/// are not held up; the WAL grows while it runs. The copy is checked, synced and
/// only then given its name; if anything fails, nothing is left behind.
///
/// It blocks. The secrets beside the database are not in it.
///
/// # Errors
/// [`BackupError`].
pub fn backup(source: &Path, target: &Path) -> Result<BackupReport, BackupError> {
    let begun = Instant::now();
    if !source.is_file() {
        return Err(BackupError::Missing(source.to_owned()));
    }
    if target.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(target.to_owned()));
    }
    let part = Part::make(target)?;
    let failed = |error: libsql::Error| BackupError::Database {
        path: source.to_owned(),
        message: match error {
            libsql::Error::SqliteFailure(_, message) => message,
            error => error.to_string(),
        },
    };
    vacuum(source, &part.0).map_err(failed)?;
    let problems = problems(&part.0).map_err(failed)?;
    if !problems.is_empty() {
        return Err(BackupError::Unsound(problems.join(", ")));
    }
    let bytes = part.sync()?;
    part.become_target(target)?;
    Ok(BackupReport {
        bytes,
        took: begun.elapsed(),
    })
}

fn open(path: &Path, flags: OpenFlags) -> libsql::Result<Connection> {
    let connection = now(Builder::new_local(path).flags(flags).build())?.connect()?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// The database is opened for writing because reading a WAL may need to restore
/// its index.
fn vacuum(source: &Path, part: &Path) -> libsql::Result<()> {
    let part = part.to_str().ok_or(libsql::Error::InvalidUTF8Path)?;
    let connection = open(source, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    now(connection.execute("VACUUM INTO ?1", [part]))?;
    Ok(())
}

/// What SQLite finds wrong with a file.
fn problems(part: &Path) -> libsql::Result<Vec<String>> {
    let connection = open(part, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut rows = now(connection.query("PRAGMA integrity_check(10)", ()))?;
    let mut problems = Vec::new();
    while let Some(row) = now(rows.next())? {
        match row.get_str(0)? {
            "ok" => {}
            problem => problems.push(problem.to_owned()),
        }
    }
    Ok(problems)
}

/// The copy, until it has its name; removed if it never gets it.
struct Part(PathBuf);

impl Part {
    /// Makes an empty file beside the target, which SQLite then fills.
    fn make(target: &Path) -> Result<Self, BackupError> {
        let mut name = target.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let path = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.create_new(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(_) => Ok(Self(path)),
            Err(source) => Err(BackupError::File { path, source }),
        }
    }

    /// Brings it to the disk; gives its size.
    fn sync(&self) -> Result<u64, BackupError> {
        let sync = || {
            let file = OpenOptions::new().write(true).open(&self.0)?;
            file.sync_all()?;
            Ok(file.metadata()?.len())
        };
        sync().map_err(|source| BackupError::File {
            path: self.0.clone(),
            source,
        })
    }

    /// Gives it its name, unless someone else took it meanwhile.
    fn become_target(self, target: &Path) -> Result<(), BackupError> {
        // Renaming would replace a file; a second name for the same one does not.
        let named = match std::fs::hard_link(&self.0, target) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists && !target.exists() => {
                std::fs::rename(&self.0, target)
            }
            result => result,
        };
        match named {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(BackupError::Exists(target.to_owned()));
            }
            Err(source) => {
                let path = target.to_owned();
                return Err(BackupError::File { path, source });
            }
        }
        drop(self);
        let folder = match target.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        sync_folder(folder).map_err(|source| BackupError::File {
            path: folder.to_owned(),
            source,
        })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Of SQLite too, if it was interrupted.
        let mut journal = self.0.as_os_str().to_owned();
        journal.push("-journal");
        for path in [&self.0, Path::new(&journal)] {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Brings a new name to the disk. Where folders cannot be synced, names are.
fn sync_folder(folder: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(folder)?.sync_all(),
        false => Ok(()),
    }
}
