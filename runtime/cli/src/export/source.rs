//! The gateway that is asked.

use std::path::PathBuf;
use std::time::Duration;

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;
use vectra_client::http::{Address, Answer, Call, Client, HttpError, Limits, Problem, Way};

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
    /// It cannot be asked, or does not answer.
    #[error(transparent)]
    Http(HttpError),
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

/// A gateway and the key that opens it.
pub struct Gateway(Client);

impl Gateway {
    /// Takes an address such as `http://127.0.0.1:7080`, an operator's key and, if the
    /// system's certificates do not vouch for the gateway, the file of those that do.
    /// Nothing is connected yet. It is logged if the key will go to another machine in
    /// clear.
    ///
    /// # Errors
    /// [`SourceError`] if one of them is none.
    pub fn new(url: &str, key: &str, authority: Option<PathBuf>) -> Result<Self, SourceError> {
        let address = Address::parse(url).map_err(|_| SourceError::Address)?;
        if address.way() == Way::Clear {
            let authority = address.authority();
            tracing::warn!("the key goes to {authority} unencrypted: use https");
        }
        let limits = Limits {
            connect: TIME,
            answer: TIME,
            body: MAX_PAGE,
        };
        let client = Client::new(address, Some(key), authority, limits);
        client.map(Self).map_err(SourceError::Http)
    }

    /// Asks for the page of a range that begins at a place.
    ///
    /// # Errors
    /// [`SourceError`].
    pub(super) async fn page(&self, range: &Range, place: &Place) -> Result<Page, SourceError> {
        let answer = self.0.send(&call(range, place)).await;
        let answer = answer.map_err(|error| match error {
            HttpError::TooLarge(_) => SourceError::TooLarge,
            error => SourceError::Http(error),
        })?;
        match answer.status {
            StatusCode::OK => read(&answer.body),
            StatusCode::SERVICE_UNAVAILABLE => Err(SourceError::Unavailable {
                retry_after: answer.retry_after(),
            }),
            status => Err(SourceError::Refused {
                status,
                detail: detail(&answer),
            }),
        }
    }
}

fn call(range: &Range, place: &Place) -> Call {
    let call = Call::get(&["audit", "export"])
        .with("limit", Some(&range.limit.to_string()))
        .with("from", range.from.as_deref())
        .with("to", range.to.as_deref());
    match place {
        Place::Start => call,
        Place::After(id) => call.with("after", Some(id)),
        Place::Cursor(cursor) => call.with("cursor", Some(cursor)),
    }
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
fn detail(answer: &Answer) -> String {
    let Problem { title, detail, .. } = Problem::read(&answer.body);
    let text = detail.or(title).map(|text| {
        let text = text.chars().filter(|character| !character.is_control());
        format!(": {}", text.take(MAX_DETAIL).collect::<String>())
    });
    text.unwrap_or_default()
}
