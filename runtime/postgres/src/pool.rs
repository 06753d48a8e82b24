//! A bounded pool of connections to a server.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use deadpool::Runtime;
use deadpool::managed::{Pool, QueueMode, Timeouts};
use thiserror::Error as ThisError;
use tokio::runtime::Handle;
use tokio::time::timeout;
use vectra_connection::{PostgresOptions, Target};

use crate::Error;
use crate::connect::Server;
use crate::database::{Answer, Database, Session};
use crate::failure::connecting;
use crate::metrics::Counters;
use crate::session::Lent;

/// A database cannot be set up. Whether the server is there is not asked.
#[derive(Debug, ThisError)]
pub enum OpenError {
    /// The file with the authorities cannot be used.
    #[error("cannot use the root certificates in `{}`: {message}", path.display())]
    RootCertificate {
        /// The file.
        path: PathBuf,
        /// Why not.
        message: String,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
    /// The pool cannot be set up.
    #[error("cannot set up the pool: {0}")]
    Pool(String),
}

/// A database in a server. Connections are made when they are needed, and made
/// again when the server comes back.
pub struct PostgresDatabase {
    pool: Pool<Server>,
    options: PostgresOptions,
    counters: Arc<Counters>,
    /// Callers in the queue, and those who are just being served.
    queue: AtomicUsize,
}

impl PostgresDatabase {
    /// Sets a database up. The server may be down.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(target: &Target, options: PostgresOptions) -> Result<Self, OpenError> {
        let patience = options.patience;
        let counters = Arc::<Counters>::default();
        let pool = Pool::builder(Server::new(target, &options, counters.clone())?)
            .max_size(options.connections.max(1))
            // The connection that was used last has its statements prepared.
            .queue_mode(QueueMode::Lifo)
            .timeouts(Timeouts {
                wait: Some(patience),
                create: Some(target.connect_timeout),
                recycle: Some(patience),
            })
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| OpenError::Pool(error.to_string()))?;
        Ok(Self {
            pool,
            options,
            counters,
            queue: AtomicUsize::new(0),
        })
    }

    /// Lends a connection, a new one if none is idle and there may be more.
    ///
    /// # Errors
    /// `connection-failed`: the server is down or refuses us; or `busy: …` if none
    /// became free in time, or too many wait already.
    pub async fn connect(&self) -> Result<Lent, Error> {
        let failed = |message: &str| Error::ConnectionFailed(message.into());
        let runtime = Handle::try_current().map_err(|_| failed("there is no runtime"))?;
        let options = &self.options;
        let _place = self.queue()?;
        // Each step has a limit of its own; this one holds for all together.
        let limit = options.patience * 2 + self.pool.timeouts().create.unwrap_or_default();
        let object = timeout(limit, self.pool.get())
            .await
            .map_err(|_| failed("the server does not answer in time"))
            .and_then(|object| object.map_err(|error| connecting(&error)))
            .inspect_err(|_| self.counters.unserved.add(1))?;
        Ok(Lent::new(
            object,
            self.options,
            runtime,
            self.counters.clone(),
        ))
    }

    pub(crate) fn pool(&self) -> &Pool<Server> {
        &self.pool
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    fn queue(&self) -> Result<Place<'_>, Error> {
        let options = &self.options;
        let place = Place(&self.queue);
        let before = self.queue.fetch_add(1, Relaxed);
        if before >= options.connections.saturating_add(options.waiting) {
            self.counters.refused.add(1);
            let message = "busy: too many callers wait for a connection";
            return Err(Error::ConnectionFailed(message.into()));
        }
        Ok(place)
    }
}

/// A place in the queue.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Database for PostgresDatabase {
    fn connect(&self) -> Answer<'_, Box<dyn Session>> {
        Box::pin(async { Ok(Box::new(Self::connect(self).await?) as _) })
    }

    fn per_request(&self) -> usize {
        self.options.per_request
    }
}
