//! Client secrets and digests.

use std::collections::BTreeSet;
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

/// Bytes of a secret that is made here.
pub(crate) const BYTES: usize = 32;

/// Fewest different characters of a client secret that a caller brings.
const MIN_VARIETY: usize = 5;
/// Shortest name, in characters, that such a secret must not hold.
const TELLING: usize = 4;

/// Why a client secret that a caller brings could be guessed: too few different
/// characters, or it holds one of `known` (the agent's name or id) in any case.
pub(crate) fn weakness(secret: &str, known: &[&str]) -> Option<String> {
    let variety: BTreeSet<char> = secret.chars().collect();
    if variety.len() < MIN_VARIETY {
        return Some(format!(
            "must hold at least {MIN_VARIETY} different characters"
        ));
    }
    let secret = secret.to_lowercase();
    let told =
        |text: &&&str| text.chars().count() >= TELLING && secret.contains(&text.to_lowercase());
    known
        .iter()
        .find(told)
        .map(|_| "must not hold the agent's name or id".to_owned())
}

/// A new client secret: 32 random bytes, base64url.
pub(crate) fn generate(random: &dyn Random) -> String {
    let mut bytes = [0; BYTES];
    random.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// bcrypt of a secret.
///
/// # Errors
/// A message for the log if the cost is out of bounds or the secret too long.
pub(crate) fn hash(secret: &str, cost: u32, random: &dyn Random) -> Result<String, String> {
    if secret.len() > MAX_LENGTH {
        return Err(format!("a secret is longer than {MAX_LENGTH} bytes"));
    }
    let mut salt = [0; 16];
    random.fill(&mut salt);
    // The library's own check refuses 72 bytes too.
    bcrypt::hash_with_salt(secret, cost, salt)
        .map(|parts| parts.to_string())
        .map_err(|error| error.to_string())
}

/// Whether `secret` is what `hash` was made of; false for a hash that is none. A secret
/// that can be none, empty or longer than bcrypt reads, takes the same time.
pub(crate) fn verify(secret: &str, hash: &str) -> bool {
    let same = bcrypt::verify(secret, hash).unwrap_or(false);
    same && (1..=MAX_LENGTH).contains(&secret.len())
}

/// Whether `hash` is one of bcrypt's, so that it takes time to verify against it.
pub(crate) fn is_hash(hash: &str) -> bool {
    hash.parse::<bcrypt::HashParts>().is_ok()
}

/// SHA-256 as hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as hexadecimal, lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Compares in a time that does not depend on where they differ.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    Sha256::digest(left).ct_eq(&Sha256::digest(right)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_guessed_is_weak() {
        let cases = [
            ("aaaaaaaaaaaaaaaa", false),
            ("abcdabcdabcdabcd", false),
            ("abcdeabcdeabcdea", true),
            ("my-Robot-is-the-best", false),
            ("01234567-89ab-cdef", false),
            // A name this short is in many secrets.
            ("a secret of its own", true),
        ];
        for (secret, strong) in cases {
            let known = ["robot", "01234567-89AB", "of"];
            assert_eq!(weakness(secret, &known).is_none(), strong, "{secret}");
        }
    }
}
