//! An issuer's public keys: what is of use in a JWK Set (RFC 7517 §5), and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::token::Algorithm;

/// Largest set that is read, in bytes.
pub const MAX_JWKS: usize = 256 * 1024;
/// Most keys that are kept of one.
const MAX_KEYS: usize = 64;
/// Longest id of a key, in bytes.
const MAX_ID: usize = 256;
/// Members of private and shared keys. A set that publishes one has given it away.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a set is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// No JWK Set.
    #[error("is malformed or longer than {MAX_JWKS} bytes")]
    Malformed,
}

/// Public keys that sign tokens. There may be none: so an issuer takes all of them back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwks(Vec<Jwk>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Jwk {
    id: Option<String>,
    /// The one algorithm it is for, if it says so.
    only: Option<Algorithm>,
    material: Material,
}

/// Numbers as they are written: base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    Rsa { n: String, e: String },
    P256 { x: String, y: String },
    P384 { x: String, y: String },
    Ed25519 { x: String },
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

impl Jwks {
    /// Reads a set and keeps of it the public keys that sign with one of `algorithms`.
    /// Keys that are malformed, weak or for something else are left out.
    ///
    /// # Errors
    /// [`JwksError`].
    pub fn parse(text: &str, algorithms: &[Algorithm]) -> Result<Self, JwksError> {
        if text.len() > MAX_JWKS {
            return Err(JwksError::Malformed);
        }
        let set: Set = serde_json::from_str(text).map_err(|_| JwksError::Malformed)?;
        let keys = set
            .keys
            .iter()
            .filter_map(|key| Jwk::read(key.as_object()?))
            .filter(|key| algorithms.iter().any(|algorithm| key.fits(*algorithm)))
            .take(MAX_KEYS)
            .collect();
        Ok(Self(keys))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one key of this id that signs with this algorithm; without an id, the only
    /// one that does.
    pub(crate) fn key(&self, id: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
        let mut fitting = self
            .0
            .iter()
            .filter(|key| key.fits(algorithm) && (id.is_none() || key.id.as_deref() == id));
        let key = fitting.next()?;
        match fitting.next() {
            None => key.material.decoding_key(),
            Some(_) => None,
        }
    }

    /// The set as it is kept.
    #[must_use]
    pub fn to_json(&self) -> String {
        let keys: Vec<Value> = self.0.iter().map(Jwk::to_json).collect();
        json!({ "keys": keys }).to_string()
    }
}

impl Jwk {
    fn read(key: &Map<String, Value>) -> Option<Self> {
        if PRIVATE.iter().any(|name| key.contains_key(*name)) {
            return None;
        }
        let signs = match key.get("use") {
            None => true,
            Some(purpose) => purpose == "sig",
        };
        let verifies = match key.get("key_ops") {
            None => true,
            Some(operations) => operations.as_array()?.iter().any(|one| one == "verify"),
        };
        if !signs || !verifies {
            return None;
        }
        let id = match key.get("kid") {
            None => None,
            Some(id) => Some(id.as_str().filter(|id| id.len() <= MAX_ID)?.to_owned()),
        };
        let only = match key.get("alg") {
            None => None,
            Some(name) => Some(Algorithm::named(name.as_str()?)?),
        };
        let material = Material::read(key)?;
        Some(Self { id, only, material })
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        use Algorithm as A;
        let kind = match self.material {
            Material::Rsa { .. } => {
                matches!(algorithm, A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256)
            }
            Material::P256 { .. } => algorithm == A::Es256,
            Material::P384 { .. } => algorithm == A::Es384,
            Material::Ed25519 { .. } => algorithm == A::EdDsa,
        };
        kind && self.only.is_none_or(|only| only == algorithm)
    }

    fn to_json(&self) -> Value {
        let mut key = match &self.material {
            Material::Rsa { n, e } => json!({ "kty": "RSA", "n": n, "e": e }),
            Material::P256 { x, y } => json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }),
            Material::P384 { x, y } => json!({ "kty": "EC", "crv": "P-384", "x": x, "y": y }),
            Material::Ed25519 { x } => json!({ "kty": "OKP", "crv": "Ed25519", "x": x }),
        };
        if let Some(key) = key.as_object_mut() {
            if let Some(id) = &self.id {
                key.insert("kid".to_owned(), id.as_str().into());
            }
            if let Some(only) = self.only {
                key.insert("alg".to_owned(), only.name().into());
            }
        }
        key
    }
}

impl Material {
    /// Only what the library reads without a doubt: it takes some lengths for granted.
    fn read(key: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let number = |name: &str, bytes: usize| {
            let text = text(name)?;
            let length = URL_SAFE_NO_PAD.decode(text).ok()?.len();
            (length == bytes).then(|| text.to_owned())
        };
        match (text("kty")?, text("crv")) {
            ("RSA", _) => {
                let (n, e) = (text("n")?, text("e")?);
                let strong = is_strong(&URL_SAFE_NO_PAD.decode(n).ok()?)
                    && is_exponent(&URL_SAFE_NO_PAD.decode(e).ok()?);
                strong.then(|| Self::Rsa {
                    n: n.to_owned(),
                    e: e.to_owned(),
                })
            }
            ("EC", Some("P-256")) => Some(Self::P256 {
                x: number("x", 32)?,
                y: number("y", 32)?,
            }),
            ("EC", Some("P-384")) => Some(Self::P384 {
                x: number("x", 48)?,
                y: number("y", 48)?,
            }),
            ("OKP", Some("Ed25519")) => Some(Self::Ed25519 {
                x: number("x", 32)?,
            }),
            _ => None,
        }
    }

    fn decoding_key(&self) -> Option<DecodingKey> {
        match self {
            Self::Rsa { n, e } => DecodingKey::from_rsa_components(n, e),
            Self::P256 { x, y } | Self::P384 { x, y } => DecodingKey::from_ec_components(x, y),
            Self::Ed25519 { x } => DecodingKey::from_ed_components(x),
        }
        .ok()
    }
}

/// 2,048 (RFC 7518 §3.3) to 4,096 bits, and odd.
fn is_strong(modulus: &[u8]) -> bool {
    let leading = modulus.iter().take_while(|byte| **byte == 0).count();
    let digits = modulus.get(leading..).unwrap_or_default();
    let top = digits.first().copied().unwrap_or_default();
    let large = digits.len() > 256 || (digits.len() == 256 && top >= 0x80);
    large && digits.len() <= 512 && digits.last().is_some_and(|last| last % 2 == 1)
}

/// Odd, from 3 to 2³² − 1.
fn is_exponent(bytes: &[u8]) -> bool {
    let mut value: u64 = 0;
    for byte in bytes.iter().skip_while(|byte| **byte == 0) {
        value = value.saturating_mul(256).saturating_add(u64::from(*byte));
    }
    value % 2 == 1 && (3..=u64::from(u32::MAX)).contains(&value)
}
