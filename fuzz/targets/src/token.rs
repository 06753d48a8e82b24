//! Tokens against a fixed set of keys. An input is a token, and also a header and, on
//! the next line, claims, which are then signed.
//!
//! * Nothing panics.
//! * A token is believed only if one of the keys signs it again with the same
//!   signature, and only if its claims are right.

use std::sync::LazyLock;

use crate::{OWN, Signer, TOKENS, assert_believable, member, now, part};
use vectra_api::token::{TokenKeys, verify};

/// `token_secret`: shared keys, a seed of seven, the public half of a seed of nine.
const KEYS: &str = "\
the first shared key, long enough to be one
ed25519:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc
ed25519-public:_RckOFqgx1tk-3jNYC-h2ZH96_drE8WO1wLqyDXp9hg
the second shared key, quite as long as that";
/// A key that signs, and the header it signs under.
const OURS: [(&str, Signer<'static>); 4] = [
    (
        r#"{"alg":"HS256","kid":"dd611e36247694dd","typ":"JWT"}"#,
        Signer::Shared(b"the first shared key, long enough to be one"),
    ),
    (
        r#"{"alg":"EdDSA","kid":"612f9f9df6524204","typ":"JWT"}"#,
        Signer::Ed25519([7; 32]),
    ),
    (
        r#"{"alg":"EdDSA","kid":"1a3b0b6d5e5237e3"}"#,
        Signer::Ed25519([9; 32]),
    ),
    (
        r#"{"alg":"HS256"}"#,
        Signer::Shared(b"the second shared key, quite as long as that"),
    ),
];
/// Keys of nobody, and what others have been taken for: nothing, and public keys, in
/// bytes and as they are written.
const STRANGERS: [Signer<'static>; 5] = [
    Signer::Shared(b"another shared key, long enough to be one"),
    Signer::Shared(b""),
    Signer::Shared(b"_RckOFqgx1tk-3jNYC-h2ZH96_drE8WO1wLqyDXp9hg"),
    Signer::Shared(&[
        0xfd, 0x17, 0x24, 0x38, 0x5a, 0xa0, 0xc7, 0x5b, 0x64, 0xfb, 0x78, 0xcd, 0x60, 0x2f, 0xa1,
        0xd9, 0x91, 0xfd, 0xeb, 0xf7, 0x6b, 0x13, 0xc5, 0x8e, 0xd7, 0x02, 0xea, 0xc8, 0x35, 0xe9,
        0xf6, 0x18,
    ]),
    Signer::Ed25519([8; 32]),
];

static PARSED: LazyLock<TokenKeys<'static>> = LazyLock::new(|| {
    let keys = TokenKeys::parse(KEYS).expect("these are keys");
    keys.check().expect("and the public one is a point");
    keys
});

/// What is believed at all; without it, nothing would be proved below.
static GENUINE: LazyLock<()> = LazyLock::new(|| {
    let claims = r#"{"sub":"018f4d2e-7c1b-7a3d-9e5f-0123456789ab","exp":1750000900,"iss":"vectra","aud":"vectra-agents"}"#;
    for (header, signer) in &OURS {
        let text = format!("{}.{}", part(header), part(claims));
        assert!(is_believed(&format!("{text}.{}", signer.sign(&text))));
    }
});

/// What must hold of one input.
pub fn run(input: &[u8]) {
    LazyLock::force(&GENUINE);
    if let Ok(token) = std::str::from_utf8(input) {
        is_believed(token);
    }
    let mut lines = input.splitn(2, |byte| *byte == b'\n');
    let header = lines.next().unwrap_or_default();
    let claims = lines.next().unwrap_or_default();
    let text = format!("{}.{}", part(header), part(claims));
    for (_, signer) in OURS.iter().filter(|(_, signer)| signer.fits(header)) {
        is_believed(&format!("{text}.{}", signer.sign(&text)));
    }
    for stranger in STRANGERS.iter().filter(|signer| signer.fits(header)) {
        assert!(!is_believed(&format!("{text}.{}", stranger.sign(&text))));
    }
    assert!(!is_believed(&format!("{text}.")), "it is not signed");
}

/// Whether a token is believed; what is believed must be genuine.
fn is_believed(token: &str) -> bool {
    let Ok(verified) = verify(token, now(), &TOKENS, &PARSED) else {
        return false;
    };
    let (text, signature) = token.rsplit_once('.').expect("it has a signature");
    let (header, claims) = text.split_once('.').expect("it has a header");
    assert_believable(claims, &verified, OWN, 0);
    let algorithm = member(header, "alg");
    let signed_again = OURS.iter().any(|(_, signer)| {
        let kind = match signer {
            Signer::Shared(_) => "HS256",
            Signer::Ed25519(_) | Signer::P256(_) => "EdDSA",
        };
        algorithm == kind && signer.sign(text) == signature
    });
    assert!(signed_again, "none of the keys signed it");
    true
}
