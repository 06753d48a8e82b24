//! The HTTP/1.1 server in front of the guests.

mod connection;
mod listener;
mod watch;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::watch::channel;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::{Capabilities, Host};
use connection::Surroundings;
pub use listener::Security;
use listener::{Listener, Listeners};
pub(crate) use watch::Busy;

/// How the server treats its connections.
#[derive(Clone, Copy, Debug)]
pub struct ServerOptions {
    /// Connections at once, on all addresses together, from before their handshakes to
    /// their ends; further ones wait in the system's queue.
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
    listeners: Vec<Listener>,
    address: SocketAddr,
    others: Vec<SocketAddr>,
    options: ServerOptions,
}

impl Server {
    /// Listens in clear; port 0 takes any free one.
    ///
    /// # Errors
    /// Those of the system, such as an address in use.
    pub async fn bind(address: SocketAddr, options: ServerOptions) -> std::io::Result<Self> {
        Self::bind_with(address, Security::Clear, options).await
    }

    /// Listens; port 0 takes any free one.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub async fn bind_with(
        address: SocketAddr,
        security: Security,
        options: ServerOptions,
    ) -> std::io::Result<Self> {
        let listener = Listener::bind(address, security).await?;
        Ok(Self {
            address: listener.address,
            listeners: vec![listener],
            others: Vec::new(),
            options,
        })
    }

    /// Listens on a further address, and says which it is.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub async fn bind_also(
        &mut self,
        address: SocketAddr,
        security: Security,
    ) -> std::io::Result<SocketAddr> {
        let listener = Listener::bind(address, security).await?;
        let address = listener.address;
        self.listeners.push(listener);
        Ok(address)
    }

    /// Has guests keep away from a further address of this process, as from those where
    /// it listens itself.
    pub fn keep_guests_from(&mut self, address: SocketAddr) {
        self.others.push(address);
    }

    /// Where it listens; of several addresses the first.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is ready, then lets what is under way come to its end,
    /// not longer than [`ServerOptions::drain`].
    pub async fn serve<C: Capabilities>(self, host: Arc<Host<C>>, stop: impl Future<Output = ()>) {
        let addresses = self.listeners.iter().map(|listener| listener.address);
        host.set_own_addresses(addresses.chain(self.others).collect());
        let mut watching = watch_certificates(&self.listeners);
        let mut listeners = Listeners::new(
            self.listeners,
            self.options.connections,
            host.metrics.clone(),
        );
        let graceful = GracefulShutdown::new();
        let (handshakes, stopping) = channel(());
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                Some(_) = connections.join_next() => continue,
                accepted = listeners.accept() => accepted,
            };
            let around = Surroundings {
                host: host.clone(),
                options: self.options,
                watcher: graceful.watcher(),
                stopping: stopping.clone(),
            };
            connections.spawn(connection::serve(accepted, around));
        }
        drop((listeners, handshakes));
        watching.abort_all();
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

/// Starts a task for each certificate.
fn watch_certificates(listeners: &[Listener]) -> JoinSet<()> {
    let mut watching = JoinSet::new();
    for listener in listeners {
        if let Security::Tls(tls) = &listener.security {
            watching.spawn(tls.clone().watch());
        }
    }
    watching
}
