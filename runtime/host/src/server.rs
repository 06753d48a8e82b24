//! The HTTP/1.1 server in front of the guests.

mod watch;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::{Capabilities, Host};
pub(crate) use watch::Busy;
use watch::Watch;

/// Largest head of a request, in bytes.
const HEAD: usize = 64 << 10;

/// How the server treats its connections.
#[derive(Clone, Copy, Debug)]
pub struct ServerOptions {
    /// Connections at once; further ones wait in the system's queue.
    pub connections: usize,
    /// How long a connection may be idle between two requests.
    pub keep_alive: Duration,
    /// How long the head of a request may take.
    pub head: Duration,
    /// How long requests under way may go on after the server was told to stop.
    pub drain: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            connections: 1000,
            keep_alive: Duration::from_secs(120),
            head: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

/// A listening server.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    options: ServerOptions,
}

impl Server {
    /// Listens; port 0 takes any free one.
    ///
    /// # Errors
    /// Those of the system, such as an address in use.
    pub async fn bind(address: SocketAddr, options: ServerOptions) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            options,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is ready, then lets what is under way come to its end,
    /// not longer than [`ServerOptions::drain`].
    pub async fn serve<C: Capabilities>(self, host: Arc<Host<C>>, stop: impl Future<Output = ()>) {
        host.set_own_address(self.address);
        let places = Arc::new(Semaphore::new(self.options.connections));
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            let (stream, peer, place) = tokio::select! {
                () = &mut stop => break,
                Some(_) = connections.join_next() => continue,
                accepted = accept(&self.listener, &places) => accepted,
            };
            let connection = connection(stream, peer, host.clone(), self.options, &graceful);
            connections.spawn(async move {
                connection.await;
                drop(place);
            });
        }
        drop(self.listener);
        tracing::info!(server.connections = graceful.count(), "stopping");
        // Guests may go on for a little after their answers.
        let drained = async {
            graceful.shutdown().await;
            host.idle().await;
        };
        if timeout(self.options.drain, drained).await.is_err() {
            tracing::warn!("requests under way were cut off");
        }
        connections.shutdown().await;
    }
}

/// Accepts the next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            // Never closed; if it were, nothing more would be accepted.
            std::future::pending::<()>().await;
            continue;
        };
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) => {
                // Out of file handles, for one: it passes when others close.
                tracing::warn!(error.message = %error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Serves the requests of one connection.
fn connection<C: Capabilities>(
    stream: TcpStream,
    peer: SocketAddr,
    host: Arc<Host<C>>,
    options: ServerOptions,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + use<C> {
    // Only slower without it.
    let _ = stream.set_nodelay(true);
    let watch = Watch::new(options.keep_alive, options.head);
    let stream = watch.stream(stream);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (host, busy) = (host.clone(), watch.busy());
        async move {
            let mut response = host.answer(request, peer).await;
            response.body_mut().busy = Some(busy);
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // `Watch` does it, since it tells an idle connection from a slow one.
        .header_read_timeout(None)
        .max_header_size(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    async move {
        if let Err(error) = connection.await {
            tracing::debug!(error.message = %error, "a connection failed");
        }
    }
}
