//! Agents' tokens that the gateway makes itself: JWTs as OB §5.2 has them, with an
//! issue time, a key id and a clock skew of 0 at their end.

mod algorithm;
mod claims;
mod jws;
mod keys;
#[cfg(test)]
mod tests;

use serde_json::json;
use uuid::Uuid;
use vectra_domain::{Agent, AgentId, Timestamp};

use crate::settings::TokenSettings;
pub use algorithm::Algorithm;
pub use claims::Claims;
pub use jws::{MAX_LENGTH, Unverified};
pub use keys::{KeyError, KeyFault, TokenKeys};

/// Shortest shared key, in bytes (RFC 7518 §3.2).
pub const MIN_KEY: usize = 32;

/// How far a token may come from the future, in microseconds: the clocks of gateways are
/// in step. One from further ahead would outlive the end of its agent's tokens.
const AHEAD: i64 = 5 * Timestamp::SECOND;

/// Microseconds in a millisecond, to which issue times are kept.
pub(crate) const MILLISECOND: i64 = 1_000;

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Anything else; the text holds nothing of the token.
    #[error("{0}")]
    Invalid(&'static str),
}

/// What a token that is believed says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Whom it stands for.
    pub agent: AgentId,
    /// When it was issued, to the millisecond; none if it does not say.
    pub issued_at: Option<Timestamp>,
}

/// Makes a token for `agent`; returns it with the time it expires.
///
/// # Errors
/// A message for the log if no key signs.
pub(crate) fn issue(
    agent: &Agent,
    id: Uuid,
    now: Timestamp,
    settings: &TokenSettings,
    keys: &TokenKeys<'_>,
) -> Result<(String, Timestamp), String> {
    let expires = now
        .plus(settings.lifetime.saturating_mul(Timestamp::SECOND))
        .floor(Timestamp::SECOND);
    let claims = json!({
        "sub": agent.id.to_string(),
        "agent_name": agent.name,
        "trust_score": agent.trust_score.get().to_string(),
        "jti": id.to_string(),
        "iat": claims::numeric_date(now),
        "exp": expires.seconds(),
        "iss": settings.issuer,
        "aud": settings.audience,
    });
    let token = keys.sign(&claims)?;
    // A name of many escapes may need more room than readers of tokens give.
    if token.len() > MAX_LENGTH {
        return Err("the token would be longer than tokens may be".to_owned());
    }
    Ok((token, expires))
}

/// Checks a token and says whom it stands for.
///
/// # Errors
/// [`TokenError`]; that it has expired is said only of a token that is right otherwise.
pub fn verify(
    token: &str,
    now: Timestamp,
    settings: &TokenSettings,
    keys: &TokenKeys<'_>,
) -> Result<Verified, TokenError> {
    let token = Unverified::parse(token, &["JWT"])?;
    if !keys.signed(&token) {
        return Err(TokenError::Invalid("the signature is wrong"));
    }
    let claims = &token.claims;
    claims.expect_issuer(&settings.issuer)?;
    claims.expect_audience(&settings.audience)?;
    let verified = claims.verified()?;
    claims.expect_begun(now.plus(AHEAD))?;
    if claims.expires()? <= now {
        return Err(TokenError::Expired);
    }
    Ok(verified)
}
