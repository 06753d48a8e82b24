//! Tokens that another program signed (OpenSSL 3.0), one of each algorithm.

use serde_json::{Value, json};
use vectra_api::issuer::{Jwks, verify};
use vectra_api::settings::{IssuerSettings, KeySource};
use vectra_api::token::{Algorithm, TokenError};
use vectra_domain::Timestamp;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

fn issuer(algorithms: &[Algorithm]) -> IssuerSettings {
    IssuerSettings {
        authority: "https://login.example.com/".to_owned(),
        audience: "vectra".to_owned(),
        keys: KeySource::Jwks(String::new()),
        algorithms: algorithms.to_vec(),
    }
}

fn now() -> Timestamp {
    Timestamp::EPOCH.plus(1_700_050_000 * Timestamp::SECOND)
}

fn tokens() -> Vec<(Algorithm, String)> {
    let vectors = vectors();
    let token = |algorithm: Algorithm| {
        vectors["tokens"][algorithm.name()]
            .as_str()
            .unwrap()
            .to_owned()
    };
    Algorithm::EXTERNAL
        .map(|algorithm| (algorithm, token(algorithm)))
        .to_vec()
}

fn check(token: &str, algorithms: &[Algorithm], jwks: &Value) -> Result<String, TokenError> {
    let issuer = issuer(algorithms);
    let keys =
        Jwks::parse(&jwks.to_string(), algorithms).map_err(|_| TokenError::Invalid("no keys"))?;
    verify(token, now(), &issuer, &keys).map(|verified| verified.agent.to_string())
}

#[test]
fn every_algorithm_verifies_what_others_sign() {
    let jwks = vectors()["jwks"].clone();
    for (algorithm, token) in tokens() {
        let agent = check(&token, &Algorithm::EXTERNAL, &jwks).unwrap();
        assert_eq!(
            agent, "018f4d2e-7c1b-7a3d-9e5f-0123456789ab",
            "{algorithm:?}"
        );
        let kept = Jwks::parse(&jwks.to_string(), &[algorithm])
            .unwrap()
            .to_json();
        let kept: Value = serde_json::from_str(&kept).unwrap();
        assert!(check(&token, &[algorithm], &kept).is_ok(), "{algorithm:?}");
    }
}

#[test]
fn no_algorithm_stands_in_for_another() {
    let jwks = vectors()["jwks"].clone();
    for (algorithm, token) in tokens() {
        let others: Vec<Algorithm> = Algorithm::EXTERNAL
            .into_iter()
            .filter(|other| *other != algorithm)
            .collect();
        assert!(check(&token, &others, &jwks).is_err(), "{algorithm:?}");
        // The same signature under another algorithm's name.
        for other in others {
            let (header, rest) = token.split_once('.').unwrap();
            let header = decoded(header).replace(algorithm.name(), other.name());
            let token = format!("{}.{rest}", encoded(&header));
            assert!(
                check(&token, &Algorithm::EXTERNAL, &jwks).is_err(),
                "{algorithm:?} {other:?}"
            );
        }
    }
}

#[test]
fn a_key_is_only_for_what_it_says() {
    let vectors = vectors();
    for (algorithm, token) in tokens() {
        for alg in [algorithm.name(), "RS512", "RSA-OAEP", "nonsense"] {
            let mut jwks = vectors["jwks"].clone();
            for key in jwks["keys"].as_array_mut().unwrap() {
                key["alg"] = json!(alg);
            }
            let expected = alg == algorithm.name();
            let found = check(&token, &Algorithm::EXTERNAL, &jwks).is_ok();
            assert_eq!(found, expected, "{algorithm:?} {alg}");
        }
    }
}

#[test]
fn a_changed_token_or_key_verifies_nothing() {
    let vectors = vectors();
    let jwks = &vectors["jwks"];
    for (algorithm, token) in tokens() {
        let parts: Vec<&str> = token.split('.').collect();
        let claims = decoded(parts[1]).replace("1700050500", "1700050501");
        let changed = format!("{}.{}.{}", parts[0], encoded(&claims), parts[2]);
        assert!(
            check(&changed, &Algorithm::EXTERNAL, jwks).is_err(),
            "{algorithm:?}"
        );
        for signature in [
            "",
            "AA",
            parts[2].get(4..).unwrap(),
            &format!("{}AAAA", parts[2]),
        ] {
            let changed = format!("{}.{}.{signature}", parts[0], parts[1]);
            assert!(
                check(&changed, &Algorithm::EXTERNAL, jwks).is_err(),
                "{algorithm:?}"
            );
        }
        for (member, value) in [
            ("n", json!("AQAB")),
            ("n", json!("A".repeat(1_400))),
            ("e", json!("AQ")),
            ("e", json!("Ag")),
            ("e", json!("AQAAAAE")),
            ("x", json!("AAAA")),
            ("x", json!(7)),
            ("y", json!("")),
            ("kty", json!("oct")),
            ("crv", json!("P-521")),
            ("d", json!("AQAB")),
        ] {
            let mut jwks = jwks.clone();
            let mut touched = false;
            for key in jwks["keys"].as_array_mut().unwrap() {
                let named = decoded(parts[0]).contains(key["kid"].as_str().unwrap());
                if named && (key.get(member).is_some() || member == "d") {
                    key[member] = value.clone();
                    touched = true;
                }
            }
            let verified = check(&token, &Algorithm::EXTERNAL, &jwks).is_ok();
            assert_eq!(verified, !touched, "{algorithm:?} {member} {value}");
        }
    }
}

fn decoded(part: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

fn encoded(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}
