//! An upstream that answers every request with the same bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub struct Upstream {
    pub port: u16,
    pub connections: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What a connection with TLS begins with (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 22;

impl Upstream {
    /// Answers every request, and a greeting of TLS, with these bytes, and keeps the
    /// connection open afterwards.
    pub async fn start(answer: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = connections.clone();
        let serving = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                counter.fetch_add(1, SeqCst);
                tokio::spawn(async move {
                    let mut seen = Vec::new();
                    while let Ok(1..) = stream.read_buf(&mut seen).await {
                        if seen.first() == Some(&TLS_HANDSHAKE) {
                            let _ = stream.write_all(answer).await;
                            continue;
                        }
                        while let Some(end) = seen.windows(4).position(|bytes| bytes == b"\r\n\r\n")
                        {
                            seen.drain(..end + 4);
                            let _ = stream.write_all(answer).await;
                        }
                    }
                });
            }
        });
        Self {
            port,
            connections,
            serving,
        }
    }

    pub fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }
}
