//! Who is calling: an operator by key, or an agent by token. Neither works for the
//! other.

use http::{HeaderMap, HeaderName, header};
use vectra_domain::AgentId;

use crate::gateway::Gateway;
use crate::ports::Secret;
use crate::problem::{Kind, Refusal};
use crate::token::{self, MIN_KEY, TokenError};
use crate::{secret, settings::TokenSettings};

/// Carries the agent's token so that its own `Authorization` passes upstream.
pub(crate) const VECTRA_AUTHORIZATION: HeaderName = HeaderName::from_static("vectra-authorization");

/// What every operator's key begins with.
pub(crate) const OPERATOR_PREFIX: &str = "vop_";

/// Which header carried the agent's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// `Vectra-Authorization`.
    Vectra,
    /// `Authorization`; it stays behind.
    Authorization,
}

/// The one bearer credential in a header; none if there is another number of them.
fn bearer<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, credential) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| credential.trim())
}

impl<U> Gateway<'_, U> {
    /// Passes if the caller holds an operator's key.
    pub(crate) fn operator(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let refuse = || Refusal::new(Kind::MissingCredentials);
        let key = bearer(headers, &header::AUTHORIZATION)
            .filter(|key| key.starts_with(OPERATOR_PREFIX))
            .ok_or_else(refuse)?;
        let admin = self.secret(Secret::AdminKey)?;
        if !admin.starts_with(OPERATOR_PREFIX) || admin.len() < MIN_KEY {
            let message = "`admin_key` must begin with vop_ and be at least 32 characters long";
            return Err(Refusal::new(Kind::Misconfigured).internal(message));
        }
        if secret::same(key.as_bytes(), admin.as_bytes()) {
            Ok(())
        } else {
            Err(refuse())
        }
    }

    /// The agent whose token the caller holds.
    pub(crate) fn agent(&self, headers: &HeaderMap) -> Result<(AgentId, Carrier), Refusal> {
        let (name, carrier) = if headers.contains_key(&VECTRA_AUTHORIZATION) {
            (VECTRA_AUTHORIZATION, Carrier::Vectra)
        } else {
            (header::AUTHORIZATION, Carrier::Authorization)
        };
        let token = bearer(headers, &name).ok_or_else(|| Refusal::new(Kind::MissingCredentials))?;
        let key = self.token_key()?;
        let settings: &TokenSettings = &self.settings.tokens;
        match token::verify(token, self.ports.clock.now(), settings, key.as_bytes()) {
            Ok(agent) => Ok((agent, carrier)),
            Err(TokenError::Expired) => Err(Refusal::new(Kind::ExpiredToken)),
            // Not in the log: anyone could fill it.
            Err(TokenError::Invalid(_)) => Err(Refusal::new(Kind::MissingCredentials)),
        }
    }

    /// The key that tokens are signed with.
    pub(crate) fn token_key(&self) -> Result<String, Refusal> {
        let key = self.secret(Secret::Token)?;
        if key.len() < MIN_KEY {
            let message = "`token_secret` must be at least 32 bytes long";
            return Err(Refusal::new(Kind::Misconfigured).internal(message));
        }
        Ok(key)
    }

    /// A secret; a missing one is the operator's affair, not the caller's.
    pub(crate) fn secret(&self, secret: Secret) -> Result<String, Refusal> {
        self.ports
            .secrets
            .get(secret)
            .map_err(|why| Refusal::new(Kind::Misconfigured).internal(why))
    }
}
