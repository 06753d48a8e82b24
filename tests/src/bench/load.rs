//! The load generator: so many connections, each with one request at a time.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::DEADLINE;

/// A GET, sent again and again.
#[derive(Debug, Clone)]
pub struct Load {
    address: String,
    target: String,
    bearer: Option<String>,
    /// From one request of a connection to its next; none sends as fast as it can.
    pace: Option<Duration>,
}

/// What came of it.
#[derive(Debug)]
pub struct Figures {
    /// Answers.
    pub requests: usize,
    elapsed: Duration,
    /// Microseconds of each request, ascending.
    latencies: Vec<u32>,
}

impl Load {
    /// A GET of `target` at `address` (`host:port`).
    #[must_use]
    pub fn get(address: &str, target: &str) -> Self {
        Self {
            address: address.to_owned(),
            target: target.to_owned(),
            bearer: None,
            pace: None,
        }
    }

    /// One request of each connection in so much time.
    #[must_use]
    pub fn paced(mut self, pace: Duration) -> Self {
        self.pace = Some(pace);
        self
    }

    /// With a token.
    #[must_use]
    pub fn bearer(mut self, token: &str) -> Self {
        self.bearer = Some(format!("Bearer {token}"));
        self
    }

    /// Sends until the time is over.
    ///
    /// # Errors
    /// If one answer is not 200, or does not come.
    pub async fn run(&self, connections: usize, duration: Duration) -> Result<Figures> {
        let begun = Instant::now();
        let mut senders = JoinSet::new();
        for _ in 0..connections {
            let load = self.clone();
            senders.spawn(async move { load.one_connection(begun, duration).await });
        }
        let mut latencies = Vec::new();
        while let Some(finished) = senders.join_next().await {
            latencies.extend(finished??);
        }
        let elapsed = begun.elapsed();
        latencies.sort_unstable();
        Ok(Figures {
            requests: latencies.len(),
            elapsed,
            latencies,
        })
    }

    async fn one_connection(&self, begun: Instant, duration: Duration) -> Result<Vec<u32>> {
        let stream = TcpStream::connect(&self.address)
            .await
            .context("cannot connect")?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let mut latencies = Vec::new();
        let mut pace = self.pace.map(tokio::time::interval);
        while begun.elapsed() < duration {
            if let Some(pace) = &mut pace {
                pace.tick().await;
            }
            let start = Instant::now();
            let answer = timeout(DEADLINE, self.one_request(&mut sender)).await;
            answer.context("no answer in time")??;
            latencies.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
        connection.abort();
        Ok(latencies)
    }

    async fn one_request(&self, sender: &mut SendRequest<Empty<Bytes>>) -> Result<()> {
        let mut request = Request::get(&self.target).header("host", &self.address);
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", bearer);
        }
        sender.ready().await?;
        let response = sender.send_request(request.body(Empty::new())?).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        ensure!(
            status == StatusCode::OK,
            "{status}: {}",
            String::from_utf8_lossy(&body)
        );
        Ok(())
    }
}

impl Figures {
    /// Requests per second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64()
    }

    /// The time in which this share of the requests was answered; 0 without any.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Duration {
        let place = (self.latencies.len() as f64 * share) as usize;
        let place = place.min(self.latencies.len().saturating_sub(1));
        Duration::from_micros(u64::from(self.latencies.get(place).copied().unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_latencies() {
        let figures = Figures {
            requests: 4,
            elapsed: Duration::from_secs(2),
            latencies: vec![1, 2, 3, 400],
        };
        assert_eq!(figures.per_second(), 2.0);
        assert_eq!(figures.percentile(0.5), Duration::from_micros(3));
        assert_eq!(figures.percentile(0.99), Duration::from_micros(400));
    }
}
