//! Bodies on their way through: bounded going in, tied to their guest coming out.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, timeout_at};
use vectra_metrics::Held;
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::guest::Run;
use crate::problem::Refusal;
use crate::server::Busy;

/// Largest body that is read before its guest has a slot, in bytes.
const GATHERED: usize = 64 << 10;

/// Reads a whole body: what comes slowly keeps nobody waiting but its sender.
///
/// # Errors
/// [`Refusal::TooLarge`] beyond [`GATHERED`], [`Refusal::Incomplete`] if it has not come
/// by the deadline.
pub(crate) async fn gather(body: Incoming, deadline: Instant) -> Result<Bytes, Refusal> {
    let expected = body.size_hint().lower();
    if usize::try_from(expected).is_ok_and(|expected| expected > GATHERED) {
        return Err(Refusal::TooLarge);
    }
    match timeout_at(deadline, Limited::new(body, GATHERED).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge),
        Ok(Err(_)) | Err(_) => Err(Refusal::Incomplete),
    }
}

/// Where a request body comes from.
pub(crate) enum Inflow {
    /// It is still coming.
    Incoming(Incoming),
    /// It is there.
    Gathered(Full<Bytes>),
}

/// A request body that ends with an error once it is too long or too slow.
pub(crate) struct RequestBody {
    inner: Inflow,
    left: u64,
    pause: Duration,
    deadline: Pin<Box<Sleep>>,
    too_large: Arc<AtomicBool>,
}

impl RequestBody {
    /// Bounds a body; `too_large` tells afterwards whether the bound was met.
    pub(crate) fn new(
        inner: Inflow,
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
        let polled = match &mut this.inner {
            Inflow::Incoming(body) => Pin::new(body).poll_frame(cx).map_err(Error::from),
            Inflow::Gathered(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never| match never {}),
        };
        let frame = match polled {
            Poll::Pending => {
                return match this.deadline.as_mut().poll(cx) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(()) => Poll::Ready(Some(Err(Error::ConnectionReadTimeout))),
                };
            }
            Poll::Ready(Some(Ok(frame))) => frame,
            Poll::Ready(other) => return Poll::Ready(other),
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
        match &self.inner {
            Inflow::Incoming(body) => body.is_end_stream(),
            Inflow::Gathered(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inflow::Incoming(body) => body.size_hint(),
            Inflow::Gathered(body) => body.size_hint(),
        }
    }
}

/// A response body: the guest's, or a short one of the host's own.
pub(crate) struct ResponseBody {
    source: Source,
    /// Told when the body is done with, one way or the other.
    pub(crate) busy: Option<Busy>,
    /// Its request counts as one in flight.
    pub(crate) in_flight: Option<Held>,
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
            in_flight: None,
        }
    }

    /// A guest's body. If it is dropped before its end, because the client has
    /// left, its guest is stopped.
    pub(crate) fn guest(body: GuestBody) -> Self {
        Self {
            source: Source::Guest(body),
            busy: None,
            in_flight: None,
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

impl GuestBody {
    /// Whether the guest has handed over everything that it promised.
    fn is_complete(&self) -> bool {
        self.ended || self.promised == Some(0) || self.inner.is_end_stream()
    }
}

impl Drop for GuestBody {
    fn drop(&mut self) {
        // What lies ready counts: a guest that has given its whole answer may be at work on
        // what comes after it, whether or not the client has taken the last of it.
        let mut context = Context::from_waker(Waker::noop());
        while !self.is_complete() {
            match self.poll_frame(&mut context) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(_) | Poll::Pending => break,
            }
        }
        if !self.is_complete() {
            self.run.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::OnceLock;

    use tokio::task::AbortHandle;

    use super::*;

    /// Frames, the last one first; then nothing comes, and no end.
    struct Frames(Vec<&'static str>);

    impl Body for Frames {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            match self.0.pop() {
                Some(text) => Poll::Ready(Some(Ok(Frame::data(Bytes::from(text))))),
                None => Poll::Pending,
            }
        }
    }

    /// A body of these frames that then waits, of a guest that runs for ever.
    fn guest(frames: &[&'static str], promised: u64) -> (GuestBody, AbortHandle) {
        let task = tokio::spawn(pending::<()>()).abort_handle();
        let run = Run::new(task.clone(), Arc::new(OnceLock::new()));
        let inner = Frames(frames.iter().rev().copied().collect()).boxed_unsync();
        (GuestBody::new(inner, run, Some(promised)), task)
    }

    #[tokio::test]
    async fn a_guest_that_has_given_its_whole_answer_goes_on_without_its_client() {
        let (body, task) = guest(&["whole", " answer"], 12);
        drop(body);
        tokio::task::yield_now().await;
        assert!(!task.is_finished());
        task.abort();
    }

    #[tokio::test]
    async fn a_guest_that_has_not_ends_with_its_client() {
        let (body, task) = guest(&["half an"], 12);
        drop(body);
        while !task.is_finished() {
            tokio::task::yield_now().await;
        }
    }
}
