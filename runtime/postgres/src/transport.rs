//! A stream of the server's messages, which notes the status as it passes.
//!
//! tokio-postgres reads the status of each `ReadyForQuery` and throws it away. Here it
//! is kept. The bytes go through unchanged and are not copied.

mod framing;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

use crate::status::Status;
use framing::Framing;

/// What the server sends first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// A message.
    Message,
    /// One byte, the answer to a request for TLS.
    Answer,
}

/// A stream to the server.
pub(crate) struct Transport<S> {
    stream: S,
    framing: Framing,
}

impl<S> Transport<S> {
    /// Watches a stream from its first byte on.
    pub(crate) fn new(stream: S, status: Status, opening: Opening) -> Self {
        let framing = Framing::new(status, opening);
        Self { stream, framing }
    }

    /// The stream, no longer watched.
    pub(crate) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Transport<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let result = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.framing
            .pass(buffer.filled().get(before..).unwrap_or_default());
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Transport<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Transport<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;
    use crate::status::State;

    #[tokio::test]
    async fn the_bytes_go_through_unchanged_however_they_arrive() {
        let sent = b"NR\0\0\0\x08\0\0\0\0Z\0\0\0\x05I1\0\0\0\x04Z\0\0\0\x05T";
        for size in 1..sent.len() {
            let (mut server, stream) = duplex(size);
            let status = Status::default();
            let mut transport = Transport::new(stream, status.clone(), Opening::Answer);
            let mut answer = [0];
            // One buffer that fills up, and many that begin empty.
            let mut rest = vec![0; 15];
            let mut more = Vec::new();
            let reading = async {
                transport.read_exact(&mut answer).await.unwrap();
                transport.read_exact(&mut rest).await.unwrap();
                assert_eq!(status.state(), State::Idle);
                transport.read_to_end(&mut more).await.unwrap();
            };
            let writing = async move {
                server.write_all(sent).await.unwrap();
            };
            tokio::join!(writing, reading);
            assert_eq!([&answer[..], &rest, &more].concat(), sent, "{size}");
            assert_eq!(status.state(), State::Open, "{size}");
        }
    }
}
