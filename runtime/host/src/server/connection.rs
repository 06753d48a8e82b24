//! One connection: the handshake, if it is encrypted, and then its requests.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;

use super::ServerOptions;
use super::listener::{Accepted, Security};
use super::watch::Watch;
use crate::framing::HEAD;
use crate::host::Client;
use crate::{Capabilities, Host, Tls};

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What a connection needs of its server.
pub(super) struct Surroundings<C: Capabilities> {
    pub(super) host: Arc<Host<C>>,
    pub(super) options: ServerOptions,
    /// Tells it to stop between two requests.
    pub(super) watcher: Watcher,
    /// Changes or ends when handshakes are not worth waiting for any more.
    pub(super) stopping: watch::Receiver<()>,
}

/// Serves a connection to its end. Its place is taken until then.
pub(super) async fn serve<C: Capabilities>(accepted: Accepted, around: Surroundings<C>) {
    let Accepted {
        stream,
        peer,
        security,
        place: _place,
    } = accepted;
    // Only slower without it.
    let _ = stream.set_nodelay(true);
    let result = match security {
        Security::Clear => requests(stream, Scheme::Http, peer, around).await,
        Security::Tls(tls) => encrypted(stream, &tls, peer, around).await,
    };
    if let Err(error) = result {
        tracing::debug!(error.message = %error, "a connection failed");
    }
}

async fn encrypted<C: Capabilities>(
    stream: TcpStream,
    tls: &Tls,
    peer: SocketAddr,
    mut around: Surroundings<C>,
) -> io::Result<()> {
    let stream = tokio::select! {
        stream = handshake(stream, tls) => match stream {
            Ok(stream) => stream,
            Err(error) => {
                around.host.metrics.handshakes.add(1);
                return Err(error);
            }
        },
        _ = around.stopping.changed() => return Ok(()),
    };
    requests(stream, Scheme::Https, peer, around).await
}

async fn handshake(stream: TcpStream, tls: &Tls) -> io::Result<TlsStream<TcpStream>> {
    match timeout(HANDSHAKE, tls.acceptor().accept(stream)).await {
        Ok(result) => result,
        Err(_) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the handshake took too long",
        )),
    }
}

/// Serves the requests that come over a stream.
async fn requests<C: Capabilities>(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    scheme: Scheme,
    peer: SocketAddr,
    around: Surroundings<C>,
) -> io::Result<()> {
    let Surroundings {
        host,
        options,
        watcher,
        ..
    } = around;
    let watch = Watch::new(options.keep_alive, options.head);
    let stream = watch.stream(stream);
    let client = Client { peer, scheme };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (host, busy, client) = (host.clone(), watch.busy(), client.clone());
        async move {
            let mut response = host.answer(request, client).await;
            response.body_mut().busy = Some(busy);
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // `Watch` does it, since it tells an idle connection from a slow one.
        .header_read_timeout(None)
        // Beyond [`HEAD`] the host refuses, with a body and an id; beyond this hyper does.
        .max_header_size(2 * HEAD)
        .serve_connection(TokioIo::new(stream), service);
    watcher.watch(connection).await.map_err(io::Error::other)
}
