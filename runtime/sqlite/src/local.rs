//! A database in a file: one thread writes, a few read.
//!
//! libsql's local functions are asynchronous by name only, they never yield; so
//! they run on threads of their own, behind queues of bounded length. The one
//! writer gathers what is waiting into one transaction, so that many statements
//! share one sync of the disk ([`writer`]).

mod authorizer;
mod checkpoint;
mod claim;
mod engine;
mod failure;
mod gate;
mod gauge;
mod metrics;
mod options;
mod prepared;
mod readers;
mod rows;
mod session;
mod space;
mod statistics;
mod transaction;
mod value;
mod wal;
mod watchdog;
mod writer;

use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout_at;

use crate::database::{Answer, Begun, Database, Outcome, Transaction};
use crate::statement::{Kind, classify};
use crate::{Error, Value};
use checkpoint::Checkpoints;
use claim::Claim;
use gate::Gate;
use gauge::Gauge;
pub use options::{LocalOptions, OpenError, Synchronous, UnknownSynchronous};
pub(crate) use session::now;
use session::{Opened, Place, Role};
use statistics::Counters;
pub use statistics::Statistics;
use transaction::Means;
use watchdog::Watchdog;

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

/// A database in a file. Closing or dropping it waits for its threads, then copies
/// the WAL into the file.
pub struct LocalDatabase {
    writer: mpsc::Sender<Job>,
    readers: mpsc::Sender<Job>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    patience: Duration,
    gate: Arc<Gate>,
    transactions: Arc<Semaphore>,
    place: Place,
    // These stop when the threads have.
    checkpoints: Arc<Checkpoints>,
    _watchdog: Watchdog,
    // The last to go.
    _claim: Claim,
}

impl LocalDatabase {
    /// Opens a file, which is made (mode 0600) if it is missing. WAL, foreign keys
    /// on. It can be opened once at a time: another process that wrote to it, or copied
    /// its WAL, could harm it.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: &Path, options: LocalOptions) -> Result<Self, OpenError> {
        make_file(path).map_err(|source| OpenError::File {
            path: path.to_owned(),
            source,
        })?;
        engine::configure();
        let claim = Claim::take(path)?;
        let watchdog = Watchdog::start().map_err(OpenError::Thread)?;
        let place = Place {
            path: path.to_owned(),
            options,
            patrol: watchdog.patrol(),
            counters: Arc::new(Counters::default()),
        };
        let open = |role| {
            Opened::open(&place, role).map_err(|failure| OpenError::Database {
                path: path.to_owned(),
                message: failure.text(),
            })
        };
        // The writer first: it turns WAL on, which has to be alone.
        let writing = open(Role::Writer)?;
        let reading: Vec<_> = (0..options.readers.max(1))
            .map(|_| open(Role::Reader))
            .collect::<Result<_, _>>()?;
        let gauge = Gauge::new(path, &options);
        let counters = place.counters.clone();
        let checkpoints = Checkpoints::start(open(Role::Checkpoint)?, gauge, counters)
            .map_err(OpenError::Thread)?;
        let (gate, checkpoints) = (Arc::<Gate>::default(), Arc::new(checkpoints));
        let mut threads = Vec::new();
        let (writer, jobs) = mpsc::channel(options.queue);
        threads.push(
            writer::start(writing, jobs, gate.clone(), checkpoints.clone())
                .map_err(OpenError::Thread)?,
        );
        let (readers, jobs) = mpsc::channel(options.queue);
        threads.extend(readers::start(reading, jobs).map_err(OpenError::Thread)?);
        Ok(Self {
            writer,
            readers,
            threads: Mutex::new(threads),
            patience: options.patience,
            gate,
            transactions: Arc::new(Semaphore::new(options.transactions)),
            place,
            checkpoints,
            _watchdog: watchdog,
            _claim: claim,
        })
    }

    /// What was counted since it was opened.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            waiting_checkpoints: self.checkpoints.waiting(),
            ..self.place.counters.read()
        }
    }

    /// Runs a statement and counts it.
    async fn run(&self, sql: String, parameters: Vec<Value>) -> Result<Outcome, Error> {
        let kind = classify(&sql)?;
        let begun = Instant::now();
        let result = self.queue(sql, kind, parameters).await;
        self.place.counters.answered(kind, begun.elapsed(), &result);
        result
    }

    async fn queue(
        &self,
        sql: String,
        kind: Kind,
        parameters: Vec<Value>,
    ) -> Result<Outcome, Error> {
        let queue = match kind {
            Kind::Read => &self.readers,
            Kind::Change | Kind::Other => &self.writer,
            Kind::Control(_) => return Err(Error::Io("no transaction is active".into())),
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
            Err(_) => return Err(busy("too many statements wait")),
        }
        // It may begin at its deadline and then run as long again.
        match timeout_at((deadline + self.patience).into(), answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Error::Io(
                "the statement was given up; its outcome is unknown".into(),
            )),
            Err(_) => Err(busy("no answer in time; the outcome is unknown")),
        }
    }

    async fn open_transaction(
        &self,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<Box<dyn Transaction>, Error> {
        let deadline = Instant::now() + self.patience;
        let waiting = self.transactions.clone().acquire_owned();
        let permit = match timeout_at(deadline.into(), waiting).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(Error::Io("the database is closed".into())),
            Err(_) => return Err(busy("too many transactions are open")),
        };
        let means = Means {
            place: self.place.clone(),
            gate: self.gate.clone(),
            checkpoints: self.checkpoints.clone(),
            _permit: permit,
        };
        let (mut transaction, thread) = transaction::start(means)
            .map_err(|error| Error::Io(format!("cannot start a thread: {error}")))?;
        {
            let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
            threads.retain(|thread| !thread.is_finished());
            threads.push(thread);
        }
        transaction.run(sql, parameters).await?;
        Ok(Box::new(transaction))
    }
}

impl Database for LocalDatabase {
    fn execute(&self, statement: String, parameters: Vec<Value>) -> Answer<'_> {
        Box::pin(self.run(statement, parameters))
    }

    fn begin(&self, statement: String, parameters: Vec<Value>) -> Begun<'_> {
        Box::pin(self.open_transaction(statement, parameters))
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

/// How errors begin that say that others are in the way.
const BUSY: &str = "busy: ";

fn busy(message: &str) -> Error {
    Error::Io(format!("{BUSY}{message}"))
}

/// Makes the file readable for its owner only, if it is missing. SQLite gives its
/// companions (`-wal`, `-shm`) the same mode. A file that is there is not touched:
/// closing it would release the locks that this process may have on it.
fn make_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
