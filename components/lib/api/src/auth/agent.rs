//! Agents, by token.

use http::{HeaderMap, header};
use vectra_domain::{AgentAccess, AgentId, Timestamp};

use super::{Carrier, VECTRA_AUTHORIZATION, bearer};
use crate::gateway::Gateway;
use crate::issuer::Failure;
use crate::ports::{Secret, Upstream};
use crate::problem::{Kind, Refusal};
use crate::settings::Provider;
use crate::token::{self, MILLISECOND, TokenError, TokenKeys, Verified};

/// Who holds an agent's token. Whether it still holds is for the database to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holder {
    /// The agent.
    pub(crate) id: AgentId,
    /// Which header carried the token.
    pub(crate) carrier: Carrier,
    /// When it was issued, if it says so.
    pub(crate) issued_at: Option<Timestamp>,
}

impl Holder {
    /// Whether the agent's tokens were not ended after this one was issued. To the
    /// millisecond, and in doubt it was: tokens do not tell times any finer.
    pub(crate) fn holds(&self, access: &AgentAccess) -> bool {
        access.tokens_not_before.is_none_or(|ended| {
            self.issued_at
                .is_some_and(|issued| issued.floor(MILLISECOND) > ended.floor(MILLISECOND))
        })
    }
}

impl<U> Gateway<'_, U> {
    /// The agent whose token the caller holds.
    pub(crate) fn agent<B>(&self, headers: &HeaderMap) -> Result<Holder, Refusal>
    where
        U: Upstream<B>,
    {
        let (name, carrier) = if headers.contains_key(&VECTRA_AUTHORIZATION) {
            (VECTRA_AUTHORIZATION, Carrier::Vectra)
        } else {
            (header::AUTHORIZATION, Carrier::Authorization)
        };
        let token = bearer(headers, &name).ok_or_else(|| Refusal::new(Kind::MissingCredentials))?;
        match self.verified::<B>(token) {
            Ok(Verified { agent, issued_at }) => Ok(Holder {
                id: agent,
                carrier,
                issued_at,
            }),
            Err(Failure::Token(TokenError::Expired)) => Err(Refusal::new(Kind::ExpiredToken)),
            // Not in the log: anyone could fill it.
            Err(Failure::Token(TokenError::Invalid(_))) => {
                Err(Refusal::new(Kind::MissingCredentials))
            }
            Err(Failure::Refusal(refusal)) => Err(refusal),
        }
    }

    fn verified<B>(&self, token: &str) -> Result<Verified, Failure>
    where
        U: Upstream<B>,
    {
        match &self.settings.tokens.provider {
            Provider::Jwt(issuer) => self.external::<B>(token, issuer),
            Provider::SelfSigned => {
                let text = self.secret(Secret::Token)?;
                let keys = token_keys(&text)?;
                let now = self.ports.clock.now();
                Ok(token::verify(token, now, &self.settings.tokens, &keys)?)
            }
        }
    }
}

/// The keys of the gateway's own tokens.
pub(crate) fn token_keys(text: &str) -> Result<TokenKeys<'_>, Refusal> {
    TokenKeys::parse(text)
        .map_err(|error| Refusal::new(Kind::Misconfigured).internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_from_before_their_end_do_not_hold() {
        let at = |micros| Some(Timestamp::EPOCH.plus(micros));
        // issued, ended, holds
        let cases = [
            (None, None, true),
            (at(5_000), None, true),
            (None, at(5_000), false),
            (at(4_000), at(5_000), false),
            (at(5_000), at(5_000), false),
            (at(5_999), at(5_001), false),
            (at(5_000), at(5_999), false),
            (at(6_000), at(5_999), true),
        ];
        for (issued_at, tokens_not_before, expected) in cases {
            let holder = Holder {
                id: AgentId::first_at(Timestamp::EPOCH),
                carrier: Carrier::Vectra,
                issued_at,
            };
            let access = AgentAccess {
                tokens_not_before,
                ..AgentAccess::default()
            };
            let case = (issued_at, tokens_not_before);
            assert_eq!(holder.holds(&access), expected, "{case:?}");
        }
    }
}
