//! An HTTP/1.1 client that sends exactly what it is told, however odd.

mod answer;

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::DEADLINE;

/// How the body is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// With a `Content-Length`, or none at all if the body is empty.
    Length,
    /// In chunks of at most 16 KiB.
    Chunked,
}

/// A request; the target is sent as it is.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// All headers but `Host`, `Connection` and the body's framing.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// How the body is framed.
    pub framing: Framing,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status.
    pub status: u16,
    /// Names in lower case and values, in their order.
    pub headers: Vec<(String, String)>,
    /// Body, without its framing.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            framing: Framing::Length,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds `Authorization: Bearer`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// Sets a JSON body and its type.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.header("Content-Type", "application/json")
    }

    /// The bytes on the wire.
    #[must_use]
    pub fn wire(&self, host: &str) -> Vec<u8> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {host}\r\n",
            self.method, self.target
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("connection"))
        {
            head.push_str("Connection: close\r\n");
        }
        let mut body = Vec::new();
        match self.framing {
            Framing::Chunked => {
                head.push_str("Transfer-Encoding: chunked\r\n");
                for chunk in self.body.chunks(16 * 1024) {
                    body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                    body.extend_from_slice(chunk);
                    body.extend_from_slice(b"\r\n");
                }
                body.extend_from_slice(b"0\r\n\r\n");
            }
            Framing::Length => {
                if !self.body.is_empty() {
                    head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
                }
                body.extend_from_slice(&self.body);
            }
        }
        head.push_str("\r\n");
        let mut wire = head.into_bytes();
        wire.append(&mut body);
        wire
    }

    /// Sends it on a connection of its own and reads the answer.
    ///
    /// # Errors
    /// If there is no answer within [`DEADLINE`], or one that is no HTTP.
    pub async fn send(&self, address: &str) -> Result<Response> {
        self.send_within(address, DEADLINE).await
    }

    /// The same, with another time for the answer.
    ///
    /// # Errors
    /// As for [`Request::send`].
    pub async fn send_within(&self, address: &str, patience: Duration) -> Result<Response> {
        exchange_within(address, &self.wire(address), &self.method, patience)
            .await
            .with_context(|| format!("{} {}", self.method, self.target))
    }
}

/// Sends bytes as they are and reads the answer to a request of this method.
///
/// # Errors
/// If there is no answer within [`DEADLINE`], or one that is no HTTP.
pub async fn exchange(address: &str, bytes: &[u8], method: &str) -> Result<Response> {
    exchange_within(address, bytes, method, DEADLINE).await
}

async fn exchange_within(
    address: &str,
    bytes: &[u8],
    method: &str,
    patience: Duration,
) -> Result<Response> {
    timeout(patience, async {
        let stream = TcpStream::connect(address)
            .await
            .context("cannot connect")?;
        let (mut reader, mut writer) = stream.into_split();
        // An early refusal may arrive, and close the way, while the body is being sent.
        let sending = async {
            let _ = writer.write_all(bytes).await;
            let _ = writer.flush().await;
        };
        let (answer, ()) = tokio::join!(answer::read(&mut reader, method), sending);
        answer
    })
    .await
    .context("no answer in time")?
}

impl Response {
    /// All values of a header.
    #[must_use]
    pub fn values(&self, wanted: &str) -> Vec<&str> {
        let named = self
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// If it is none.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body).with_context(|| {
            format!(
                "status {}, no JSON: {}",
                self.status,
                String::from_utf8_lossy(&self.body)
            )
        })
    }
}
