//! Bodies on their way through: bounded going in, tied to their guest coming out.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::guest::Run;
use crate::server::Busy;

/// A request body that ends with an error once it is too long or too slow.
pub(crate) struct RequestBody {
    inner: Incoming,
    left: u64,
    pause: Duration,
    deadline: Pin<Box<Sleep>>,
    too_large: Arc<AtomicBool>,
}

impl RequestBody {
    /// Bounds a body; `too_large` tells afterwards whether the bound was met.
    pub(crate) fn new(
        inner: Incoming,
        limit: u64,
        pause: Duration,
        too_large: Arc<AtomicBool>,
    ) -> Self {
        let deadline = Box::pin(tokio::time::sleep(pause));
        Self {
            inner,
            left: limit,
            pause,
            deadline,
            too_large,
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        let frame = match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Pending => {
                return match this.deadline.as_mut().poll(cx) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(()) => Poll::Ready(Some(Err(Error::ConnectionReadTimeout))),
                };
            }
            Poll::Ready(Some(Ok(frame))) => frame,
            Poll::Ready(other) => {
                return Poll::Ready(other.map(|frame| frame.map_err(Error::from)));
            }
        };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        if length > this.left {
            this.too_large.store(true, Relaxed);
            return Poll::Ready(Some(Err(Error::HttpRequestBodySize(None))));
        }
        this.left -= length;
        this.deadline.as_mut().reset(Instant::now() + this.pause);
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A response body: the guest's, or a short one of the host's own.
pub(crate) struct ResponseBody {
    source: Source,
    /// Told when the body is done with, one way or the other.
    pub(crate) busy: Option<Busy>,
}

enum Source {
    Full(Option<Bytes>),
    Guest(GuestBody),
}

impl ResponseBody {
    /// A body of the host's own.
    pub(crate) fn full(bytes: Bytes) -> Self {
        Self {
            source: Source::Full(Some(bytes)),
            busy: None,
        }
    }

    /// A guest's body. If it is dropped before its end, because the client has
    /// left, its guest is stopped.
    pub(crate) fn guest(body: GuestBody) -> Self {
        Self {
            source: Source::Guest(body),
            busy: None,
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut self.source {
            Source::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Source::Guest(body) => body.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Full(bytes) => bytes.is_none(),
            Source::Guest(body) => body.inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Full(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Source::Guest(body) => body.inner.size_hint(),
        }
    }
}

/// A body that a running guest writes.
pub(crate) struct GuestBody {
    inner: HyperOutgoingBody,
    run: Run,
    /// Bytes that Content-Length still promises, if there is one.
    promised: Option<u64>,
    ended: bool,
}

impl GuestBody {
    /// `promised` is the Content-Length of a response that has a body at all,
    /// 0 for one that has none (HEAD, 204, 304).
    pub(crate) fn new(inner: HyperOutgoingBody, run: Run, promised: Option<u64>) -> Self {
        Self {
            inner,
            run,
            promised,
            ended: false,
        }
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Pending => Poll::Pending,
            // A guest that was stopped just stops writing: without this its
            // client would take what it got for the whole.
            Poll::Ready(None) if self.run.failed() => {
                Poll::Ready(Some(Err(io::Error::other("the guest was stopped"))))
            }
            Poll::Ready(None) => {
                self.ended = true;
                Poll::Ready(None)
            }
            Poll::Ready(Some(Ok(frame))) => {
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                self.promised = self.promised.map(|left| left.saturating_sub(length));
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(io::Error::other(error)))),
        }
    }
}

impl Drop for GuestBody {
    fn drop(&mut self) {
        let complete = self.ended || self.promised == Some(0) || self.inner.is_end_stream();
        if !complete {
            self.run.abort();
        }
    }
}
