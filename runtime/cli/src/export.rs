//! Copies the audit of a running gateway, oldest row first, page by page: what is
//! held in memory is one page.

mod output;
mod range;
mod source;

use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;
use tokio::time::sleep;
use vectra_client::Failure;
use vectra_client::http::HttpError;

pub use output::{Output, OutputError};
pub use range::{Range, settled};
pub use source::{Gateway, SourceError};

/// Where the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// With the first row of the range.
    Start,
    /// After this row (its audit id).
    After(String),
    /// Where this cursor of the gateway points to.
    Cursor(String),
}

/// How often a page is asked for while the gateway says 503.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Requests of one page at most.
    pub attempts: u32,
    /// The pause after the first; each further one is twice as long.
    pub first_pause: Duration,
    /// The longest pause, whatever the gateway asks for.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 8,
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(15),
        }
    }
}

/// The export did not come to its end. What was written until then is whole rows,
/// and `--resume` goes on after them.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The gateway gave no page.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The rows could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// A row, as far as this program must know it.
#[derive(Deserialize)]
struct Row {
    #[serde(rename = "auditId")]
    audit_id: String,
    timestamp: String,
}

/// Copies rows from a place of the range to its end. Gives how many.
///
/// # Errors
/// [`ExportError`].
pub async fn run(
    gateway: &Gateway,
    range: &Range,
    mut place: Place,
    output: &mut Output,
    patience: Patience,
) -> Result<u64, ExportError> {
    let mut rows = 0;
    loop {
        let page = page(gateway, range, &place, patience, rows).await?;
        for item in &page.items {
            output.line(item.get())?;
        }
        output.flush()?;
        rows += page.items.len() as u64;
        let Some(cursor) = page.next_cursor else {
            output.finish()?;
            return Ok(rows);
        };
        let next = Place::Cursor(cursor);
        // Otherwise a mistaken gateway would be asked for ever.
        if next == place {
            return Err(SourceError::Stuck.into());
        }
        place = next;
    }
}

/// One page, asked for again while that may help. A gateway that cannot be reached
/// at all is only waited for once it has answered before.
async fn page(
    gateway: &Gateway,
    range: &Range,
    place: &Place,
    patience: Patience,
    rows: u64,
) -> Result<source::Page, SourceError> {
    let mut pause = patience.first_pause;
    let mut attempt = 1;
    loop {
        let error = match gateway.page(range, place).await {
            Ok(page) => return Ok(page),
            Err(error) => error,
        };
        let asked = match &error {
            SourceError::Unavailable { retry_after, .. } => *retry_after,
            SourceError::Failed(Failure::Http(
                HttpError::Unreachable { .. } | HttpError::Unanswered { .. },
                _,
            )) if rows > 0 => None,
            _ => return Err(error),
        };
        if attempt >= patience.attempts {
            return Err(error);
        }
        tracing::warn!(error.message = %error, "the export waits");
        let wait = asked.unwrap_or(pause).max(pause);
        sleep(wait.min(patience.longest_pause)).await;
        pause = (pause * 2).min(patience.longest_pause);
        attempt += 1;
    }
}

#[cfg(test)]
mod tests;
