//! The fuzz targets, and what they share: a time, settings, and signers of tokens that owe
//! nothing to the code under test. Each module says what an input is and what must hold for
//! every one.

pub mod connection_string;
pub mod deciding;
pub mod intent_text;
pub mod jwks;
pub mod path_marks;
pub mod policy;
pub mod policy_code;
pub mod target;
pub mod token;
pub mod token_keys;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use vectra_api::settings::{IssuerSettings, KeySource, Provider, TokenSettings};
use vectra_api::token::{Algorithm, Verified};
use vectra_domain::{AgentId, Timestamp};

/// `iss` and `aud` of the gateway's own tokens.
pub const OWN: (&str, &str) = ("vectra", "vectra-agents");
/// `iss` and `aud` of an external issuer's.
pub const EXTERNAL: (&str, &str) = ("https://issuer.example", "vectra");
/// It is always this late, in seconds since 1970.
pub const NOW: i64 = 1_750_000_000;

/// Now.
pub fn now() -> Timestamp {
    Timestamp::from_micros(NOW * Timestamp::SECOND).expect("a time within the range")
}

/// Settings of the gateway's own tokens.
pub static TOKENS: LazyLock<TokenSettings> = LazyLock::new(|| TokenSettings {
    issuer: OWN.0.to_owned(),
    audience: OWN.1.to_owned(),
    lifetime: 900,
    bcrypt_cost: 4,
    provider: Provider::SelfSigned,
    lockout: None,
    concurrent: 2,
});

/// Settings of an external issuer with every algorithm there is.
pub static ISSUER: LazyLock<IssuerSettings> = LazyLock::new(|| IssuerSettings {
    authority: EXTERNAL.0.to_owned(),
    audience: EXTERNAL.1.to_owned(),
    keys: KeySource::Jwks("https://issuer.example/keys".to_owned()),
    algorithms: Algorithm::EXTERNAL.to_vec(),
});

/// Something that signs.
pub enum Signer<'k> {
    /// HMAC with SHA-256.
    Shared(&'k [u8]),
    /// Ed25519, by its seed.
    Ed25519([u8; 32]),
    /// ECDSA on P-256, by its scalar.
    P256([u8; 32]),
}

impl Signer<'_> {
    /// Whether a header may name its algorithm; signing for nothing is slow.
    pub fn fits(&self, header: &[u8]) -> bool {
        let name: &[u8] = match self {
            Self::Shared(_) => return true,
            Self::Ed25519(_) => b"EdDSA",
            Self::P256(_) => b"ES256",
        };
        header.windows(name.len()).any(|part| part == name)
    }

    /// The signature of a text as it stands in a token. Each is always the same.
    pub fn sign(&self, text: &str) -> String {
        let text = text.as_bytes();
        match self {
            Self::Shared(key) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("keys of any length do");
                mac.update(text);
                part(mac.finalize().into_bytes())
            }
            Self::Ed25519(seed) => {
                let key = ed25519_dalek::SigningKey::from_bytes(seed);
                part(key.sign(text).to_bytes())
            }
            Self::P256(scalar) => {
                let key = p256::ecdsa::SigningKey::from_slice(scalar).expect("a scalar");
                let signature: p256::ecdsa::Signature = key.sign(text);
                part(signature.to_bytes())
            }
        }
    }
}

/// A target's name, and what must hold of one input.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 9] = [
    ("connection_string", connection_string::run),
    ("intent_text", intent_text::run),
    ("jwks", jwks::run),
    ("path_marks", path_marks::run),
    ("policy", policy::run),
    ("policy_code", policy_code::run),
    ("target", target::run),
    ("token", token::run),
    ("token_keys", token_keys::run),
];

/// The beginning of an input that is text.
pub fn text(input: &[u8]) -> &str {
    match std::str::from_utf8(input) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&input[..error.valid_up_to()]).unwrap_or_default(),
    }
}

/// A part of a token.
pub fn part(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What comes of a part of a token: the member of this name.
pub fn member(part: &str, name: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(part).expect("a part of a token");
    let part: Value = serde_json::from_slice(&bytes).expect("a part of a token is JSON");
    part[name].clone()
}

/// What every token that is believed says, whoever made it.
pub fn assert_believable(
    claims: &str,
    verified: &Verified,
    (issuer, audience): (&str, &str),
    skew: i64,
) {
    assert_eq!(member(claims, "iss"), issuer);
    let subject: AgentId = member(claims, "sub")
        .as_str()
        .and_then(|subject| subject.parse().ok())
        .expect("it stands for an agent");
    assert_eq!(subject, verified.agent);
    let meant = match member(claims, "aud") {
        Value::Array(many) => many.iter().any(|one| one == audience),
        one => one == audience,
    };
    assert!(meant, "another audience");
    let expires = member(claims, "exp").as_f64().expect("it expires");
    assert!(
        expires + skew as f64 > NOW as f64 - 0.001,
        "its time is over"
    );
}
