//! What the pipeline is compared with: a plain reverse proxy, and the upstream
//! behind both.

use std::convert::Infallible;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full, combinators::BoxBody};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONNECTION, HOST};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// An upstream that always answers the same.
pub struct Fixed {
    address: SocketAddr,
    accepting: AbortHandle,
}

impl Fixed {
    /// Listens on a port of 127.0.0.1.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("cannot listen")?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let service = service_fn(|_: Request<Incoming>| async {
                    let body = Full::new(Bytes::from_static(b"{\"items\":[1,2,3]}"));
                    Ok::<_, Infallible>(Response::new(body))
                });
                tokio::spawn(Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(Self {
            address,
            accepting: accepting.abort_handle(),
        })
    }

    /// `127.0.0.1:port`.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Fixed {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

type Body = BoxBody<Bytes, hyper::Error>;

/// Forwards `/proxy/<absolute URL>` with a pooled client, says where it listens,
/// and runs until it is killed.
///
/// # Errors
/// If no port can be had.
pub async fn proxy() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .context("cannot listen")?;
    println!(
        "native-proxy is listening on http://{}",
        listener.local_addr()?
    );
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    loop {
        let (stream, _) = listener.accept().await?;
        let _ = stream.set_nodelay(true);
        let client = client.clone();
        let service = service_fn(move |request| {
            let client = client.clone();
            async move { Ok::<_, Infallible>(forward(&client, request).await) }
        });
        tokio::spawn(Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn forward(
    client: &Client<HttpConnector, Incoming>,
    mut request: Request<Incoming>,
) -> Response<Body> {
    let target = request
        .uri()
        .path_and_query()
        .and_then(|path| path.as_str().strip_prefix("/proxy/"));
    let Some(target) = target.and_then(|target| target.parse::<Uri>().ok()) else {
        return empty(StatusCode::BAD_REQUEST);
    };
    *request.uri_mut() = target;
    for name in [HOST, CONNECTION, AUTHORIZATION] {
        request.headers_mut().remove(name);
    }
    match client.request(request).await {
        Ok(response) => response.map(BodyExt::boxed),
        Err(_) => empty(StatusCode::SERVICE_UNAVAILABLE),
    }
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed());
    *response.status_mut() = status;
    response
}
