//! What a local database is opened with, and why it cannot be.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error as ThisError;

/// Bounds of a local database.
#[derive(Clone, Copy, Debug)]
pub struct LocalOptions {
    /// When a commit counts as done.
    pub synchronous: Synchronous,
    /// Threads that read.
    pub readers: usize,
    /// Statements that wait for the writer, and for the readers, at most.
    pub queue: usize,
    /// Statements that share a commit, at most.
    pub group: usize,
    /// Transactions of guests that are open at once, at most. Each has a thread
    /// and a connection of its own.
    pub transactions: usize,
    /// How long a statement may wait, how long it may run, and how long a guest's
    /// transaction may be open.
    pub patience: Duration,
    /// Rows of one result, at most.
    pub rows: usize,
    /// Bytes of one result, at most.
    pub bytes: usize,
    /// Prepared statements kept by each thread.
    pub prepared: usize,
    /// After how many pages in the WAL a checkpoint begins, beside the writer.
    pub checkpoint: u64,
    /// From how many pages in the WAL on the writer waits for a checkpoint to catch
    /// up; at twice as many it waits at once. Where a reader of another process
    /// prevents the checkpoint, the writer goes on, and refuses to write (database
    /// full) at sixteen times as many.
    pub wal_cap: u64,
}

impl Default for LocalOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            synchronous: Synchronous::Full,
            readers: cores.clamp(2, 8),
            queue: 1024,
            group: 128,
            transactions: 4,
            patience: Duration::from_secs(5),
            rows: 10_000,
            bytes: 16 << 20,
            prepared: 64,
            checkpoint: 1_000,
            wal_cap: 16_384,
        }
    }
}

/// When a commit counts as done. Read from text without regard to case, written
/// as in the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// When it is on the disk. What was answered survives a loss of power.
    #[default]
    Full,
    /// When the operating system has it. What was answered survives the end of
    /// the process, but a loss of power can take the last answered rows with it.
    Normal,
}

/// The text names no [`Synchronous`].
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("`{0}` is neither `Full` nor `Normal`")]
pub struct UnknownSynchronous(String);

impl fmt::Display for Synchronous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "Full",
            Self::Normal => "Normal",
        })
    }
}

impl FromStr for Synchronous {
    type Err = UnknownSynchronous;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Full, Self::Normal]
            .into_iter()
            .find(|mode| mode.to_string().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownSynchronous(text.to_owned()))
    }
}

/// The database could not be opened.
#[derive(Debug, ThisError)]
pub enum OpenError {
    /// The file could not be made.
    #[error("cannot make `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// SQLite refused it.
    #[error("cannot open `{}`: {message}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Why not.
        message: String,
    },
    /// Another process, or this one, has it open already.
    #[error("`{}` is in use by another process", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synchronous_is_read_as_it_is_written_and_in_any_case() {
        for (text, mode) in [
            ("Full", Ok(Synchronous::Full)),
            ("Normal", Ok(Synchronous::Normal)),
            ("normal", Ok(Synchronous::Normal)),
            ("FULL", Ok(Synchronous::Full)),
            (
                "Off",
                Err("`Off` is neither `Full` nor `Normal`".to_owned()),
            ),
            ("", Err("`` is neither `Full` nor `Normal`".to_owned())),
        ] {
            let read = text
                .parse::<Synchronous>()
                .map_err(|error| error.to_string());
            assert_eq!(read, mode, "{text}");
        }
        assert_eq!(Synchronous::default().to_string(), "Full");
    }
}
