//! Resolves, checks and connects: the connector below TLS and the pool.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

use super::address::{canonical, is_public};
use super::allowed::Upstream;
use crate::metrics::Metrics;

tokio::task_local! {
    /// How long the request at hand waits for a connection.
    pub(super) static CONNECT_TIMEOUT: Duration;
}

/// How long a connection may take when the guest does not say.
pub(super) const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where connections may go.
pub(super) struct Rules {
    pub(super) allowed: Vec<Upstream>,
    pub(super) own_addresses: Arc<OnceLock<Vec<SocketAddr>>>,
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub(crate) enum ConnectError {
    #[error("the URL has no host")]
    NoHost,
    #[error("the name cannot be resolved: {0}")]
    Name(io::Error),
    #[error("the name has no address")]
    NoAddress,
    #[error("an address of the host is not a public one")]
    Prohibited,
    #[error("the connection took too long")]
    TimedOut,
    #[error("the connection failed: {0}")]
    Refused(io::Error),
}

impl Rules {
    /// The addresses to connect to, all of them checked.
    async fn resolve(
        &self,
        upstream: &Upstream,
        host: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, ConnectError> {
        let addresses: Vec<SocketAddr> = match upstream.address() {
            Some(address) => vec![SocketAddr::new(address, port)],
            None => lookup_host((host, port))
                .await
                .map_err(ConnectError::Name)?
                .collect(),
        };
        if addresses.is_empty() {
            return Err(ConnectError::NoAddress);
        }
        if !self.allowed.contains(upstream)
            && addresses.iter().any(|address| self.prohibits(*address))
        {
            return Err(ConnectError::Prohibited);
        }
        Ok(addresses)
    }

    fn prohibits(&self, address: SocketAddr) -> bool {
        !is_public(address.ip())
            || self
                .own_addresses
                .get()
                .is_some_and(|own| own.iter().any(|own| is_own(*own, address)))
    }
}

/// Whether an address leads back to a listener of ours.
fn is_own(own: SocketAddr, address: SocketAddr) -> bool {
    let ip = canonical(address.ip());
    address.port() == own.port()
        && (ip == canonical(own.ip()) || (own.ip().is_unspecified() && is_local(ip)))
}

/// Whether an address is one of this machine's: then, and only then, a socket
/// connected to it has it as its own address too. Nothing is sent.
fn is_local(ip: IpAddr) -> bool {
    let any: IpAddr = match ip {
        IpAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    let probe = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((ip, 9))?;
        socket.local_addr()
    });
    probe.is_ok_and(|local| local.ip() == ip)
}

/// The connector.
#[derive(Clone)]
pub(super) struct Connector {
    rules: Arc<Rules>,
    metrics: Arc<Metrics>,
}

impl Connector {
    pub(super) fn new(rules: Rules, metrics: Arc<Metrics>) -> Self {
        let rules = Arc::new(rules);
        Self { rules, metrics }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { rules, metrics } = self.clone();
        let patience = CONNECT_TIMEOUT.try_with(|patience| *patience);
        let deadline = Instant::now() + patience.unwrap_or(DEFAULT_CONNECT_TIMEOUT);
        Box::pin(async move {
            let attempt = timeout_at(deadline, connect(&rules, &uri, deadline)).await;
            let connected = attempt.unwrap_or(Err(ConnectError::TimedOut));
            match &connected {
                Ok(_) => metrics.attempts.made.add(1),
                Err(error) => metrics.attempts.of(error).add(1),
            }
            connected
        })
    }
}

async fn connect(
    rules: &Rules,
    uri: &Uri,
    deadline: Instant,
) -> Result<TokioIo<TcpStream>, ConnectError> {
    let host = uri.host().ok_or(ConnectError::NoHost)?;
    let default = if uri.scheme_str() == Some("https") {
        443
    } else {
        80
    };
    let port = uri.port_u16().unwrap_or(default);
    let upstream = Upstream::new(host, port);
    let addresses = rules.resolve(&upstream, host, port).await?;
    let mut last = ConnectError::NoAddress;
    let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    for address in addresses {
        // An address that does not answer leaves time for those after it.
        let share = deadline.saturating_duration_since(Instant::now()) / left.max(1);
        left -= 1;
        match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Only slower without it.
                let _ = stream.set_nodelay(true);
                return Ok(TokioIo::new(stream));
            }
            Ok(Err(error)) => last = ConnectError::Refused(error),
            Err(_) => last = ConnectError::TimedOut,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(allowed: &[&str], own: &str) -> Rules {
        let own_addresses = Arc::new(OnceLock::new());
        own_addresses.set(vec![own.parse().unwrap()]).unwrap();
        Rules {
            allowed: allowed.iter().map(|text| text.parse().unwrap()).collect(),
            own_addresses,
        }
    }

    #[tokio::test]
    async fn refuses_inside_addresses_unless_they_are_listed_as_written() {
        let rules = rules(&["127.0.0.1:81", "localhost:82"], "127.0.0.1:7080");
        for (host, port, granted) in [
            ("127.0.0.1", 81, true),
            ("[::ffff:127.0.0.1]", 81, true),
            ("127.0.0.1", 82, false),
            ("localhost", 82, true),
            ("localhost", 81, false),
            ("127.1", 81, false),
            ("2130706433", 81, false),
            ("[::1]", 81, false),
            ("10.0.0.1", 80, false),
            ("8.8.8.8", 80, true),
        ] {
            let upstream = Upstream::new(host, port);
            let resolved = rules.resolve(&upstream, host, port).await;
            match granted {
                true => assert!(resolved.is_ok(), "{host}:{port} {resolved:?}"),
                false => assert!(
                    matches!(resolved, Err(ConnectError::Prohibited)),
                    "{host}:{port} {resolved:?}"
                ),
            }
        }
    }

    #[test]
    fn knows_its_own_listener() {
        for (own, address, same) in [
            ("8.8.8.8:80", "8.8.8.8:80", true),
            ("8.8.8.8:80", "[::ffff:8.8.8.8]:80", true),
            ("8.8.8.8:80", "8.8.8.8:81", false),
            ("8.8.8.8:80", "8.8.4.4:80", false),
            ("0.0.0.0:80", "127.0.0.1:80", true),
            ("0.0.0.0:80", "127.0.0.1:81", false),
            ("0.0.0.0:80", "192.0.2.77:80", false),
        ] {
            let (own, address) = (own.parse().unwrap(), address.parse().unwrap());
            assert_eq!(is_own(own, address), same, "{own} {address}");
        }
    }
}
