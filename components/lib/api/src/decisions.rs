//! `/decisions`: decides again, or otherwise, and records nothing.

mod again;
mod past;
mod replay;
mod what_if;

use http::HeaderMap;

use crate::RequestBody;
use crate::fields::{Fields, is_json};
use crate::gateway::Gateway;
use crate::problem::{Kind, Refusal};

/// Longest question, in bytes: a policy of the longest document there is, and the
/// description of a request.
const MAX_QUESTION: usize = 3 * 1024 * 1024;

impl<U> Gateway<'_, U> {
    /// The body of a question; a policy may be in it.
    pub(crate) fn question(
        &self,
        headers: &HeaderMap,
        body: impl RequestBody,
    ) -> Result<Vec<u8>, Refusal> {
        let question = Fields::read_at_most(body, MAX_QUESTION)?;
        // A replay asks without a body.
        if question.is_empty() || is_json(headers) {
            Ok(question)
        } else {
            Err(Refusal::new(Kind::UnsupportedMediaType))
        }
    }
}
