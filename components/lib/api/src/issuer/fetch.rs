//! Fetches an issuer's keys: OpenID Connect Discovery §4 and RFC 7517 §5.

use std::time::Duration;

use http::{HeaderValue, Request, StatusCode, Uri, header};
use serde::Deserialize;

use super::jwks::{Jwks, JwksError, MAX_JWKS};
use super::url::{self, UrlError};
use crate::gateway::Gateway;
use crate::ports::{OutgoingBody, Upstream, UpstreamError};
use crate::settings::{IssuerSettings, KeySource};

/// Largest discovery document, in bytes.
const MAX_DOCUMENT: usize = 64 * 1024;

/// How long an issuer may take to begin an answer: a caller waits for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there are no keys. For the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("`{0}`: {1}")]
    Address(String, UrlError),
    #[error("`{0}`: {1}")]
    Unanswered(Uri, UpstreamError),
    /// A redirect too: who is asked is what the configuration says.
    #[error("`{0}` answered {1}")]
    Status(Uri, StatusCode),
    #[error("the discovery document is malformed")]
    Document,
    #[error("the discovery document is another issuer's")]
    Issuer,
    #[error("the key set {0}")]
    Keys(#[from] JwksError),
}

/// What is read of a discovery document.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
}

impl<U> Gateway<'_, U> {
    /// Fetches the keys, filtered: public ones that sign with an allowed algorithm.
    pub(super) fn fetch_keys<B>(&self, issuer: &IssuerSettings) -> Result<Jwks, FetchError>
    where
        U: Upstream<B>,
    {
        let address = match &issuer.keys {
            KeySource::Jwks(address) => address.clone(),
            KeySource::Discovery(address) => {
                let document = self.fetch::<B>(address, MAX_DOCUMENT)?;
                let document: Document =
                    serde_json::from_slice(&document).map_err(|_| FetchError::Document)?;
                if document.issuer != issuer.authority {
                    return Err(FetchError::Issuer);
                }
                document.jwks_uri
            }
        };
        let keys = self.fetch::<B>(&address, MAX_JWKS)?;
        let keys = std::str::from_utf8(&keys).map_err(|_| JwksError::Malformed)?;
        Ok(Jwks::parse(keys, &issuer.algorithms)?)
    }

    fn fetch<B>(&self, address: &str, limit: usize) -> Result<Vec<u8>, FetchError>
    where
        U: Upstream<B>,
    {
        let uri = url::check(address, &self.settings.proxy.internal).map_err(|error| {
            let shown = address.chars().filter(|c| !c.is_control()).take(200);
            FetchError::Address(shown.collect(), error)
        })?;
        let mut request = Request::new(OutgoingBody::<B>::Empty);
        *request.uri_mut() = uri.clone();
        let kind = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::ACCEPT, kind);
        request.extensions_mut().insert(PATIENCE);
        let upstream = self.ports.upstream;
        let unanswered = |error| FetchError::Unanswered(uri.clone(), error);
        let (head, body) = upstream.send(request).map_err(unanswered)?.into_parts();
        if head.status != StatusCode::OK {
            return Err(FetchError::Status(uri, head.status));
        }
        let bytes = upstream.read(body, limit, PATIENCE).map_err(unanswered)?;
        // The port promises it; a host's mistake shall not fill the database.
        if bytes.len() > limit {
            let error = UpstreamError::Unreachable("the answer is too long".to_owned());
            return Err(unanswered(error));
        }
        Ok(bytes)
    }
}
