//! Tokens of an external issuer (OB §5.3): its settings and algorithms are fixed by the
//! configuration, its keys are fetched and kept in the database.

mod fetch;
mod jwks;
mod token;
pub(crate) mod url;

use vectra_domain::{IssuerKeys, PersistenceError, Timestamp};

use crate::gateway::Gateway;
use crate::ports::Upstream;
use crate::problem::{Kind, Refusal};
use crate::settings::IssuerSettings;
use crate::token::{TokenError, Verified};
pub use jwks::{Jwks, JwksError, MAX_JWKS};
pub use token::{ExternalToken, verify};

/// Age from which on keys are fetched anew.
const FRESH: i64 = Timestamp::HOUR;
/// Age up to which they are used where that fails.
const USABLE: i64 = Timestamp::DAY;
/// All gateways together fetch at most so often.
const PAUSE: i64 = Timestamp::MINUTE;

/// Why a token does not let its holder in.
pub(crate) enum Failure {
    /// It is not believed.
    Token(TokenError),
    /// Nobody can say.
    Refusal(Refusal),
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<PersistenceError> for Failure {
    fn from(error: PersistenceError) -> Self {
        Self::Refusal(error.into())
    }
}

/// What came of wanting the keys anew.
enum Fetched {
    /// These are they.
    Keys(Jwks),
    /// Nothing; the log says why.
    Failed,
    /// Somebody tried within the last minute.
    NotNow,
}

impl<U> Gateway<'_, U> {
    /// Checks a token of the configured issuer: one read of the database if its key is
    /// there and fresh. A token that says it is another's causes no work at all.
    pub(crate) fn external<B>(
        &self,
        token: &str,
        issuer: &IssuerSettings,
    ) -> Result<Verified, Failure>
    where
        U: Upstream<B>,
    {
        let token = ExternalToken::read(token, issuer)?;
        let now = self.ports.clock.now();
        let kept = self.with_schema(|| self.ports.issuers.find(&issuer.authority))?;
        let kept = kept.and_then(|keys| {
            // Distance, not age: a clock that was wrong once makes nothing fresh for ever.
            let age = now.micros().abs_diff(keys.fetched_at.micros());
            let jwks = Jwks::parse(&keys.jwks, &issuer.algorithms).ok()?;
            (age < USABLE.unsigned_abs()).then_some((age, jwks))
        });
        let fresh = kept.as_ref().filter(|(age, _)| *age < FRESH.unsigned_abs());
        if let Some(key) = fresh.and_then(|(_, keys)| token.key(keys)) {
            return Ok(token.believe(&key, now)?);
        }
        let key = match (self.refreshed::<B>(issuer, now)?, kept) {
            (Fetched::Keys(keys), _) => token.key(&keys),
            (Fetched::Failed | Fetched::NotNow, Some((_, keys))) => token.key(&keys),
            (Fetched::Failed | Fetched::NotNow, None) => {
                return Err(self.unavailable(issuer, now)?.into());
            }
        };
        let key = key.ok_or(TokenError::Invalid("the issuer has no such key"))?;
        Ok(token.believe(&key, now)?)
    }

    /// Says when the keys may be looked for next.
    fn unavailable(&self, issuer: &IssuerSettings, now: Timestamp) -> Result<Refusal, Refusal> {
        let last = self.with_schema(|| self.ports.issuers.attempted(&issuer.authority))?;
        let next = last.unwrap_or(now).plus(PAUSE);
        let micros = (next.micros() - now.micros()).clamp(Timestamp::SECOND, PAUSE);
        // Rounded up; a minute at most.
        let seconds = (micros + Timestamp::SECOND - 1) / Timestamp::SECOND;
        let seconds = u32::try_from(seconds).unwrap_or(1);
        Ok(Refusal::new(Kind::IssuerUnavailable).retry_after(seconds))
    }

    fn refreshed<B>(&self, issuer: &IssuerSettings, now: Timestamp) -> Result<Fetched, Refusal>
    where
        U: Upstream<B>,
    {
        let name = &issuer.authority;
        let issuers = self.ports.issuers;
        // At the end of the pause it may be done again.
        if !self.with_schema(|| issuers.claim(name, now, now.plus(1 - PAUSE)))? {
            return Ok(Fetched::NotNow);
        }
        match self.fetch_keys::<B>(issuer) {
            Ok(keys) => {
                if keys.is_empty() {
                    self.log(&format!(
                        "issuer `{name}` has no key for the allowed algorithms"
                    ));
                }
                let kept = IssuerKeys {
                    jwks: keys.to_json(),
                    fetched_at: now,
                };
                self.with_schema(|| issuers.put(name, &kept))?;
                Ok(Fetched::Keys(keys))
            }
            Err(error) => {
                self.log(&format!(
                    "the keys of issuer `{name}` were not fetched: {error}"
                ));
                Ok(Fetched::Failed)
            }
        }
    }
}
