//! Client secrets and digests.

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::ports::Random;

/// Shortest client secret a caller may bring, in characters.
pub(crate) const MIN_LENGTH: usize = 16;
/// Longest one: bcrypt reads no further, in bytes.
pub(crate) const MAX_LENGTH: usize = 72;

/// A hash of `cost` of nothing anyone knows, so that an unknown agent costs as much
/// time as a known one.
pub(crate) fn nobody(cost: u32) -> String {
    format!("$2b${cost:02}$Qv1pUJmMZzG7W0sWkYI7DuNpCgnbNcSxYyGmTQaTqEwDgGvCqfZ3e")
}

/// A new client secret: 32 random bytes, base64url.
pub(crate) fn generate(random: &dyn Random) -> String {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// bcrypt of a secret.
///
/// # Errors
/// A message for the log if the cost is out of bounds or the secret too long.
pub(crate) fn hash(secret: &str, cost: u32, random: &dyn Random) -> Result<String, String> {
    let mut salt = [0; 16];
    random.fill(&mut salt);
    bcrypt::non_truncating_hash_with_salt(secret, cost, salt)
        .map(|parts| parts.to_string())
        .map_err(|error| error.to_string())
}

/// Whether `secret` is what `hash` was made of; false for a hash that is none.
pub(crate) fn verify(secret: &str, hash: &str) -> bool {
    bcrypt::non_truncating_verify(secret, hash).unwrap_or(false)
}

/// SHA-256 as hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Compares in a time that does not depend on where they differ.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    Sha256::digest(left).ct_eq(&Sha256::digest(right)).into()
}
