//! What only the gateway can read or write: AEAD and seals under `data_key`.
//!
//! `data_key` holds one key per line; the first one seals, all of them open. So keys are
//! rotated by a new first line, and an old line goes when nothing is left that names it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::gateway::Gateway;
use crate::ports::{Secret, Secrets};
use crate::problem::{Kind, Refusal};
use crate::secret::sha256_hex;

/// Bytes of a key and of a nonce.
const KEY: usize = 32;
const NONCE: usize = 24;
/// Most keys there may be.
const MAX_KEYS: usize = 16;
/// Characters of a key's name.
const NAME: usize = 16;

/// Why something cannot be sealed or opened. Never shows a key or what is sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealError {
    /// The secret cannot be had, or is none.
    #[error("{0}")]
    Key(String),
    /// The key it was sealed with is not among those there are.
    #[error("it is sealed with the key {0}, which `data_key` does not hold")]
    UnknownKey(String),
    /// It was changed, or belongs to something else.
    #[error("it has been changed since it was sealed")]
    Broken,
}

impl From<SealError> for Refusal {
    fn from(error: SealError) -> Self {
        Self::new(Kind::Misconfigured).internal(error.to_string())
    }
}

/// Something sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// Names the key.
    pub(crate) key_id: String,
    /// Nonce, ciphertext and tag.
    pub(crate) bytes: Vec<u8>,
}

/// The keys of `data_key`.
pub(crate) struct DataKeys(Vec<[u8; KEY]>);

impl DataKeys {
    /// Reads the secret.
    ///
    /// # Errors
    /// [`SealError::Key`] if it cannot be had or a line is no key.
    pub(crate) fn read(secrets: &dyn Secrets) -> Result<Self, SealError> {
        let text = secrets.get(Secret::DataKey).map_err(SealError::Key)?;
        let wrong = |why: &str| SealError::Key(why.to_owned());
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys: Vec<[u8; KEY]> = lines
            .map(|line| STANDARD.decode(line).ok()?.try_into().ok())
            .collect::<Option<_>>()
            .ok_or_else(|| wrong("each line of `data_key` must be the base64 of 32 bytes"))?;
        match keys.len() {
            0 => Err(wrong("`data_key` is empty")),
            1..=MAX_KEYS => Ok(Self(keys)),
            _ => Err(wrong("`data_key` has more than 16 lines")),
        }
    }

    fn first(&self) -> &[u8; KEY] {
        self.0.first().unwrap_or(&[0; KEY])
    }

    /// Encrypts; `associated` says what it is bound to and must be given again to open it.
    pub(crate) fn seal(
        &self,
        nonce: [u8; NONCE],
        plain: &[u8],
        associated: &[u8],
    ) -> Result<Sealed, SealError> {
        let key = self.first();
        let sealed = XChaCha20Poly1305::new(key.into())
            .encrypt(&XNonce::from(nonce), payload(plain, associated))
            .map_err(|_| SealError::Key("it could not be encrypted".to_owned()))?;
        Ok(Sealed {
            key_id: key_id(key),
            bytes: [nonce.as_slice(), &sealed].concat(),
        })
    }

    /// Decrypts.
    ///
    /// # Errors
    /// [`SealError`] if the key is not there, or anything was changed.
    pub(crate) fn open(
        &self,
        named: &str,
        sealed: &[u8],
        associated: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let key = self.named(named)?;
        let (nonce, text) = sealed
            .split_first_chunk::<NONCE>()
            .ok_or(SealError::Broken)?;
        XChaCha20Poly1305::new(key.into())
            .decrypt(&XNonce::from(*nonce), payload(text, associated))
            .map_err(|_| SealError::Broken)
    }

    fn named(&self, named: &str) -> Result<&[u8; KEY], SealError> {
        let mut keys = self.0.iter();
        keys.find(|key| key_id(key) == named)
            .ok_or_else(|| SealError::UnknownKey(named.chars().take(NAME).collect()))
    }

    /// A seal on a message: HMAC-SHA-256 under a key derived for `purpose`, hexadecimal,
    /// after the name of the key.
    pub(crate) fn mark(&self, purpose: &str, message: &[u8]) -> String {
        mark(self.first(), purpose, message)
    }

    /// Whether a seal was made with a key that is not among these: then nothing can be said
    /// of it.
    pub(crate) fn lacks_key_of(&self, seal: &str) -> bool {
        let named = seal.split(':').next().unwrap_or_default();
        named.len() == NAME && self.named(named).is_err()
    }

    /// Whether a seal is on this message.
    pub(crate) fn has_marked(&self, purpose: &str, message: &[u8], seal: &str) -> bool {
        let named = seal.split(':').next().unwrap_or_default();
        let Ok(key) = self.named(named) else {
            return false;
        };
        let expected = mark(key, purpose, message);
        subtle::ConstantTimeEq::ct_eq(expected.as_bytes(), seal.as_bytes()).into()
    }
}

fn payload<'a>(msg: &'a [u8], aad: &'a [u8]) -> Payload<'a, 'a> {
    Payload { msg, aad }
}

/// The name of a key: it tells nothing of it.
fn key_id(key: &[u8; KEY]) -> String {
    sha256_hex(key).chars().take(NAME).collect()
}

fn mark(key: &[u8; KEY], purpose: &str, message: &[u8]) -> String {
    let derived = hmac(key, &[purpose.as_bytes()]);
    let seal: String = hmac(&derived, &[message])
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{}:{seal}", key_id(key))
}

/// HMAC-SHA-256 (RFC 2104).
pub(crate) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; KEY] {
    // Keys of any length are keys.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key) else {
        return [0; KEY];
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

impl<U> Gateway<'_, U> {
    /// The keys that held requests and credentials are sealed with.
    pub(crate) fn data_keys(&self) -> Result<DataKeys, SealError> {
        DataKeys::read(self.ports.secrets)
    }

    /// Encrypts with the first key and a fresh nonce.
    pub(crate) fn seal(&self, plain: &[u8], associated: &[u8]) -> Result<Sealed, SealError> {
        let mut nonce = [0; NONCE];
        self.ports.random.fill(&mut nonce);
        self.data_keys()?.seal(nonce, plain, associated)
    }
}
