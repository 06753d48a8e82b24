//! The port of its own that metrics are read from.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use vectra_metrics::Exposition;

/// Connections at once; further ones wait in the system's queue.
const CONNECTIONS: usize = 8;
/// How long a connection may take, with its one request.
const DEADLINE: Duration = Duration::from_secs(10);
/// Largest head of a request, in bytes.
const HEAD: usize = 16 << 10;
/// How long after an error, such as too many open files, the next connection is tried.
const PAUSE: Duration = Duration::from_millis(50);

/// A listener that serves `GET /metrics` in clear, without asking who it is, one request
/// per connection. It has connections of its own: who scrapes slowly, or much, takes
/// nothing from the clients of the [`Server`](crate::Server).
pub struct MetricsServer {
    listener: TcpListener,
    address: SocketAddr,
}

impl MetricsServer {
    /// Listens; port 0 takes any free one.
    ///
    /// # Errors
    /// Those of the system, such as an address in use.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves what `render` gives until `stop` is ready; then, or when this is dropped,
    /// connections are cut off.
    pub async fn serve<F, R>(self, render: F, stop: impl Future<Output = ()>)
    where
        F: Fn() -> R + Clone + Send + 'static,
        R: Future<Output = String> + Send,
    {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            let accepting = async {
                let place = places.clone().acquire_owned().await;
                (self.listener.accept().await, place)
            };
            let (accepted, place) = tokio::select! {
                () = &mut stop => return,
                Some(_) = connections.join_next() => continue,
                accepted = accepting => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let render = render.clone();
                    connections.spawn(async move {
                        let _place = place;
                        if timeout(DEADLINE, connection(stream, render)).await.is_err() {
                            tracing::debug!("a scrape took too long");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(error.message = %error, "cannot accept a connection for metrics");
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

async fn connection<F, R>(stream: TcpStream, render: F)
where
    F: Fn() -> R,
    R: Future<Output = String>,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let refusal = refusal(request.method(), request.uri().path());
        let rendering = refusal.is_none().then(&render);
        async move {
            let response = match (refusal, rendering) {
                (None, Some(rendering)) => text(rendering.await),
                (refusal, _) => refusal.unwrap_or_default(),
            };
            Ok::<_, Infallible>(response)
        }
    });
    let served = http1::Builder::new()
        .keep_alive(false)
        // The deadline holds for all.
        .header_read_timeout(None)
        .max_header_size(HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(error.message = %error, "a scrape failed");
    }
}

/// The answer to anything but `GET /metrics`.
fn refusal(method: &Method, path: &str) -> Option<Response<Full<Bytes>>> {
    let status = match (path, method) {
        ("/metrics", &Method::GET) => return None,
        ("/metrics", _) => StatusCode::METHOD_NOT_ALLOWED,
        _ => StatusCode::NOT_FOUND,
    };
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let allowed = HeaderValue::from_static("GET");
        response.headers_mut().insert(ALLOW, allowed);
    }
    Some(response)
}

fn text(text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    let kind = HeaderValue::from_static(Exposition::CONTENT_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
