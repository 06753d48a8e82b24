//! Closes connections that are idle, or slow to say what they want.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// What a connection is doing. Even numbers count the requests that were done;
/// odd ones say that one is under way.
#[derive(Clone)]
pub(super) struct Watch {
    phase: Arc<AtomicU64>,
    keep_alive: Duration,
    head: Duration,
}

impl Watch {
    pub(super) fn new(keep_alive: Duration, head: Duration) -> Self {
        Self {
            phase: Arc::new(AtomicU64::new(0)),
            keep_alive,
            head,
        }
    }

    /// Marks a request as under way until the value is dropped.
    pub(super) fn busy(&self) -> Busy {
        self.phase.fetch_or(1, Relaxed);
        Busy(self.phase.clone())
    }

    /// The stream whose reads are watched.
    pub(super) fn stream(&self, inner: TcpStream) -> Watched {
        Watched {
            inner,
            watch: self.clone(),
            seen: 0,
            begun: true,
            deadline: Box::pin(tokio::time::sleep(self.head)),
        }
    }
}

/// A request under way.
pub(crate) struct Busy(Arc<AtomicU64>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// A stream with a deadline for the next request.
pub(super) struct Watched {
    inner: TcpStream,
    watch: Watch,
    /// The phase the deadline was made for.
    seen: u64,
    /// Whether a head has begun. A new connection counts as one that has.
    begun: bool,
    deadline: Pin<Box<Sleep>>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let phase = this.watch.phase.load(Relaxed);
        if phase != this.seen && phase.is_multiple_of(2) {
            this.seen = phase;
            this.begun = false;
            this.deadline
                .as_mut()
                .reset(Instant::now() + this.watch.keep_alive);
        }
        if let Poll::Ready(result) = Pin::new(&mut this.inner).poll_read(cx, buffer) {
            if phase == this.seen && !this.begun {
                this.begun = true;
                this.deadline
                    .as_mut()
                    .reset(Instant::now() + this.watch.head);
            }
            return Poll::Ready(result);
        }
        if phase == this.seen && this.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}
