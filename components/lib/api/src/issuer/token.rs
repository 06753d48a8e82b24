//! What a token of an external issuer must say.

use jsonwebtoken::DecodingKey;
use vectra_domain::Timestamp;

use super::Jwks;
use crate::settings::IssuerSettings;
use crate::token::{TokenError, Unverified, Verified};

/// How far clocks may differ, in microseconds (OB §5.3).
const LEEWAY: i64 = 30 * Timestamp::SECOND;

/// Types of access tokens: RFC 7519 §5.1 and RFC 9068 §2.1.
const TYPES: [&str; 2] = ["JWT", "at+jwt"];

/// A token that says what it must, its signature not checked yet.
#[derive(Debug)]
pub struct ExternalToken<'t> {
    token: Unverified<'t>,
    verified: Verified,
}

impl<'t> ExternalToken<'t> {
    /// Reads a token and compares what it says with the settings, before anything is
    /// fetched for it.
    ///
    /// # Errors
    /// [`TokenError::Invalid`].
    pub fn read(token: &'t str, issuer: &IssuerSettings) -> Result<Self, TokenError> {
        let token = Unverified::parse(token, &TYPES)?;
        if !issuer.algorithms.contains(&token.algorithm) {
            return Err(TokenError::Invalid("the algorithm is not allowed"));
        }
        token.claims.expect_issuer(&issuer.authority)?;
        token.claims.expect_audience(&issuer.audience)?;
        let verified = token.claims.verified()?;
        Ok(Self { token, verified })
    }

    /// The key it says it is signed with.
    pub(super) fn key(&self, keys: &Jwks) -> Option<DecodingKey> {
        keys.key(self.token.key_id.as_deref(), self.token.algorithm)
    }

    /// Checks signature and times.
    pub(super) fn believe(
        &self,
        key: &DecodingKey,
        now: Timestamp,
    ) -> Result<Verified, TokenError> {
        if !self.token.is_signed_by(key) {
            return Err(TokenError::Invalid("the signature is wrong"));
        }
        let claims = &self.token.claims;
        claims.expect_begun(now.plus(LEEWAY))?;
        if claims.expires()?.plus(LEEWAY) <= now {
            return Err(TokenError::Expired);
        }
        Ok(self.verified)
    }
}

/// Checks a token with keys that are there.
///
/// # Errors
/// [`TokenError`]; that it has expired is said only of a token that is right otherwise.
pub fn verify(
    token: &str,
    now: Timestamp,
    issuer: &IssuerSettings,
    keys: &Jwks,
) -> Result<Verified, TokenError> {
    let token = ExternalToken::read(token, issuer)?;
    let key = token
        .key(keys)
        .ok_or(TokenError::Invalid("the issuer has no such key"))?;
    token.believe(&key, now)
}
