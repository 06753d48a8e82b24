//! A real HTTP server that the gateway forwards to. It keeps what reaches it and
//! answers as it is told.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::DEADLINE;
use crate::client::Framing;

/// A request that has arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// Method.
    pub method: String,
    /// Path and query, as they arrived.
    pub target: String,
    /// Names in lower case and values, in their order.
    pub headers: Vec<(String, String)>,
    /// Body, without its framing.
    pub body: Bytes,
}

/// What the upstream answers.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers; names may repeat.
    pub headers: Vec<(String, String)>,
    /// Body; `None` sends back what arrived.
    pub body: Option<Bytes>,
    /// How the body is framed.
    pub framing: Framing,
}

/// Whether answers are kept back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// They wait.
    Back,
    /// They go.
    Off,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            status: 200,
            headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
            body: Some(Bytes::from_static(b"hello from upstream")),
            framing: Framing::Length,
        }
    }
}

struct State {
    answer: Answer,
    received: Vec<Received>,
    /// Answers wait while this is true.
    holding: watch::Sender<bool>,
}

/// The running server; it ends when this is dropped.
pub struct Upstream {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: AbortHandle,
}

impl Upstream {
    /// Listens on a port of 127.0.0.1.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start() -> Result<Self> {
        Self::start_at("127.0.0.1:0").await
    }

    /// Listens there, as soon as whoever did before has gone.
    ///
    /// # Errors
    /// If it cannot within [`DEADLINE`].
    pub async fn start_at(address: &str) -> Result<Self> {
        let begun = Instant::now();
        let listener = loop {
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(error)
                    if error.kind() == ErrorKind::AddrInUse && begun.elapsed() < DEADLINE =>
                {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot listen on {address}"));
                }
            }
        };
        let address = listener.local_addr()?;
        let (holding, _) = watch::channel(false);
        let state = State {
            answer: Answer::default(),
            received: Vec::new(),
            holding,
        };
        let state = Arc::new(Mutex::new(state));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state))).abort_handle();
        Ok(Self {
            address,
            state,
            accepting,
        })
    }

    /// `127.0.0.1:port`.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Changes what is answered from now on.
    pub fn answer(&self, answer: Answer) {
        lock(&self.state).answer = answer;
    }

    /// Keeps all answers back from now on, or lets them go.
    pub fn hold(&self, holding: Holding) {
        lock(&self.state)
            .holding
            .send_replace(holding == Holding::Back);
    }

    /// Waits until so many requests have arrived.
    ///
    /// # Errors
    /// If they have not within [`DEADLINE`].
    pub async fn has_received(&self, count: usize) -> Result<()> {
        let begun = Instant::now();
        while lock(&self.state).received.len() < count {
            ensure!(
                begun.elapsed() < DEADLINE,
                "fewer than {count} requests arrived"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Stops listening and breaks off what is under way.
    pub async fn stop(&self) {
        self.accepting.abort();
        while !self.accepting.is_finished() {
            tokio::task::yield_now().await;
        }
    }

    /// What has arrived since this was last asked.
    #[must_use]
    pub fn take_received(&self) -> Vec<Received> {
        std::mem::take(&mut lock(&self.state).received)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connections belong to this task, so that they end with it.
async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&state)));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| respond(request, Arc::clone(&state)));
    // A gateway that closes its connection is no error of the upstream.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

type Body = BoxBody<Bytes, Infallible>;

async fn respond(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
) -> Result<Response<Body>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let (answer, mut holding) = {
        let mut state = lock(&state);
        state.received.push(Received {
            method: parts.method.to_string(),
            target: parts.uri.to_string(),
            headers,
            body: body.clone(),
        });
        (state.answer.clone(), state.holding.subscribe())
    };
    // Ends at the latest with the connection's task.
    let _ = holding.wait_for(|holding| !holding).await;
    Ok(make_response(answer, body))
}

fn make_response(answer: Answer, echoed: Bytes) -> Response<Body> {
    let bytes = answer.body.unwrap_or(echoed);
    let body = match answer.framing {
        Framing::Length => Full::new(bytes).boxed(),
        Framing::Chunked => Chunks(bytes).boxed(),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::IM_A_TEAPOT);
    for (name, value) in answer.headers {
        let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
        let value = hyper::header::HeaderValue::from_str(&value);
        if let (Ok(name), Ok(value)) = (name, value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// Bytes in pieces of 1,000: no length is known, so they are sent in chunks.
struct Chunks(Bytes);

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.0.is_empty() {
            return std::task::Poll::Ready(None);
        }
        let size = self.0.len().min(1000);
        let piece = self.0.split_to(size);
        std::task::Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl Received {
    /// All values of a header.
    #[must_use]
    pub fn values(&self, wanted: &str) -> Vec<&str> {
        let named = self
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        named.map(|(_, value)| value.as_str()).collect()
    }
}
