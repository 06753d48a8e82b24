//! The gateway that is asked.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;
use tokio::time::timeout;

use super::{Place, Range, Row};

/// Largest page, in bytes. A smaller `--limit` makes pages smaller.
const MAX_PAGE: usize = 64 << 20;
/// How long a page may take.
const TIME: Duration = Duration::from_secs(60);
/// How much of a refusal is shown.
const MAX_DETAIL: usize = 300;

/// Why there is no page.
#[derive(Debug, Error)]
pub enum SourceError {
    /// The address is none.
    #[error("`--url` must be `http://host:port` or `https://host`, without a user name")]
    Address,
    /// The key cannot be sent.
    #[error("the key has characters that cannot be in a header")]
    Key,
    /// There are no certificates to check others against.
    #[error("the system's certificates cannot be read: {0}")]
    Certificates(std::io::Error),
    /// There is no connection, or it broke.
    #[error("cannot reach {authority}: {cause}")]
    Unreachable {
        /// Host and port.
        authority: String,
        /// Why not.
        cause: String,
    },
    /// It answers 503.
    #[error("the gateway is not available (503)")]
    Unavailable {
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// It answers something else than 200.
    #[error("the gateway answered {status}{detail}")]
    Refused {
        /// The status.
        status: StatusCode,
        /// What it says, after a colon.
        detail: String,
    },
    /// The page is too large to be held.
    #[error("a page has more than {MAX_PAGE} bytes: ask for less rows at once with `--limit`")]
    TooLarge,
    /// The answer is not a page of audit rows.
    #[error("the gateway's answer is not a page of audit rows: {0}")]
    NotAPage(serde_json::Error),
    /// The answer leads to itself.
    #[error("the gateway gives the same cursor again and again")]
    Stuck,
}

/// A page. Rows are kept as they came.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub(super) items: Vec<Box<RawValue>>,
    pub(super) next_cursor: Option<String>,
}

/// A problem of RFC 9457, as far as it is shown.
#[derive(Deserialize)]
struct Problem {
    detail: Option<String>,
    title: Option<String>,
}

/// A gateway and the key that opens it.
pub struct Gateway {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    base: String,
    authority: String,
    key: HeaderValue,
}

impl Gateway {
    /// Takes an address such as `http://127.0.0.1:7080` and an admin key. Nothing is
    /// connected yet. It is logged if the key will go to another machine in clear.
    ///
    /// # Errors
    /// [`SourceError`] if one of them is none.
    pub fn new(url: &str, key: &str) -> Result<Self, SourceError> {
        let uri: Uri = url.parse().map_err(|_| SourceError::Address)?;
        let authority = uri.authority().ok_or(SourceError::Address)?.to_string();
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        if !known || authority.contains('@') || uri.query().is_some() {
            return Err(SourceError::Address);
        }
        if uri.scheme_str() == Some("http") && !uri.host().is_some_and(is_this_machine) {
            tracing::warn!("the admin key goes to {authority} unencrypted: use https");
        }
        let mut key =
            HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| SourceError::Key)?;
        key.set_sensitive(true);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(SourceError::Certificates)?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            base: url.trim_end_matches('/').to_owned(),
            authority,
            key,
        })
    }

    /// Asks for the page of a range that begins at a place.
    ///
    /// # Errors
    /// [`SourceError`].
    pub(super) async fn page(&self, range: &Range, place: &Place) -> Result<Page, SourceError> {
        let uri: Uri = self
            .target(range, place)
            .parse()
            .map_err(|_| SourceError::Address)?;
        match timeout(TIME, self.get(uri)).await {
            Ok(answer) => answer,
            Err(_) => Err(self.unreachable("no answer in time")),
        }
    }

    async fn get(&self, uri: Uri) -> Result<Page, SourceError> {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri;
        request
            .headers_mut()
            .insert(AUTHORIZATION, self.key.clone());
        let response = self.client.request(request).await;
        let response = response.map_err(|error| self.unreachable(with_causes(&error)))?;
        let (head, body) = response.into_parts();
        let body = match Limited::new(body, MAX_PAGE).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Err(SourceError::TooLarge),
            Err(error) => return Err(self.unreachable(with_causes(error.as_ref()))),
        };
        match head.status {
            StatusCode::OK => read(&body),
            StatusCode::SERVICE_UNAVAILABLE => Err(SourceError::Unavailable {
                retry_after: retry_after(&head.headers),
            }),
            status => Err(SourceError::Refused {
                status,
                detail: detail(&body),
            }),
        }
    }

    fn target(&self, range: &Range, place: &Place) -> String {
        let (name, at) = match place {
            Place::Start => ("", None),
            Place::After(id) => ("after", Some(id)),
            Place::Cursor(cursor) => ("cursor", Some(cursor)),
        };
        let mut target = format!("{}/audit/export?limit={}", self.base, range.limit);
        for (name, value) in [
            ("from", range.from.as_ref()),
            ("to", range.to.as_ref()),
            (name, at),
        ] {
            if let Some(value) = value {
                target.push_str(&format!("&{name}={}", encoded(value)));
            }
        }
        target
    }

    fn unreachable(&self, cause: impl Into<String>) -> SourceError {
        SourceError::Unreachable {
            authority: self.authority.clone(),
            cause: cause.into(),
        }
    }
}

/// Whether a host of a URL is a loopback one.
fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    address.map_or(host.eq_ignore_ascii_case("localhost"), |ip| {
        ip.is_loopback()
    })
}

/// Reads a page; each of its rows must be one.
fn read(body: &[u8]) -> Result<Page, SourceError> {
    let page: Page = serde_json::from_slice(body).map_err(SourceError::NotAPage)?;
    for item in &page.items {
        serde_json::from_str::<Row>(item.get()).map_err(SourceError::NotAPage)?;
    }
    Ok(page)
}

/// `: what is wrong`, or nothing if the body does not say.
fn detail(body: &[u8]) -> String {
    let problem = serde_json::from_slice::<Problem>(body).ok();
    let text = problem.and_then(|problem| problem.detail.or(problem.title));
    text.map(|text| {
        let text = text.chars().filter(|character| !character.is_control());
        format!(": {}", text.take(MAX_DETAIL).collect::<String>())
    })
    .unwrap_or_default()
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse();
    seconds.ok().map(Duration::from_secs)
}

/// A value as it stands in a query.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                encoded.push(char::from(byte));
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
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
