//! The gateway that is asked.

use std::path::PathBuf;
use std::time::Duration;

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;
use vectra_client::http::{Address, Call, Client, HttpError, Limits};
use vectra_client::{Failure, Key};

use super::{Place, Range, Row};

/// Largest page, in bytes. A smaller `--limit` makes pages smaller.
const MAX_PAGE: usize = 64 << 20;
/// How long a page may take.
const TIME: Duration = Duration::from_secs(60);

/// Why there is no page.
#[derive(Debug, Error)]
pub enum SourceError {
    /// It answers 503.
    #[error("{failure}")]
    Unavailable {
        /// What it says.
        failure: Failure,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// It does not answer, or something else than 200.
    #[error(transparent)]
    Failed(Failure),
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
pub struct Gateway {
    client: Client,
    key: Key,
}

impl Gateway {
    /// Takes an address, an operator's key and, if the system's certificates do not
    /// vouch for the gateway, the file of those that do. Nothing is connected yet.
    ///
    /// # Errors
    /// [`HttpError`] if the key or the certificates are none.
    pub fn new(address: Address, key: Key, authority: Option<PathBuf>) -> Result<Self, HttpError> {
        let limits = Limits {
            connect: TIME,
            answer: TIME,
            body: MAX_PAGE,
        };
        let client = Client::new(address, Some(&key.secret), authority, limits)?;
        Ok(Self { client, key })
    }

    /// Asks for the page of a range that begins at a place.
    ///
    /// # Errors
    /// [`SourceError`].
    pub(super) async fn page(&self, range: &Range, place: &Place) -> Result<Page, SourceError> {
        let call = call(range, place);
        let answer = self.client.send(&call).await;
        let answer = answer.map_err(|error| match error {
            HttpError::TooLarge(_) => SourceError::TooLarge,
            error => SourceError::Failed(Failure::unanswered(&call, error)),
        })?;
        if answer.status == StatusCode::OK {
            return read(&answer.body);
        }
        let Key { secret, origin } = &self.key;
        let failure = Failure::refused(&call, &answer, &[secret], Some(origin));
        Err(match answer.status {
            StatusCode::SERVICE_UNAVAILABLE => SourceError::Unavailable {
                failure,
                retry_after: answer.retry_after(),
            },
            _ => SourceError::Failed(failure),
        })
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
