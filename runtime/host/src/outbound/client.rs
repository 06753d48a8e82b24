//! The pooled client: HTTP/1.1, TLS by rustls, no redirects, no cookies.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, Sleep, timeout};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::connect::{CONNECT_TIMEOUT, Connector, DEFAULT_CONNECT_TIMEOUT};
use super::failure;
use crate::{HostError, framing};

/// How long an upstream may take to answer, and pause while it does, when the
/// guest does not say. The limit of the whole request holds besides.
const DEFAULT_FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(60);
const DEFAULT_BETWEEN_BYTES_TIMEOUT: Duration = Duration::from_secs(60);

/// How long an unused connection is kept, and how many per upstream.
const IDLE: Duration = Duration::from_secs(30);
const IDLE_PER_HOST: usize = 64;

/// The client all guests share.
pub(super) struct Client(legacy::Client<HttpsConnector<Connector>, WasiBody>);

impl Client {
    pub(super) fn new(connector: Connector) -> Result<Self, HostError> {
        let https = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| HostError::Certificates(error.to_string()))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .set_host(false)
            .build(https);
        Ok(Self(client))
    }

    /// Sends a request and waits for the head of its response.
    ///
    /// # Errors
    /// What the guest is told; the log has the details.
    pub(super) async fn send(
        &self,
        mut request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<Response<WasiBody>, Error> {
        let authority = request
            .uri()
            .authority()
            .ok_or(Error::HttpRequestUriInvalid)?;
        if authority.as_str().contains('@') {
            return Err(Error::HttpRequestUriInvalid);
        }
        framing::strip_connection_fields(request.headers_mut());
        let connect = options.connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT);
        let first_byte = options
            .first_byte_timeout
            .unwrap_or(DEFAULT_FIRST_BYTE_TIMEOUT);
        let pause = options
            .between_bytes_timeout
            .unwrap_or(DEFAULT_BETWEEN_BYTES_TIMEOUT);
        let sent = CONNECT_TIMEOUT.scope(connect, self.0.request(request));
        let mut response = timeout(connect.saturating_add(first_byte), sent)
            .await
            .map_err(|_| Error::ConnectionReadTimeout)?
            .map_err(|error| failure::explain(&error))?;
        framing::strip_connection_fields(response.headers_mut());
        Ok(response.map(|body| ResponseBody::new(body, pause).boxed_unsync()))
    }
}

/// An upstream's body that ends with an error when it pauses too long.
struct ResponseBody {
    inner: Incoming,
    pause: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl ResponseBody {
    fn new(inner: Incoming, pause: Duration) -> Self {
        Self {
            inner,
            pause,
            deadline: None,
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            this.deadline = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(|error| failure::explain(&error))));
        }
        // A timer is made only for bodies that are not there yet.
        let end = Instant::now() + this.pause;
        let deadline = this
            .deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
