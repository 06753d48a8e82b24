//! Agents' tokens: HS256 JWTs as OB §5.2 has them, with a clock skew of 0.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use vectra_domain::{Agent, AgentId, Timestamp};

use crate::settings::TokenSettings;

/// Shortest signing key, in bytes (RFC 7518 §3.2).
pub(crate) const MIN_KEY: usize = 32;

/// Why a token is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenError {
    /// Its time is over.
    Expired,
    /// Anything else; the text is for the log and holds nothing of the token.
    Invalid(&'static str),
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    agent_name: String,
    #[serde(default)]
    trust_score: String,
    #[serde(default)]
    jti: String,
    exp: i64,
    iss: String,
    aud: String,
}

/// Makes a token for `agent`; returns it with the time it expires.
///
/// # Errors
/// A message for the log if the key does not sign.
pub(crate) fn issue(
    agent: &Agent,
    id: uuid::Uuid,
    now: Timestamp,
    settings: &TokenSettings,
    key: &[u8],
) -> Result<(String, Timestamp), String> {
    let expires = now.plus(settings.lifetime.saturating_mul(Timestamp::SECOND));
    let claims = Claims {
        sub: agent.id.to_string(),
        agent_name: agent.name.clone(),
        trust_score: agent.trust_score.get().to_string(),
        jti: id.to_string(),
        exp: expires.seconds(),
        iss: settings.issuer.clone(),
        aud: settings.audience.clone(),
    };
    jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        &claims,
        &EncodingKey::from_secret(key),
    )
    .map(|token| (token, expires.floor(Timestamp::SECOND)))
    .map_err(|error| error.to_string())
}

/// Checks a token and returns the agent it stands for.
pub(crate) fn verify(
    token: &str,
    now: Timestamp,
    settings: &TokenSettings,
    key: &[u8],
) -> Result<AgentId, TokenError> {
    let mut validation = Validation::new(Algorithm::HS256);
    // The time is compared below: nothing here reads a clock.
    validation.validate_exp = false;
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[&settings.issuer]);
    validation.set_audience(&[&settings.audience]);
    let claims = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(key), &validation)
        .map_err(|error| TokenError::Invalid(cause(error.kind())))?
        .claims;
    if claims.exp <= now.seconds() {
        return Err(TokenError::Expired);
    }
    claims
        .sub
        .parse()
        .map_err(|_| TokenError::Invalid("the subject is not an agent's id"))
}

const fn cause(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidSignature => "the signature is wrong",
        ErrorKind::InvalidAlgorithm => "the algorithm is not HS256",
        ErrorKind::InvalidIssuer => "the issuer is another",
        ErrorKind::InvalidAudience => "the audience is another",
        ErrorKind::MissingRequiredClaim(_) => "a claim is missing",
        _ => "it is not a well-formed token",
    }
}

#[cfg(test)]
mod tests {
    use vectra_domain::{AgentStatus, TrustScore};

    use super::*;

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn settings() -> TokenSettings {
        TokenSettings {
            issuer: "vectra".to_owned(),
            audience: "vectra-agents".to_owned(),
            lifetime: 900,
            bcrypt_cost: 4,
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * Timestamp::SECOND).unwrap()
    }

    fn agent() -> Agent {
        Agent {
            id: "018f4d2e-7c1b-7a3d-9e5f-0123456789ab".parse().unwrap(),
            name: "robot".to_owned(),
            owner_id: None,
            status: AgentStatus::Active,
            policy_name: None,
            client_secret_hash: String::new(),
            trust_score: TrustScore::INITIAL,
            created_at: at(0),
            updated_at: None,
        }
    }

    #[test]
    fn a_token_holds_until_its_last_second() {
        let (token, expires) =
            issue(&agent(), uuid::Uuid::nil(), at(1_000), &settings(), KEY).unwrap();
        assert_eq!(expires, at(1_900));
        assert_eq!(verify(&token, at(1_899), &settings(), KEY), Ok(agent().id));
        assert_eq!(
            verify(&token, at(1_900), &settings(), KEY),
            Err(TokenError::Expired)
        );
    }

    #[test]
    fn refuses_other_keys_issuers_audiences_and_algorithms() {
        let (token, _) = issue(&agent(), uuid::Uuid::nil(), at(0), &settings(), KEY).unwrap();
        let other = TokenSettings {
            issuer: "x".to_owned(),
            ..settings()
        };
        assert!(verify(&token, at(1), &other, KEY).is_err());
        let other = TokenSettings {
            audience: "x".to_owned(),
            ..settings()
        };
        assert!(verify(&token, at(1), &other, KEY).is_err());
        assert!(
            verify(
                &token,
                at(1),
                &settings(),
                b"another key, long enough to be one"
            )
            .is_err()
        );
        let claims = token.split('.').nth(1).unwrap();
        let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
        assert!(verify(&none, at(1), &settings(), KEY).is_err());
        assert!(verify("a.b.c", at(1), &settings(), KEY).is_err());
        assert!(verify("", at(1), &settings(), KEY).is_err());
    }
}
