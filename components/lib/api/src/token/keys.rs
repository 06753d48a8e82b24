//! The keys of the gateway's own tokens: the secret variable `token_secret`.
//!
//! One key per line. The first that can sign signs, all verify: so a key is rotated by
//! putting the new one above the old one, and taking the old one away when its last
//! token has expired.

use std::fmt::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Algorithm, MIN_KEY, Unverified};

/// Most keys there may be.
const MAX_KEYS: usize = 16;
/// What every line of an Ed25519 key begins with, in any case: so that no slip of the
/// pen makes a public key a shared one.
const ED25519: &str = "ed25519";
const SEED: &str = "ed25519:";
const PUBLIC: &str = "ed25519-public:";
/// Separates the ids of keys from all else that is made of them, and the kinds from
/// each other. Of this length, they and a key of 43 characters fit one block.
const SHARED_ID: &[u8; 12] = b"vectra-hs256";
const PUBLIC_ID: &[u8; 12] = b"vectra-eddsa";

/// A line that is no key. Never shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of `token_secret` {fault}")]
pub struct KeyError {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: KeyFault,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// A shared key of less than [`MIN_KEY`] bytes, white space at its ends not counted.
    #[error("is shorter than {MIN_KEY} bytes")]
    Short,
    /// Neither `ed25519:` nor `ed25519-public:` with 32 bytes.
    #[error("must be `ed25519:` or `ed25519-public:` and 32 bytes in base64")]
    Form,
    /// Not a point of the curve, or one of a small group.
    #[error("is not an Ed25519 public key")]
    Point,
    /// More than there may be.
    #[error("is one key too many: {MAX_KEYS} are the most")]
    TooMany,
    /// No key at all.
    #[error("must be a key, and there is none")]
    Missing,
}

enum Key<'t> {
    Shared(&'t str),
    Seed([u8; 32]),
    Public([u8; 32]),
}

/// The keys, in the order of their lines.
pub struct TokenKeys<'t> {
    keys: Vec<(usize, Key<'t>)>,
}

/// Shows how many there are and nothing of them.
impl fmt::Debug for TokenKeys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys", self.keys.len())
    }
}

