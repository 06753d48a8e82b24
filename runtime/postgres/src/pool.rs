//! A bounded pool of connections to a server.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Pool, QueueMode, Runtime, Timeouts,
};
use thiserror::Error as ThisError;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::Config;

use crate::Error;
use crate::database::{Answer, Database, Session};
use crate::failure::connecting;
use crate::session::Lent;
use crate::target::{SslMode, Target};
use crate::tls::Connector;

/// How long a connection may have been idle and still be taken for alive.
const FRESH: Duration = Duration::from_secs(1);

/// How long the network may be silent before the kernel asks.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Bounds of a database.
#[derive(Clone, Copy, Debug)]
pub struct PostgresOptions {
    /// Connections to the server, at most.
    pub connections: usize,
    /// Callers that wait for a connection, at most. Those beyond fail at once.
    pub waiting: usize,
    /// How long a caller waits for a connection.
    pub patience: Duration,
    /// How long a statement may run; milliseconds count. The server is told, and a
    /// second later the connection is given up.
    pub statement_timeout: Duration,
    /// Rows of one result, at most.
    pub rows: usize,
    /// Bytes of one result, and of the parameters of one statement, at most. A
    /// single row is held whole before it is counted.
    pub bytes: usize,
    /// Prepared statements kept by each connection.
    pub prepared: usize,
    /// Connections that one request may hold at a time.
    pub per_request: usize,
    /// When connections are rolled back as they come back.
    pub rollback: Rollback,
}

/// When a connection that comes back is rolled back, in the background, before it is
/// lent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rollback {
    /// Each time.
    #[default]
    Always,
    /// If one of the statements began with a word that is about transactions. No
    /// other leaves one open, so this is as good if we read statements as
    /// PostgreSQL does. It saves the server half of the work where that is little.
    AfterTransactions,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            connections: 16,
            waiting: 1024,
            patience: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(5),
            rows: 10_000,
            bytes: 16 << 20,
            prepared: 128,
            per_request: 4,
            rollback: Rollback::Always,
        }
    }
}

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
    pool: Pool,
    shared: Arc<Shared>,
    /// Callers in the queue, and those who are just being served.
    queue: AtomicUsize,
}

/// What connections need while they are lent.
pub(crate) struct Shared {
    pub(crate) connector: Connector,
    pub(crate) options: PostgresOptions,
}

impl PostgresDatabase {
    /// Sets a database up. The server may be down.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(target: &Target, options: PostgresOptions) -> Result<Self, OpenError> {
        let connector = Connector::new(target)?;
        let manager = Manager::from_connect(
            config(target, &options),
            connector.clone(),
            ManagerConfig::default(),
        );
        let patience = options.patience;
        let pool = Pool::builder(manager)
            .max_size(options.connections.max(1))
            // The connection that was used last has its statements prepared.
            .queue_mode(QueueMode::Lifo)
            .timeouts(Timeouts {
                wait: Some(patience),
                create: Some(target.connect_timeout),
                recycle: Some(patience),
            })
            .runtime(Runtime::Tokio1)
            // A connection that was closed meanwhile is noticed without this; one
            // that died silently, or a moment ago, is not.
            .pre_recycle(Hook::async_fn(move |client, metrics| {
                let is_fresh = metrics.last_used() < FRESH;
                Box::pin(async move {
                    if is_fresh {
                        return Ok(());
                    }
                    let checked = timeout(patience, client.check_connection()).await;
                    let checked = checked.map_err(|_| HookError::message("no answer in time"))?;
                    checked.map_err(HookError::Backend)
                })
            }))
            .build()
            .map_err(|error| OpenError::Pool(error.to_string()))?;
        Ok(Self {
            pool,
            shared: Arc::new(Shared { connector, options }),
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
        let options = &self.shared.options;
        let _place = self.queue()?;
        // Each step has a limit of its own; this one holds for all together.
        let limit = options.patience * 2 + self.pool.timeouts().create.unwrap_or_default();
        let object = timeout(limit, self.pool.get())
            .await
            .map_err(|_| failed("the server does not answer in time"))?
            .map_err(|error| connecting(&error))?;
        Ok(Lent::new(object, self.shared.clone(), runtime))
    }

    fn queue(&self) -> Result<Place<'_>, Error> {
        let options = &self.shared.options;
        let place = Place(&self.queue);
        let before = self.queue.fetch_add(1, Relaxed);
        if before >= options.connections.saturating_add(options.waiting) {
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
        self.shared.options.per_request
    }
}

fn config(target: &Target, options: &PostgresOptions) -> Config {
    let mut config = Config::new();
    config
        .host(&target.host)
        .port(target.port)
        .dbname(&target.database)
        .user(&target.user)
        .application_name(&target.application_name)
        .connect_timeout(target.connect_timeout)
        .keepalives_idle(KEEPALIVE)
        .ssl_mode(match target.ssl_mode {
            SslMode::Disable => tokio_postgres::config::SslMode::Disable,
            SslMode::Prefer => tokio_postgres::config::SslMode::Prefer,
            SslMode::Require | SslMode::VerifyFull => tokio_postgres::config::SslMode::Require,
        });
    let milliseconds = options
        .statement_timeout
        .as_millis()
        .clamp(1, i32::MAX as u128);
    config.options(format!("-c statement_timeout={milliseconds}"));
    if let Some(password) = &target.password {
        config.password(password);
    }
    config
}
