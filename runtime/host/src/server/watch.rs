//! Closes connections that are idle, or slow to say what they want.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// What a connection is doing.
#[derive(Clone)]
pub(super) struct Watch {
    phase: Arc<Phase>,
    keep_alive: Duration,
    head: Duration,
}

/// Where a connection is in its sequence of requests, and who waits for the next.
#[derive(Default)]
struct Phase {
    /// Even numbers count the requests that were done; odd ones say that one is
    /// under way.
    count: AtomicU64,
    /// The reader, to be woken when a request is done: its deadline begins then,
    /// and nothing else may ever wake it.
    reader: Mutex<Option<Waker>>,
}

impl Phase {
    fn reader(&self, waker: Option<Waker>) -> Option<Waker> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *reader, waker)
    }
}

impl Watch {
    pub(super) fn new(keep_alive: Duration, head: Duration) -> Self {
        Self {
            phase: Arc::default(),
            keep_alive,
            head,
        }
    }

    /// Marks a request as under way until the value is dropped.
    pub(super) fn busy(&self) -> Busy {
        self.phase.count.fetch_or(1, SeqCst);
        Busy(self.phase.clone())
    }

    /// The stream whose reads are watched.
    pub(super) fn stream<S>(&self, inner: S) -> Watched<S> {
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
pub(crate) struct Busy(Arc<Phase>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.count.fetch_add(1, SeqCst);
        if let Some(reader) = self.0.reader(None) {
            reader.wake();
        }
    }
}

/// A stream with a deadline for the next request.
pub(super) struct Watched<S> {
    inner: S,
    watch: Watch,
    /// The phase the deadline was made for.
    seen: u64,
    /// Whether a head has begun. A new connection counts as one that has.
    begun: bool,
    deadline: Pin<Box<Sleep>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.is_busy() {
            this.begin_idle();
        }
        if let Poll::Ready(result) = Pin::new(&mut this.inner).poll_read(cx, buffer) {
            this.begin_head();
            return Poll::Ready(result);
        }
        if this.is_busy() {
            this.watch.phase.reader(Some(cx.waker().clone()));
            // It may have been done meanwhile, and then nobody was there to wake.
            if this.is_busy() {
                return Poll::Pending;
            }
            this.begin_idle();
        }
        if this.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S> Watched<S> {
    fn is_busy(&self) -> bool {
        self.watch.phase.count.load(SeqCst) % 2 == 1
    }

    /// A request is done: until the next one begins the connection may be idle.
    fn begin_idle(&mut self) {
        let phase = self.watch.phase.count.load(SeqCst);
        if phase != self.seen {
            self.seen = phase;
            self.begun = false;
            let end = Instant::now() + self.watch.keep_alive;
            self.deadline.as_mut().reset(end);
        }
    }

    /// Bytes have come: the head they belong to has its own deadline.
    fn begin_head(&mut self) {
        if !self.begun && !self.is_busy() {
            self.begun = true;
            let end = Instant::now() + self.watch.head;
            self.deadline.as_mut().reset(end);
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
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