impl<'t> TokenKeys<'t> {
    /// Reads the lines. Cheap, since every request does it: points are checked by
    /// [`TokenKeys::check`].
    ///
    /// # Errors
    /// [`KeyError`] for the first line that is no key.
    pub fn parse(text: &'t str) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            if text.trim().is_empty() {
                continue;
            }
            let fail = |fault| KeyError { line, fault };
            if keys.len() == MAX_KEYS {
                return Err(fail(KeyFault::TooMany));
            }
            keys.push((line, read(text).map_err(fail)?));
        }
        match keys.is_empty() {
            true => Err(KeyError {
                line: 1,
                fault: KeyFault::Missing,
            }),
            false => Ok(Self { keys }),
        }
    }

    /// Looks at what `parse` leaves: that public keys are points of the curve, and of
    /// its large group.
    ///
    /// # Errors
    /// [`KeyError`] for the first that is not.
    pub fn check(&self) -> Result<(), KeyError> {
        for (line, key) in &self.keys {
            let Key::Public(bytes) = key else { continue };
            let point = VerifyingKey::from_bytes(bytes).ok();
            if point.is_none_or(|point| point.is_weak()) {
                let fault = KeyFault::Point;
                return Err(KeyError { line: *line, fault });
            }
        }
        Ok(())
    }

    /// Whether one of the keys signed the token: the one it names, of the kind of its
    /// algorithm. Tokens that name none were made before keys had ids, when all were
    /// shared ones.
    pub(super) fn signed(&self, token: &Unverified<'_>) -> bool {
        match token.algorithm {
            Algorithm::Hs256 => self.shared_signed(token),
            Algorithm::EdDsa => self.public().any(|key| {
                token.key_id.as_deref() == Some(id(PUBLIC_ID, &key).as_str())
                    && token.is_signed_by(&DecodingKey::from_ed_der(&key))
            }),
            _ => false,
        }
    }

    fn shared_signed(&self, token: &Unverified<'_>) -> bool {
        let only = self.shared().count() == 1;
        self.shared().any(|key| {
            // Of one key the signature alone tells, and its id need not be computed.
            let named = only
                || token
                    .key_id
                    .as_deref()
                    .is_none_or(|named| named == id(SHARED_ID, key.as_bytes()));
            named && token.is_signed_by(&DecodingKey::from_secret(key.as_bytes()))
        })
    }

    fn shared(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(|(_, key)| match key {
            Key::Shared(secret) => Some(*secret),
            Key::Seed(_) | Key::Public(_) => None,
        })
    }

    fn public(&self) -> impl Iterator<Item = [u8; 32]> {
        self.keys.iter().filter_map(|(_, key)| match key {
            Key::Shared(_) => None,
            Key::Seed(seed) => Some(SigningKey::from_bytes(seed).verifying_key().to_bytes()),
            Key::Public(bytes) => Some(*bytes),
        })
    }

    /// Signs claims with the first key that can.
    pub(super) fn sign(&self, claims: &Value) -> Result<String, String> {
        for (_, key) in &self.keys {
            match key {
                Key::Public(_) => {}
                Key::Shared(secret) => {
                    let text =
                        unsigned(Algorithm::Hs256, &id(SHARED_ID, secret.as_bytes()), claims);
                    let key = EncodingKey::from_secret(secret.as_bytes());
                    let algorithm = Algorithm::Hs256.library();
                    let signature = jsonwebtoken::crypto::sign(text.as_bytes(), &key, algorithm)
                        .map_err(|error| error.to_string())?;
                    return Ok(format!("{text}.{signature}"));
                }
                Key::Seed(seed) => {
                    let key = SigningKey::from_bytes(seed);
                    let id = id(PUBLIC_ID, key.verifying_key().as_bytes());
                    let text = unsigned(Algorithm::EdDsa, &id, claims);
                    let signature = key.sign(text.as_bytes()).to_bytes();
                    let signature = URL_SAFE_NO_PAD.encode(signature);
                    return Ok(format!("{text}.{signature}"));
                }
            }
        }
        Err("no key in `token_secret` signs: all of them only verify".to_owned())
    }
}

fn read(line: &str) -> Result<Key<'_>, KeyFault> {
    let trimmed = line.trim();
    let lower = trimmed.get(..ED25519.len());
    if lower.is_some_and(|start| start.eq_ignore_ascii_case(ED25519)) {
        let decode = |text: &str| {
            let text = text.trim().replace('+', "-").replace('/', "_");
            EITHER.decode(text).ok()?.try_into().ok()
        };
        let key = match (trimmed.strip_prefix(SEED), trimmed.strip_prefix(PUBLIC)) {
            (Some(seed), _) => decode(seed).map(Key::Seed),
            (_, Some(public)) => decode(public).map(Key::Public),
            (None, None) => None,
        };
        return key.ok_or(KeyFault::Form);
    }
    if trimmed.len() < MIN_KEY {
        return Err(KeyFault::Short);
    }
    Ok(Key::Shared(line))
}

/// base64url with or without padding.
const EITHER: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// 16 hexadecimal characters of a digest. Of a shared key they give away no more than
/// any token signed with it does: both let a guess be checked, so it must not be
/// guessable.
fn id(domain: &[u8; 12], key: &[u8]) -> String {
    let digest = Sha256::new()
        .chain_update(domain)
        .chain_update(key)
        .finalize();
    let mut text = String::with_capacity(16);
    for byte in digest.iter().take(8) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn unsigned(algorithm: Algorithm, key_id: &str, claims: &Value) -> String {
    let header = json!({ "alg": algorithm.name(), "kid": key_id, "typ": "JWT" });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(&header), part(claims))
}
