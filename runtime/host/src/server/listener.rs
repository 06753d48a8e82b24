//! Accepts connections on all addresses that a server listens on.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vectra_metrics::Held;

use crate::Tls;
use crate::metrics::Metrics;

/// Whether what comes over a connection is encrypted.
#[derive(Clone, Debug)]
pub enum Security {
    /// Anybody on the way can read it.
    Clear,
    /// By TLS.
    Tls(Tls),
}

/// One address.
pub(super) struct Listener {
    listener: TcpListener,
    pub(super) address: SocketAddr,
    pub(super) security: Security,
}

impl Listener {
    pub(super) async fn bind(address: SocketAddr, security: Security) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            security,
        })
    }
}

/// A new connection.
pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) security: Security,
    /// Its place among the connections.
    pub(super) place: Place,
}

/// A place among the connections, until it is dropped.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    _counted: Held,
}

/// The listeners of a server, which take turns.
pub(super) struct Listeners {
    all: Vec<Listener>,
    /// Whose turn it is, counted without end.
    turn: usize,
    places: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

impl Listeners {
    pub(super) fn new(all: Vec<Listener>, connections: usize, metrics: Arc<Metrics>) -> Self {
        Self {
            all,
            turn: 0,
            places: Arc::new(Semaphore::new(connections)),
            metrics,
        }
    }

    /// Accepts the next connection, once there is a place for it.
    pub(super) async fn accept(&mut self) -> Accepted {
        loop {
            if self.places.available_permits() == 0 {
                self.metrics.full.add(1);
            }
            let Ok(permit) = self.places.clone().acquire_owned().await else {
                // Never closed; if it were, nothing more would be accepted.
                std::future::pending::<()>().await;
                continue;
            };
            match poll_fn(|context| self.poll(context)).await {
                Ok((stream, peer, security)) => {
                    self.metrics.accepted.add(1);
                    let place = Place {
                        _permit: permit,
                        _counted: self.metrics.connections.hold(),
                    };
                    return Accepted {
                        stream,
                        peer,
                        security,
                        place,
                    };
                }
                Err(error) => {
                    // Out of file handles, for one: it passes when others close.
                    self.metrics.unaccepted.add(1);
                    tracing::warn!(error.message = %error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    /// Asks each in turn, beginning behind the one that was served last.
    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<(TcpStream, SocketAddr, Security)>> {
        let count = self.all.len();
        let order = self.all.iter().enumerate().cycle();
        let from = self.turn.checked_rem(count).unwrap_or_default();
        for (at, listener) in order.skip(from).take(count) {
            if let Poll::Ready(accepted) = listener.listener.poll_accept(context) {
                self.turn = at.wrapping_add(1);
                let security = || listener.security.clone();
                return Poll::Ready(accepted.map(|(stream, peer)| (stream, peer, security())));
            }
        }
        Poll::Pending
    }
}
