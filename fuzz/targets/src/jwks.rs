//! JWK Sets, and tokens checked with them. An input is a header, claims and a signature,
//! a line each, and a set behind them.
//!
//! * Nothing panics.
//! * A set that is kept and read again is the same.
//! * A token is believed only if a key of ours signed it whose public half is in the
//!   set, and only if its claims are right.

use std::sync::LazyLock;

use crate::{EXTERNAL, ISSUER, Signer, assert_believable, now, part, text};
use serde_json::Value;
use vectra_api::issuer::{Jwks, verify};
use vectra_api::token::Algorithm;

/// Seconds that clocks may differ.
const SKEW: i64 = 30;
/// What signs, and `x` of its public half.
const OURS: [(Signer<'static>, &str); 2] = [
    (
        Signer::Ed25519([7; 32]),
        "6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw",
    ),
    (
        Signer::P256([5; 32]),
        "B4EOqXTOpXc-Y7iX83476aCeel_puXGkTRBlrCo6kxE",
    ),
];

/// What is believed at all; without it, nothing would be proved below.
static GENUINE: LazyLock<()> = LazyLock::new(|| {
    let set = r#"{"keys":[
        {"kty":"OKP","crv":"Ed25519","kid":"a","x":"6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw"},
        {"kty":"EC","crv":"P-256","kid":"b","x":"B4EOqXTOpXc-Y7iX83476aCeel_puXGkTRBlrCo6kxE",
         "y":"Y35HpPmUZKD9zkSojsfXA6kYPB0GVS2eLWt2BpSBxXc"}]}"#;
    let keys = Jwks::parse(set, &Algorithm::EXTERNAL).expect("these are keys");
    let claims = r#"{"sub":"018f4d2e-7c1b-7a3d-9e5f-0123456789ab","exp":1750000900,"iss":"https://issuer.example","aud":"vectra"}"#;
    let headers = [
        r#"{"alg":"EdDSA","kid":"a"}"#,
        r#"{"alg":"ES256","kid":"b"}"#,
    ];
    for (header, (signer, _)) in headers.iter().zip(&OURS) {
        let text = format!("{}.{}", part(header), part(claims));
        let token = format!("{text}.{}", signer.sign(&text));
        verify(&token, now(), &ISSUER, &keys).expect("a genuine token");
    }
});

/// What must hold of one input; of one that is not text, of its beginning that is.
pub fn run(input: &[u8]) {
    let input = text(input);
    LazyLock::force(&GENUINE);
    let mut lines = input.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (header, claims, signature, set) = (line(), line(), line(), line());
    let _ = Jwks::parse(input, &[Algorithm::EdDsa]);
    let Ok(keys) = Jwks::parse(set, &Algorithm::EXTERNAL) else {
        return;
    };
    let kept = Jwks::parse(&keys.to_json(), &Algorithm::EXTERNAL);
    assert_eq!(kept.as_ref(), Ok(&keys));

    let text = format!("{}.{}", part(header), part(claims));
    let fitting = OURS
        .iter()
        .filter(|(signer, _)| signer.fits(header.as_bytes()));
    let ours: Vec<_> = fitting.map(|(signer, x)| (signer.sign(&text), x)).collect();
    for (signature, x) in &ours {
        if let Ok(verified) = verify(&format!("{text}.{signature}"), now(), &ISSUER, &keys) {
            assert!(holds(set, x), "the key is not in the set");
            assert_believable(&part(claims), &verified, EXTERNAL, SKEW);
        }
    }
    // Nobody's signature; and a public key taken for a shared one.
    let forged = OURS.map(|(_, x)| Signer::Shared(x.as_bytes()).sign(&text));
    let others = [signature, &part(signature), "", &forged[0], &forged[1]];
    for signature in others {
        if ours.iter().all(|(ours, _)| ours != signature) {
            let token = format!("{text}.{signature}");
            assert!(
                verify(&token, now(), &ISSUER, &keys).is_err(),
                "nobody signed it"
            );
        }
    }
}

fn holds(set: &str, x: &str) -> bool {
    let set: Value = serde_json::from_str(set).expect("a set is JSON");
    let keys = set["keys"].as_array().expect("a set has keys");
    keys.iter().any(|key| key["x"] == x)
}
