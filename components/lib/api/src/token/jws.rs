//! A token taken apart: JWS in its compact form (RFC 7515 §7.1), read by rules that do
//! not depend on what the token says of itself.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, VerifyingKey};
use jsonwebtoken::{AlgorithmFamily, DecodingKey};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

use super::claims::Claims;
use super::{Algorithm, TokenError};

/// Longest token that is looked at, in bytes.
pub const MAX_LENGTH: usize = 8 * 1024;

/// A token whose signature is not checked yet.
#[derive(Debug)]
pub struct Unverified<'t> {
    /// What it says it is signed with.
    pub(crate) algorithm: Algorithm,
    /// Which key it says it is signed with.
    pub(crate) key_id: Option<String>,
    /// What it says.
    pub(crate) claims: Claims,
    signed: &'t [u8],
    signature: &'t str,
}

impl<'t> Unverified<'t> {
    /// Takes a token apart. `types` are those its header may name (RFC 8725 §3.11);
    /// naming none is allowed.
    ///
    /// # Errors
    /// [`TokenError::Invalid`].
    pub fn parse(token: &'t str, types: &[&str]) -> Result<Self, TokenError> {
        if token.len() > MAX_LENGTH {
            return Err(TokenError::Invalid("it is too long"));
        }
        let malformed = || TokenError::Invalid("it is not a well-formed token");
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
        if claims.contains('.') {
            return Err(malformed());
        }
        let header = Members::decode(header).ok_or_else(malformed)?;
        let claims = Members::decode(claims).ok_or_else(malformed)?;
        let algorithm = header
            .text("alg")?
            .and_then(Algorithm::named)
            .ok_or(TokenError::Invalid("the algorithm is not supported"))?;
        // Extensions that must be understood are not: there are none that we know.
        if header.get("crit").is_some() {
            return Err(TokenError::Invalid("it has critical extensions"));
        }
        if let Some(kind) = header.text("typ")?
            && !is_one_of(kind, types)
        {
            return Err(TokenError::Invalid("it is a token of another type"));
        }
        Ok(Self {
            algorithm,
            key_id: header.text("kid")?.map(str::to_owned),
            claims: Claims::new(claims),
            signed: signed.as_bytes(),
            signature,
        })
    }

    /// Whether this key signed it. A key of another kind than the token's algorithm
    /// never did.
    pub(crate) fn is_signed_by(&self, key: &DecodingKey) -> bool {
        if self.algorithm == Algorithm::EdDsa {
            return self.is_strictly_signed_by(key).unwrap_or(false);
        }
        let algorithm = self.algorithm.library();
        jsonwebtoken::crypto::verify(self.signature, self.signed, key, algorithm).unwrap_or(false)
    }
}

impl Unverified<'_> {
    /// Ed25519 by its strict rules: the library's are lenient, and believe what anyone
    /// can make for a key of the curve's small group.
    fn is_strictly_signed_by(&self, key: &DecodingKey) -> Option<bool> {
        if key.family() != AlgorithmFamily::Ed {
            return None;
        }
        let key = key.try_get_as_bytes().ok()?.try_into().ok()?;
        let key = VerifyingKey::from_bytes(key).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(self.signature).ok()?;
        let signature = Signature::from_slice(&signature).ok()?;
        Some(key.verify_strict(self.signed, &signature).is_ok())
    }
}

/// `application/` may be left out, and case does not matter (RFC 7515 §4.1.9).
fn is_one_of(kind: &str, types: &[&str]) -> bool {
    let kind = kind.to_ascii_lowercase();
    let short = kind.strip_prefix("application/").unwrap_or(&kind);
    types.iter().any(|known| known.eq_ignore_ascii_case(short))
}

/// The members of a JSON object, each of which appears once.
#[derive(Debug)]
pub(crate) struct Members(BTreeMap<String, Value>);

impl Members {
    fn decode(part: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A member that is a text or not there.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, TokenError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(TokenError::Invalid("a member is not a text")),
        }
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;

        impl<'de> Visitor<'de> for Once {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member appears twice"));
                    }
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Once)
    }
}
