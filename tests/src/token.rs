//! Agent tokens as the gateway makes them (OB §5.2), and spoilt ones.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Deserialize;
use serde_json::json;

/// A token to make. What is left out is as the gateway itself would have it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mint {
    /// Name of the variable that it is kept in.
    #[serde(rename = "as")]
    pub name: String,
    /// Subject.
    pub subject: String,
    /// Seconds until it expires; negative if it has.
    #[serde(default = "a_minute")]
    pub expires_in: i64,
    /// Issuer.
    #[serde(default = "issuer")]
    pub issuer: String,
    /// Audience.
    #[serde(default = "audience")]
    pub audience: String,
    /// Key, if not the gateway's.
    pub secret: Option<String>,
    /// `HS256`, `HS512` or `none`.
    #[serde(default = "algorithm")]
    pub algorithm: String,
}

fn a_minute() -> i64 {
    60
}

fn issuer() -> String {
    "vectra".to_owned()
}

fn audience() -> String {
    "vectra-agents".to_owned()
}

fn algorithm() -> String {
    "HS256".to_owned()
}

impl Mint {
    /// Makes the token.
    ///
    /// # Errors
    /// If the algorithm is none of the named.
    pub fn token(&self, gateway_secret: &str) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let expiry = i64::try_from(now)? + self.expires_in;
        let claims = json!({
            "sub": self.subject,
            "agent_name": "minted",
            "trust_score": "0.5",
            "jti": "00000000-0000-4000-8000-000000000000",
            "exp": expiry,
            "iss": self.issuer,
            "aud": self.audience,
        });
        let secret = self.secret.as_deref().unwrap_or(gateway_secret);
        let key = EncodingKey::from_secret(secret.as_bytes());
        let sign = |algorithm| encode(&Header::new(algorithm), &claims, &key);
        match self.algorithm.as_str() {
            "HS256" => sign(Algorithm::HS256).context("cannot sign"),
            "HS512" => sign(Algorithm::HS512).context("cannot sign"),
            "none" => unsigned(&sign(Algorithm::HS256)?),
            other => anyhow::bail!("no algorithm `{other}`"),
        }
    }
}

/// The same claims under `{"alg":"none","typ":"JWT"}` and without a signature.
fn unsigned(signed: &str) -> Result<String> {
    let claims = signed
        .split('.')
        .nth(1)
        .context("a token has three parts")?;
    Ok(format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}."))
}
