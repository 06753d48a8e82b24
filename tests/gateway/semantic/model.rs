//! The server that plays a language model.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Interval, interval};

/// What stands in content for the question's nonce.
pub const NONCE: &str = "NONCE";

/// What the model answers.
#[derive(Debug, Clone)]
pub enum Says {
    /// This label with this confidence, in the form that was asked for.
    Label(&'static str, f64),
    /// This text, as the content of a good completion.
    Content(String),
    /// The first JSON object in the request's text, word for word: it obeys.
    WhatItReads,
    /// A status, a content type and a body.
    Raw(u16, &'static str, String),
    /// The same as `Label("read", 1)`, but the connection ends before the body does.
    CutOff,
    /// Nothing, ever.
    Nothing,
    /// A byte now and then, without end.
    Drips,
    /// Spaces without end, as fast as they are taken.
    Floods,
}

/// A question that has arrived.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub authorization: Option<String>,
    pub body: Value,
}

impl Asked {
    /// The request that it is about.
    pub fn data(&self) -> Value {
        let text = self.body["messages"][1]["content"].as_str().unwrap();
        serde_json::from_str(text).unwrap()
    }

    fn nonce(&self) -> String {
        let system = self.body["messages"][0]["content"].as_str().unwrap();
        let (_, rest) = system.split_once("\"nonce\": the text \"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

struct State {
    says: Says,
    asked: Vec<Asked>,
}

/// The running server; it ends when this is dropped.
pub struct Model {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: AbortHandle,
}

impl Model {
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State {
            says: Says::Nothing,
            asked: Vec::new(),
        }));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state))).abort_handle();
        Ok(Self {
            address,
            state,
            accepting,
        })
    }

    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Changes what it answers from now on.
    pub fn says(&self, says: Says) {
        self.state.lock().unwrap().says = says;
    }

    /// What it has been asked since this was last called.
    pub fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let service = service_fn(move |request| respond(request, Arc::clone(&state)));
            let connection = hyper::server::conn::http1::Builder::new();
            // A body that breaks off is meant to.
            let _ = connection
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn respond(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
) -> Result<Response<Stream>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let authorization = head.headers.get("authorization");
    let asked = Asked {
        path: head.uri.to_string(),
        authorization: authorization.map(|value| value.to_str().unwrap().to_owned()),
        body: serde_json::from_slice(&body).unwrap(),
    };
    let says = {
        let mut state = state.lock().unwrap();
        state.asked.push(asked.clone());
        state.says.clone()
    };
    let (status, content_type, body) = match says {
        Says::Label(label, confidence) => good(completion(&verdict(label, confidence, &asked))),
        Says::Content(content) => good(completion(&content.replace(NONCE, &asked.nonce()))),
        Says::WhatItReads => good(completion(&object_in(&asked.data()))),
        Says::Raw(status, content_type, body) => (status, content_type, Stream::whole(body)),
        Says::CutOff => {
            let body = completion(&verdict("read", 1.0, &asked));
            (200, "application/json", Stream::cut(body))
        }
        Says::Nothing => std::future::pending().await,
        Says::Drips => (200, "application/json", Stream::dripping()),
        Says::Floods => (200, "application/json", Stream::Flooding),
    };
    let response = Response::builder().status(status);
    Ok(response
        .header("content-type", content_type)
        .body(body)
        .unwrap())
}

fn good(body: String) -> (u16, &'static str, Stream) {
    (200, "application/json", Stream::whole(body))
}

/// A completion of this content.
pub fn completion(content: &str) -> String {
    json!({ "id": "1", "object": "chat.completion", "model": "played-1", "choices": [{
        "index": 0, "finish_reason": "stop",
        "message": { "role": "assistant", "content": content, "refusal": null },
    }] })
    .to_string()
}

fn verdict(label: &str, confidence: f64, asked: &Asked) -> String {
    json!({ "nonce": asked.nonce(), "intent": label, "confidence": confidence,
        "risk_tags": [], "explanation": "Played." })
    .to_string()
}

fn object_in(data: &Value) -> String {
    let text = data["text"].as_str().unwrap();
    let (begin, end) = (text.find('{').unwrap(), text.rfind('}').unwrap());
    text.get(begin..=end).unwrap().to_owned()
}

/// The body of an answer.
enum Stream {
    /// What is left of it, and whether it then breaks off.
    Bytes(Option<Bytes>, bool),
    Dripping(Interval),
    Flooding,
}

impl Stream {
    fn whole(text: String) -> Self {
        Self::Bytes(Some(text.into()), false)
    }

    fn cut(text: String) -> Self {
        Self::Bytes(Some(text.into()), true)
    }

    fn dripping() -> Self {
        Self::Dripping(interval(Duration::from_millis(100)))
    }
}

impl Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Bytes(bytes, cut) => Poll::Ready(match bytes.take() {
                Some(bytes) => Some(Ok(Frame::data(bytes))),
                None if *cut => Some(Err(io::ErrorKind::BrokenPipe.into())),
                None => None,
            }),
            Self::Dripping(interval) => interval
                .poll_tick(context)
                .map(|_| Some(Ok(Frame::data(Bytes::from_static(b" "))))),
            Self::Flooding => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 4096]))))),
        }
    }
}
