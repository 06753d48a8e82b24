//! An HTTP client for one gateway, bounded in time and size.

mod address;
mod call;
mod problem;
mod trust;

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as Pool, Error as PoolError};
use hyper_util::rt::TokioExecutor;
use thiserror::Error;
use tokio::time::timeout;

pub use address::{Address, AddressError, Way};
pub use call::{Call, encoded};
pub use problem::Problem;

/// How long things may take and how large they may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Until a connection is there.
    pub connect: Duration,
    /// From the start to the end of the answer.
    pub answer: Duration,
    /// Bytes of an answer.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            body: 16 << 20,
        }
    }
}

/// Why there is no answer. Never shows a key.
#[derive(Debug, Error)]
pub enum HttpError {
    /// The key cannot be sent.
    #[error("the key has characters that cannot be in a header")]
    Key,
    /// There are no certificates to check others against.
    #[error("the system's certificates cannot be read: {0}")]
    Certificates(std::io::Error),
    /// The file of certificates is none.
    #[error("cannot use `{}` as certificates: {cause}", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// There is no connection; nothing was sent.
    #[error("cannot reach {authority}: {cause}")]
    Unreachable {
        /// Host and port.
        authority: String,
        /// Why not.
        cause: String,
    },
    /// The answer did not come, or not whole; what was asked for may have been done.
    #[error("no answer from {authority}: {cause}")]
    Unanswered {
        /// Host and port.
        authority: String,
        /// Why not.
        cause: String,
    },
    /// The answer is too large to be held.
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Answer {
    /// How long it asks to wait, if it does so in seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse();
        seconds.ok().map(Duration::from_secs)
    }
}

/// A gateway, and the key that opens it.
pub struct Client {
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
    address: Address,
    key: Option<HeaderValue>,
    limits: Limits,
}

impl Client {
    /// A client of this gateway. Nothing is connected yet. With a file of
    /// certificates (PEM), only what they vouch for is talked to over TLS; else what
    /// the system's do.
    ///
    /// # Errors
    /// [`HttpError`], if the key or the certificates are none.
    pub fn new(
        address: Address,
        key: Option<&str>,
        authority: Option<PathBuf>,
        limits: Limits,
    ) -> Result<Self, HttpError> {
        let key = key.map(header).transpose()?;
        let tls = trust::config(&address, authority)?;
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(limits.connect));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        Ok(Self {
            pool: Pool::builder(TokioExecutor::new()).build(connector),
            address,
            key,
            limits,
        })
    }

    /// Makes a call. Redirections are not followed: the key is for this gateway.
    ///
    /// # Errors
    /// [`HttpError`]. Every status is an answer.
    pub async fn send(&self, call: &Call) -> Result<Answer, HttpError> {
        match timeout(self.limits.answer, self.exchange(call)).await {
            Ok(answer) => answer,
            Err(_) => Err(self.unanswered(format!("none within {:?}", self.limits.answer))),
        }
    }

    async fn exchange(&self, call: &Call) -> Result<Answer, HttpError> {
        let response = self.pool.request(self.request(call)?).await;
        let (head, body) = response.map_err(|error| self.failed(&error))?.into_parts();
        let limit = self.limits.body;
        match Limited::new(body, limit).collect().await {
            Ok(body) => Ok(Answer {
                status: head.status,
                headers: head.headers,
                body: body.to_bytes(),
            }),
            Err(error) if error.is::<LengthLimitError>() => Err(HttpError::TooLarge(limit)),
            Err(error) => Err(self.unanswered(with_causes(error.as_ref()))),
        }
    }

    fn request(&self, call: &Call) -> Result<Request<Full<Bytes>>, HttpError> {
        let body = call.content().map(Bytes::from);
        let mut request = Request::builder()
            .method(call.method().clone())
            .uri(format!("{}{}", self.address.base(), call.target()));
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key.clone());
        }
        let request = request.body(Full::new(body.unwrap_or_default()));
        request.map_err(|error| self.unreachable(with_causes(&error)))
    }

    fn failed(&self, error: &PoolError) -> HttpError {
        match error.is_connect() {
            true => self.unreachable(with_causes(error)),
            false => self.unanswered(with_causes(error)),
        }
    }

    fn unreachable(&self, cause: String) -> HttpError {
        let authority = self.address.authority().to_owned();
        HttpError::Unreachable { authority, cause }
    }

    fn unanswered(&self, cause: String) -> HttpError {
        let authority = self.address.authority().to_owned();
        HttpError::Unanswered { authority, cause }
    }
}

/// The header that carries a key.
fn header(key: &str) -> Result<HeaderValue, HttpError> {
    let value = HeaderValue::from_str(&format!("Bearer {key}"));
    let mut value = value.map_err(|_| HttpError::Key)?;
    value.set_sensitive(true);
    Ok(value)
}

/// An error with what it comes from.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
