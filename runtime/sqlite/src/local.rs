//! A database in a file: one thread writes, a few read.
//!
//! libsql's local functions are asynchronous by name only, they never yield; so
//! they run on threads of their own, behind queues of bounded length. The one
//! writer gathers what is waiting into one transaction, so that many statements
//! share one sync of the disk ([`writer`]).

mod failure;
mod readers;
mod session;
mod value;
mod watchdog;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use thiserror::Error as ThisError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout_at;

use crate::database::{Answer, Database, Outcome};
use crate::statement::{Kind, classify};
use crate::{Error, Value};
use session::{Opened, Role};
use watchdog::Watchdog;

/// Bounds of a local database.
#[derive(Clone, Copy, Debug)]
pub struct LocalOptions {
    /// Threads that read.
    pub readers: usize,
    /// Statements that wait for the writer, and for the readers, at most.
    pub queue: usize,
    /// Statements that share a commit, at most.
    pub group: usize,
    /// How long a statement may wait, and how long it may run.
    pub patience: Duration,
    /// Rows of one result, at most.
    pub rows: usize,
    /// Bytes of one result, at most.
    pub bytes: usize,
    /// Prepared statements kept by each thread.
    pub prepared: usize,
}

impl Default for LocalOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            readers: cores.clamp(2, 8),
            queue: 1024,
            group: 128,
            patience: Duration::from_secs(5),
            rows: 10_000,
            bytes: 16 << 20,
            prepared: 64,
        }
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
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// A statement on its way.
struct Job {
    sql: String,
    kind: Kind,
    parameters: Vec<Value>,
    deadline: Instant,
    reply: oneshot::Sender<Result<Outcome, Error>>,
}

impl Job {
    /// Answers; nobody listens any more if the caller has gone.
    fn answer(self, result: Result<Outcome, Error>) {
        let _ = self.reply.send(result);
    }

    /// Whether there is still someone to run it for.
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed() && Instant::now() < self.deadline
    }
}

/// A database in a file. Closing or dropping it waits for its threads.
pub struct LocalDatabase {
    writer: mpsc::Sender<Job>,
    readers: mpsc::Sender<Job>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    patience: Duration,
    // Stops with the database.
    _watchdog: Watchdog,
}

impl LocalDatabase {
    /// Opens a file, which is made (mode 0600) if it is missing. WAL, synchronous
    /// FULL, foreign keys on.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: &Path, options: LocalOptions) -> Result<Self, OpenError> {
        make_file(path).map_err(|source| OpenError::File {
            path: path.to_owned(),
            source,
        })?;
        let database_error = |message| OpenError::Database {
            path: path.to_owned(),
            message,
        };
        let watchdog = Watchdog::start().map_err(OpenError::Thread)?;
        let open =
            |role| Opened::open(path, role, options, watchdog.patrol()).map_err(database_error);
        let mut threads = Vec::new();
        let (writer, jobs) = mpsc::channel(options.queue);
        threads.push(writer::start(open(Role::Writer)?, jobs).map_err(OpenError::Thread)?);
        let (readers, jobs) = mpsc::channel(options.queue);
        let sessions: Vec<_> = (0..options.readers.max(1))
            .map(|_| open(Role::Reader))
            .collect::<Result<_, _>>()?;
        threads.extend(readers::start(sessions, jobs).map_err(OpenError::Thread)?);
        Ok(Self {
            writer,
            readers,
            threads: Mutex::new(threads),
            patience: options.patience,
            _watchdog: watchdog,
        })
    }

    async fn run(&self, sql: String, parameters: Vec<Value>) -> Result<Outcome, Error> {
        let kind = classify(&sql)?;
        let queue = if kind == Kind::Read {
            &self.readers
        } else {
            &self.writer
        };
        let (reply, answer) = oneshot::channel();
        let deadline = Instant::now() + self.patience;
        let job = Job {
            sql,
            kind,
            parameters,
            deadline,
            reply,
        };
        match timeout_at(deadline.into(), queue.send(job)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(Error::Io("the database is closed".into())),
            Err(_) => return Err(Error::Io("busy: too many statements are waiting".into())),
        }
        // It may begin at its deadline and then run as long again.
        match timeout_at((deadline + self.patience).into(), answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Error::Io(
                "the statement was given up; its outcome is unknown".into(),
            )),
            Err(_) => Err(Error::Io(
                "busy: no answer in time; the outcome is unknown".into(),
            )),
        }
    }
}

impl Database for LocalDatabase {
    fn execute(&self, statement: String, parameters: Vec<Value>) -> Answer<'_> {
        Box::pin(self.run(statement, parameters))
    }
}

impl Drop for LocalDatabase {
    fn drop(&mut self) {
        // The threads end when their queues do.
        (self.writer, self.readers) = (mpsc::channel(1).0, mpsc::channel(1).0);
        let threads = self
            .threads
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a database thread panicked");
            }
        }
    }
}

/// Makes the file readable for its owner only. SQLite gives its companions
/// (`-wal`, `-shm`) the same mode.
fn make_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
