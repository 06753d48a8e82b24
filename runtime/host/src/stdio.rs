//! What a guest prints goes to the log, line by line and bounded.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError};

/// Longest line; the rest of it is dropped.
const LINE: usize = 4 << 10;
/// Most lines of one stream of one request.
const LINES: u32 = 100;

/// Which stream it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// One output stream of one request.
#[derive(Clone)]
pub(crate) struct LogStream(Arc<Mutex<Lines>>);

struct Lines {
    stream: Stream,
    line: Vec<u8>,
    left: u32,
}

impl LogStream {
    pub(crate) fn new(stream: Stream) -> Self {
        Self(Arc::new(Mutex::new(Lines {
            stream,
            line: Vec::new(),
            left: LINES,
        })))
    }

    fn print(&self, bytes: &[u8]) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for &byte in bytes {
            match byte {
                b'\n' => lines.flush(),
                byte if lines.line.len() < LINE => lines.line.push(byte),
                _ => {}
            }
        }
    }
}

impl Lines {
    fn flush(&mut self) {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return;
        }
        match self.left {
            0 => return,
            1 => {
                tracing::warn!(target: "vectra::guest", "the guest prints too much, the rest is dropped")
            }
            _ => {
                let text = String::from_utf8_lossy(&line);
                match self.stream {
                    Stream::Out => {
                        tracing::info!(target: "vectra::guest", { guest.stream = "stdout" }, "{text}")
                    }
                    // A record of the guest's own, not a complaint.
                    Stream::Err if is_record(&text) => {
                        tracing::info!(target: "vectra::guest", { guest.stream = "stderr" }, "{text}")
                    }
                    Stream::Err => {
                        tracing::warn!(target: "vectra::guest", { guest.stream = "stderr" }, "{text}")
                    }
                }
            }
        }
        self.left -= 1;
    }
}

/// Whether a line looks like one JSON object.
fn is_record(line: &str) -> bool {
    line.starts_with('{') && line.ends_with('}')
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.flush();
    }
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

impl OutputStream for LogStream {
    fn write(&mut self, bytes: bytes::Bytes) -> Result<(), StreamError> {
        self.print(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        Ok(64 << 10)
    }
}

impl AsyncWrite for LogStream {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.print(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
