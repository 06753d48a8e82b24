//! The OAuth 2.0 form of the request (RFC 6749 §2.3.1, §4.4.2) and its errors (§5.2).

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::json;

use crate::ResponseBody;
use crate::gateway::json;

/// Who asks, and the secret that shall show it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: String,
}

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OAuthError {
    InvalidRequest(&'static str),
    InvalidClient,
    UnsupportedGrantType,
    InvalidScope,
}

impl OAuthError {
    /// The answer of RFC 6749 §5.2. The challenge is there even if the secret came in
    /// the body: every 401 has one (RFC 9110 §15.5.2).
    pub(super) fn into_response<B>(self) -> Response<ResponseBody<B>> {
        let (status, error, description) = match self {
            Self::InvalidRequest(what) => (StatusCode::BAD_REQUEST, "invalid_request", what),
            Self::InvalidClient => (
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "invalid agent or client secret",
            ),
            Self::UnsupportedGrantType => (
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "only client_credentials is supported",
            ),
            Self::InvalidScope => (
                StatusCode::BAD_REQUEST,
                "invalid_scope",
                "there are no scopes",
            ),
        };
        let body = json!({ "error": error, "error_description": description });
        let mut response = json(status, &body);
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"vectra\", charset=\"UTF-8\"");
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// Whether the body is a form.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| {
            kind.trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
}

/// Reads the request.
pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Client, OAuthError> {
    let mut form = parameters(body)?;
    let named = (form.remove("client_id"), form.remove("client_secret"));
    let in_header = basic(headers)?;
    match form.get("grant_type").map(String::as_str) {
        None => return Err(OAuthError::InvalidRequest("grant_type is missing")),
        Some("client_credentials") => {}
        Some(_) => return Err(OAuthError::UnsupportedGrantType),
    }
    if form.contains_key("scope") {
        return Err(OAuthError::InvalidScope);
    }
    match (in_header, named) {
        // A name in the body is no second proof (RFC 6749 §3.2.1).
        (Basic::Client(client), (id, None)) if id.as_ref().is_none_or(|id| *id == client.id) => {
            Ok(client)
        }
        (Basic::Broken, (_, None)) | (Basic::None, (None, _)) => Err(OAuthError::InvalidClient),
        (Basic::None, (Some(id), secret)) => Ok(Client {
            id,
            secret: secret.unwrap_or_default(),
        }),
        (Basic::Client(_) | Basic::Broken, _) => Err(OAuthError::InvalidRequest(
            "the client is named both in Authorization and in the body",
        )),
    }
}

/// The form's parameters, each at most once; those without a value count as left out
/// (RFC 6749 §3.2).
fn parameters(body: &[u8]) -> Result<BTreeMap<String, String>, OAuthError> {
    let malformed = || OAuthError::InvalidRequest("the body is not a form in UTF-8");
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    let mut parameters = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name).ok_or_else(malformed)?;
        let value = decode(value).ok_or_else(malformed)?;
        if parameters.insert(name, value).is_some() {
            return Err(OAuthError::InvalidRequest("a parameter is repeated"));
        }
    }
    parameters.retain(|_, value| !value.is_empty());
    Ok(parameters)
}

/// `application/x-www-form-urlencoded` (RFC 6749 appendix B).
fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

/// Credentials in `Authorization`.
enum Basic {
    /// None; other schemes do not matter here.
    None,
    /// Of this client.
    Client(Client),
    /// That cannot be read.
    Broken,
}

fn basic(headers: &HeaderMap) -> Result<Basic, OAuthError> {
    let mut credentials = Vec::new();
    for value in headers.get_all(header::AUTHORIZATION) {
        let text = value.to_str().unwrap_or_default();
        let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            credentials.push(rest.trim());
        }
    }
    match credentials.as_slice() {
        [] => Ok(Basic::None),
        [one] => Ok(client(one).map_or(Basic::Broken, Basic::Client)),
        _ => Err(OAuthError::InvalidRequest("Authorization is repeated")),
    }
}

/// Name and secret, each encoded like a form before they were joined.
fn client(credentials: &str) -> Option<Client> {
    let bytes = STANDARD.decode(credentials).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some(Client {
        id: decode(id)?,
        secret: decode(secret)?,
    })
}
