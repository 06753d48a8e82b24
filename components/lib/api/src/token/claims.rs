//! What tokens say (RFC 7519 §4.1).

use serde_json::{Number, Value};
use vectra_domain::Timestamp;

use super::jws::Members;
use super::{MILLISECOND, TokenError, Verified};

/// A token's claims.
#[derive(Debug)]
pub struct Claims(Members);

impl Claims {
    pub(super) const fn new(members: Members) -> Self {
        Self(members)
    }

    /// Refuses another issuer; they are compared as they are written.
    pub(crate) fn expect_issuer(&self, issuer: &str) -> Result<(), TokenError> {
        if self.0.text("iss")? == Some(issuer) {
            Ok(())
        } else {
            Err(TokenError::Invalid("the issuer is another"))
        }
    }

    /// Refuses a token that is not (also) for this audience.
    pub(crate) fn expect_audience(&self, audience: &str) -> Result<(), TokenError> {
        let meant = match self.0.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(many)) => {
                many.iter().all(Value::is_string)
                    && many.iter().any(|one| one.as_str() == Some(audience))
            }
            _ => false,
        };
        if meant {
            Ok(())
        } else {
            Err(TokenError::Invalid("the audience is another"))
        }
    }

    /// Whom it stands for, and since when.
    pub(crate) fn verified(&self) -> Result<Verified, TokenError> {
        let agent = self
            .0
            .text("sub")?
            .and_then(|subject| subject.parse().ok())
            .ok_or(TokenError::Invalid("the subject is not an agent's id"))?;
        let issued_at = self.date("iat")?;
        Ok(Verified { agent, issued_at })
    }

    /// When it expires.
    pub(crate) fn expires(&self) -> Result<Timestamp, TokenError> {
        self.date("exp")?
            .ok_or(TokenError::Invalid("it does not say when it expires"))
    }

    /// Refuses a token that says it was issued, or holds, only after `latest`.
    pub(crate) fn expect_begun(&self, latest: Timestamp) -> Result<(), TokenError> {
        for name in ["iat", "nbf"] {
            if self.date(name)?.is_some_and(|from| from > latest) {
                return Err(TokenError::Invalid("it does not hold yet"));
            }
        }
        Ok(())
    }

    /// A NumericDate (RFC 7519 §2), to the millisecond.
    fn date(&self, name: &str) -> Result<Option<Timestamp>, TokenError> {
        let wrong = TokenError::Invalid("a time is none");
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => read_date(number).map(Some).ok_or(wrong),
            Some(_) => Err(wrong),
        }
    }
}

fn read_date(number: &Number) -> Option<Timestamp> {
    let micros = match number.as_i64() {
        Some(seconds) => seconds.checked_mul(Timestamp::SECOND)?,
        None => {
            // The cast saturates, and what is too large is no time below.
            let millis = (number.as_f64()? * 1_000.0).round() as i64;
            millis.checked_mul(MILLISECOND)?
        }
    };
    Timestamp::from_micros(micros).ok()
}

/// A NumericDate to the millisecond.
pub(super) fn numeric_date(time: Timestamp) -> Value {
    let millis = time.micros().div_euclid(MILLISECOND);
    if millis % 1_000 == 0 {
        Value::from(millis / 1_000)
    } else {
        Value::from(millis as f64 / 1_000.0)
    }
}
