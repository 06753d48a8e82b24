//! How connections are made, found fit to be lent again, and told to stop.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use deadpool_postgres::ClientWrapper;
use socket2::{SockRef, TcpKeepalive};
use thiserror::Error as ThisError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_postgres::config::SslMode as Negotiation;
use tokio_postgres::{Config, Connection, NoTls};
use vectra_connection::{PostgresOptions, SslMode, Target};

use crate::metrics::Counters;
use crate::pool::OpenError;
use crate::status::{State, Status};
use crate::tls::Encryption;
use crate::transport::{Opening, Transport};

/// How long a connection may have been idle and still be taken for alive.
const FRESH: Duration = Duration::from_secs(1);

/// How long the network may be silent before the kernel asks.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// There is no connection to be had.
#[derive(Debug, ThisError)]
pub(crate) enum ConnectError {
    /// The network says so.
    #[error("error connecting to server")]
    Network(#[from] io::Error),
    /// The server says so, or does not speak the protocol.
    #[error(transparent)]
    Server(#[from] tokio_postgres::Error),
}

/// A server that connections are made to. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Server(Arc<Address>);

struct Address {
    host: String,
    port: u16,
    connect_timeout: Duration,
    config: Config,
    encryption: Encryption,
    counters: Arc<Counters>,
}

impl Server {
    /// Reads the certificates that it needs.
    pub(crate) fn new(
        target: &Target,
        options: &PostgresOptions,
        counters: Arc<Counters>,
    ) -> Result<Self, OpenError> {
        Ok(Self(Arc::new(Address {
            host: target.host.clone(),
            port: target.port,
            connect_timeout: target.connect_timeout,
            config: config(target, options),
            encryption: Encryption::new(target)?,
            counters,
        })))
    }

    /// Connects to one address.
    async fn connect(&self, address: SocketAddr, limit: Duration) -> Result<Backend, ConnectError> {
        let Address {
            host,
            config,
            encryption,
            ..
        } = &*self.0;
        let stream = dial(address, limit).await?;
        let status = Status::default();
        let (client, driver) = match encryption {
            Encryption::Off => {
                let stream = Transport::new(stream, status.clone(), Opening::Message);
                let (client, connection) = config.connect_raw(stream, NoTls).await?;
                (client, tokio::spawn(drive(connection)))
            }
            Encryption::On(tls) => {
                let stream = Transport::new(stream, status.clone(), Opening::Answer);
                let tls = tls.watched(host, status.clone());
                let (client, connection) = config.connect_raw(stream, tls).await?;
                (client, tokio::spawn(drive(connection)))
            }
        };
        Ok(Backend {
            client: ClientWrapper::new(client, driver),
            status,
            address,
            server: self.clone(),
        })
    }
}

impl Server {
    /// Tries each address that the host has.
    async fn make(&self) -> Result<Backend, ConnectError> {
        let Address { host, port, .. } = &*self.0;
        let addresses: Vec<_> = lookup_host((host.as_str(), *port)).await?.collect();
        // One that swallows what is sent to it must not use up the time of the others.
        let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let limit = self.0.connect_timeout / count;
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host has no address").into();
        for address in addresses {
            match self.connect(address, limit).await {
                Ok(backend) => return Ok(backend),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}

impl managed::Manager for Server {
    type Type = Backend;
    type Error = ConnectError;

    async fn create(&self) -> Result<Backend, ConnectError> {
        let made = self.make().await;
        match &made {
            Ok(_) => self.0.counters.connected.add(1),
            Err(_) => self.0.counters.unconnected.add(1),
        }
        made
    }

    /// A connection that was closed meanwhile is noticed without asking the server; one
    /// that died silently, or a moment ago, is not.
    async fn recycle(
        &self,
        backend: &mut Backend,
        metrics: &Metrics,
    ) -> RecycleResult<ConnectError> {
        if !backend.is_closed() && metrics.last_used() >= FRESH {
            backend
                .check_connection()
                .await
                .map_err(ConnectError::from)?;
        }
        if backend.is_closed() || backend.state() != State::Idle {
            return Err(RecycleError::message("the connection is not fit for use"));
        }
        Ok(())
    }
}

/// A connection: its client, and what the server says about its transaction.
pub(crate) struct Backend {
    client: ClientWrapper,
    status: Status,
    address: SocketAddr,
    server: Server,
}

impl Backend {
    /// What the server last said. It has said nothing yet about a statement that
    /// failed just now.
    pub(crate) fn state(&self) -> State {
        self.status.state()
    }

    /// Asks the server, by a connection of its own, to give up what this one does.
    pub(crate) async fn cancel(&self) {
        if let Err(error) = self.ask_to_cancel().await {
            tracing::debug!(target: "vectra::postgres", { error.message = %error }, "cannot cancel a statement");
        }
    }

    async fn ask_to_cancel(&self) -> Result<(), ConnectError> {
        let token = self.client.cancel_token();
        let Address {
            host,
            connect_timeout,
            encryption,
            ..
        } = &*self.server.0;
        let stream = dial(self.address, *connect_timeout).await?;
        match encryption {
            Encryption::Off => token.cancel_query_raw(stream, NoTls).await?,
            Encryption::On(tls) => token.cancel_query_raw(stream, tls.plain(host)).await?,
        }
        Ok(())
    }
}

impl Deref for Backend {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        &self.client
    }
}

async fn dial(address: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
    let stream = timeout(limit, TcpStream::connect(address))
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "connection timed out"))??;
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    Ok(stream)
}

/// Moves a connection's bytes until it ends.
async fn drive<S, T>(connection: Connection<S, T>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    if let Err(error) = connection.await {
        let code = error.code().map_or("", |code| code.code());
        tracing::debug!(target: "vectra::postgres", { error.message = %error, error.code = code }, "a connection ended");
    }
}

/// What the server is told at the start. How it is reached is not in here.
fn config(target: &Target, options: &PostgresOptions) -> Config {
    let mut config = Config::new();
    config
        .dbname(&target.database)
        .user(&target.user)
        .application_name(&target.application_name)
        .ssl_mode(match target.ssl_mode {
            SslMode::Disable => Negotiation::Disable,
            SslMode::Prefer => Negotiation::Prefer,
            SslMode::Require | SslMode::VerifyFull => Negotiation::Require,
        });
    let milliseconds = options
        .statement_timeout
        .as_millis()
        .clamp(1, i32::MAX as u128);
    // These hold whatever the server, the database or the role is set to.
    config.options(format!(
        "-c statement_timeout={milliseconds} -c synchronous_commit=on \
         -c default_transaction_isolation=read\\ committed"
    ));
    if let Some(password) = &target.password {
        config.password(password);
    }
    config
}
