use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::Value;
use sha2::Digest as _;
use vectra_domain::{AgentStatus, TrustScore};

use super::*;

const SHARED: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "another key that is long enough to be one";
const ID: &str = "018f4d2e-7c1b-7a3d-9e5f-0123456789ab";

fn settings() -> TokenSettings {
    let (settings, problems) = crate::settings::read("{}", &NoClassifier);
    assert_eq!(problems, []);
    settings.tokens
}

struct NoClassifier;

impl crate::Classifier for NoClassifier {
    fn describe(&self, _: &str) -> vectra_decision::ClassifierDescription {
        vectra_decision::ClassifierDescription {
            name: String::new(),
            classifies: false,
            labels: Vec::new(),
            remote: false,
            fingerprint: String::new(),
            problems: Vec::new(),
        }
    }

    fn classify(&self, _: &str, _: &vectra_decision::IntentQuestion) -> vectra_decision::Intent {
        panic!("nothing is classified here")
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_micros(millis * 1_000).unwrap()
}

fn agent() -> Agent {
    Agent {
        id: ID.parse().unwrap(),
        name: "robot".to_owned(),
        owner_id: None,
        status: AgentStatus::Active,
        policy_name: None,
        client_secret_hash: String::new(),
        trust_score: TrustScore::INITIAL,
        created_at: at(0),
        updated_at: None,
    }
}

fn seed(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

fn seed_line(byte: u8) -> String {
    format!("ed25519:{}", URL_SAFE_NO_PAD.encode([byte; 32]))
}

fn public_line(byte: u8) -> String {
    let key = seed(byte).verifying_key();
    format!("ed25519-public:{}", URL_SAFE_NO_PAD.encode(key))
}

fn issued(lines: &str, now: Timestamp) -> String {
    let keys = TokenKeys::parse(lines).unwrap();
    issue(&agent(), Uuid::nil(), now, &settings(), &keys)
        .unwrap()
        .0
}

fn checked(token: &str, lines: &str, now: Timestamp) -> Result<Verified, TokenError> {
    verify(token, now, &settings(), &TokenKeys::parse(lines).unwrap())
}

fn holds(token: &str, lines: &str) -> bool {
    checked(token, lines, at(1_000)).is_ok()
}

fn part(token: &str, nth: usize) -> Value {
    let part = token.split('.').nth(nth).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// A token of this header and these claims, signed with a shared key.
fn shared(header: &str, claims: &str, secret: &str) -> String {
    let text = [header, claims]
        .map(|part| URL_SAFE_NO_PAD.encode(part))
        .join(".");
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    let algorithm = jsonwebtoken::Algorithm::HS256;
    let signature = jsonwebtoken::crypto::sign(text.as_bytes(), &key, algorithm).unwrap();
    format!("{text}.{signature}")
}

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

fn claims(more: &str) -> String {
    format!(r#"{{"sub":"{ID}","iss":"vectra","aud":"vectra-agents"{more}}}"#)
}

#[test]
fn a_token_has_the_claims_of_the_original_and_more() {
    for lines in [SHARED.to_owned(), seed_line(1)] {
        let token = issued(&lines, at(1_700_000_000_123));
        let shared = lines == SHARED;
        let header = part(&token, 0);
        assert_eq!(header["alg"], if shared { "HS256" } else { "EdDSA" });
        assert_eq!(header["typ"], "JWT");
        assert_eq!(header["kid"].as_str().unwrap().len(), 16);
        let expected = json!({
            "sub": ID,
            "agent_name": "robot",
            "trust_score": "0.5",
            "jti": Uuid::nil().to_string(),
            "iat": 1_700_000_000.123,
            "exp": 1_700_000_900,
            "iss": "vectra",
            "aud": "vectra-agents",
        });
        assert_eq!(part(&token, 1), expected);
        let now = at(1_700_000_000_123);
        let verified = checked(&token, &lines, now).unwrap();
        assert_eq!(verified.agent, agent().id);
        assert_eq!(verified.issued_at, Some(now));
    }
}

#[test]
fn a_token_holds_until_its_last_moment() {
    let token = issued(SHARED, at(1_000_999));
    assert!(checked(&token, SHARED, at(1_899_999)).is_ok());
    let late = checked(&token, SHARED, at(1_900_000));
    assert_eq!(late, Err(TokenError::Expired));
    let wrong = checked(&token, OTHER, at(1_900_000));
    assert!(matches!(wrong, Err(TokenError::Invalid(_))), "{wrong:?}");
}

#[test]
fn a_token_from_the_future_is_none() {
    // claims beside the required ones, at 1 s, whether it holds
    let cases = [
        (r#","iat":6"#, true),
        (r#","iat":6.001"#, false),
        (r#","nbf":6"#, true),
        (r#","nbf":6.001"#, false),
        (r#","nbf":"1""#, false),
        (r#","iat":1,"nbf":99"#, false),
        (r#","iat":99,"nbf":1"#, false),
    ];
    for (more, expected) in cases {
        let token = shared(HEADER, &claims(&format!(r#","exp":100{more}"#)), SHARED);
        assert_eq!(holds(&token, SHARED), expected, "{more}");
    }
}

/// A signature that anyone can make for a key of the small group: 32 bytes of 0 are a
/// point of order 4, so that one text in four is signed by the neutral point and 0.
#[test]
fn nobody_signs_with_a_weak_key() {
    let key = "ed25519-public:".to_owned() + &URL_SAFE_NO_PAD.encode([0; 32]);
    let digest = sha2::Sha256::new_with_prefix(b"vectra-eddsa");
    let digest = digest.chain_update([0; 32]).finalize();
    let id: String = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
    let header = format!(r#"{{"alg":"EdDSA","kid":"{id}"}}"#);
    let mut signature = [0; 64];
    signature[0] = 1;
    let point = ed25519_dalek::VerifyingKey::from_bytes(&[0; 32]).unwrap();
    let mut forged = 0;
    for n in 0..64 {
        let claims = claims(&format!(r#","exp":100,"n":{n}"#));
        let text = [header.as_str(), &claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        let text = text.join(".");
        let lenient = ed25519_dalek::Verifier::verify(
            &point,
            text.as_bytes(),
            &ed25519_dalek::Signature::from_bytes(&signature),
        );
        forged += i32::from(lenient.is_ok());
        let token = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature));
        assert!(!holds(&token, &key), "{n}");
    }
    assert!(forged > 0, "a lenient verifier believes some");
}

#[test]
fn keys_are_rotated_by_their_lines() {
    // lines that sign, lines that verify, whether they do
    let both = |first: &str, second: &str| format!("{first}\n{second}\n");
    let (one, two) = (seed_line(1), seed_line(2));
    let cases = [
        (SHARED.to_owned(), both(OTHER, SHARED), true),
        (both(SHARED, OTHER), OTHER.to_owned(), false),
        (both(SHARED, OTHER), both(OTHER, SHARED), true),
        (one.clone(), both(&two, &one), true),
        (one.clone(), both(&two, &public_line(1)), true),
        (one.clone(), public_line(1), true),
        (one.clone(), two.clone(), false),
        (both(&public_line(2), &one), public_line(1), true),
        (SHARED.to_owned(), both(&one, SHARED), true),
        (SHARED.to_owned(), one.clone(), false),
        (one, SHARED.to_owned(), false),
    ];
    for (signs, verifies, expected) in cases {
        let token = issued(&signs, at(0));
        assert_eq!(holds(&token, &verifies), expected, "{signs} {verifies}");
    }
    let only_public = TokenKeys::parse(Box::leak(public_line(1).into_boxed_str())).unwrap();
    assert!(issue(&agent(), Uuid::nil(), at(0), &settings(), &only_public).is_err());
}

#[test]
fn a_token_from_before_keys_had_ids_is_tried_against_shared_keys() {
    let token = shared(HEADER, &claims(r#","exp":100"#), SHARED);
    assert_eq!(checked(&token, SHARED, at(0)).unwrap().issued_at, None);
    assert!(holds(&token, &format!("{OTHER}\n{SHARED}")));
    assert!(!holds(&token, OTHER));
    // The same of an Ed25519 key.
    let text = [r#"{"alg":"EdDSA","typ":"JWT"}"#, &claims(r#","exp":100"#)]
        .map(|part| URL_SAFE_NO_PAD.encode(part))
        .join(".");
    let signature = URL_SAFE_NO_PAD.encode(seed(1).sign(text.as_bytes()).to_bytes());
    assert!(!holds(&format!("{text}.{signature}"), &seed_line(1)));
}

#[test]
fn a_public_key_is_no_shared_one() {
    let public = seed(1).verifying_key().to_bytes();
    let key_id = part(&issued(&seed_line(1), at(0)), 0)["kid"].clone();
    let header = json!({"alg": "HS256", "kid": key_id, "typ": "JWT"}).to_string();
    let text = [header, claims(r#","exp":100"#)].map(|part| URL_SAFE_NO_PAD.encode(part));
    let text = text.join(".");
    let lines = [
        public_line(1),
        seed_line(1),
        format!("{}\n{SHARED}", public_line(1)),
    ];
    let line = public_line(1);
    for secret in [&public[..], line.as_bytes()] {
        let key = jsonwebtoken::EncodingKey::from_secret(secret);
        let algorithm = jsonwebtoken::Algorithm::HS256;
        let signature = jsonwebtoken::crypto::sign(text.as_bytes(), &key, algorithm).unwrap();
        for lines in &lines {
            assert!(!holds(&format!("{text}.{signature}"), lines), "{lines}");
        }
    }
}

#[test]
fn refuses_what_a_token_must_not_say() {
    let good = claims(r#","exp":100"#);
    let cases: &[(&str, &str, bool)] = &[
        (HEADER, &good, true),
        (r#"{"alg":"HS256"}"#, &good, true),
        (r#"{"alg":"HS256","typ":"application/jwt"}"#, &good, true),
        (r#"{"alg":"HS256","typ":"at+jwt"}"#, &good, false),
        (r#"{"alg":"HS256","typ":7}"#, &good, false),
        (r#"{"alg":"HS256","crit":[]}"#, &good, false),
        (r#"{"alg":"HS256","kid":7}"#, &good, false),
        (r#"{"alg":"HS256","alg":"HS256"}"#, &good, false),
        (r#"{"alg":"HS384"}"#, &good, false),
        (r#"{"alg":"hs256"}"#, &good, false),
        (r#"{"alg":"none"}"#, &good, false),
        (r#"{"alg":"EdDSA"}"#, &good, false),
        (r#"{"alg":"RS256"}"#, &good, false),
        (r#"{"typ":"JWT"}"#, &good, false),
        ("[]", &good, false),
        ("", &good, false),
        (HEADER, "{}", false),
        (HEADER, "null", false),
        (HEADER, &claims(""), false),
        (HEADER, &claims(r#","exp":"100""#), false),
        (HEADER, &claims(r#","exp":1e300"#), false),
        (HEADER, &claims(r#","exp":-1"#), false),
        (HEADER, &claims(r#","exp":99999999999999"#), false),
        (HEADER, &claims(r#","exp":100,"exp":200"#), false),
        (HEADER, &claims(r#","exp":100,"iat":"1""#), false),
        (HEADER, &claims(r#","exp":100.5,"iat":0.25"#), true),
        (HEADER, &good.replace("vectra-agents", "others"), false),
        (HEADER, &good.replace(r#""vectra""#, r#""Vectra""#), false),
        (HEADER, &good.replace(r#""vectra""#, "7"), false),
        (HEADER, &good.replace(ID, "robot"), false),
        (
            HEADER,
            &good.replace(r#""vectra-agents""#, r#"["x","vectra-agents"]"#),
            true,
        ),
        (
            HEADER,
            &good.replace(r#""vectra-agents""#, r#"["vectra-agents",7]"#),
            false,
        ),
        (HEADER, &good.replace(r#""vectra-agents""#, "[]"), false),
    ];
    for (header, claims, expected) in cases {
        let token = shared(header, claims, SHARED);
        assert_eq!(holds(&token, SHARED), *expected, "{header} {claims}");
    }
}

#[test]
fn refuses_what_is_no_token_before_reading_it() {
    let token = issued(SHARED, at(0));
    let unsigned = token.rsplit_once('.').unwrap().0;
    let long = shared(
        HEADER,
        &claims(&format!(r#","exp":100,"x":"{}""#, "x".repeat(7_000))),
        SHARED,
    );
    let cases = [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        "a.b.c".to_owned(),
        unsigned.to_owned(),
        format!("{unsigned}."),
        format!("{token}="),
        format!("{token}A"),
        format!("{token}.x"),
        format!(" {token}"),
        token.to_uppercase(),
        format!("{unsigned}.ä"),
        "x".repeat(1_000_000),
        long,
    ];
    assert!(holds(&token, SHARED));
    for case in cases {
        assert!(!holds(&case, SHARED), "{case:.80}");
    }
}

#[test]
fn a_line_that_is_no_key_is_named_by_its_number() {
    let bytes = |n| URL_SAFE_NO_PAD.encode(vec![255_u8; n]);
    let standard = base64::engine::general_purpose::STANDARD.encode([255_u8; 32]);
    let many = format!("{SHARED}\n").repeat(17);
    let cases: &[(&str, Option<(usize, KeyFault)>)] = &[
        (SHARED, None),
        (&format!("\n\r\n{SHARED}\r\n \n{OTHER}\n"), None),
        (&format!("ed25519:{}", bytes(32)), None),
        (&format!("  ed25519: {standard} "), None),
        (many.get(..33 * 16).unwrap(), None),
        (&many, Some((17, KeyFault::TooMany))),
        ("", Some((1, KeyFault::Missing))),
        (" \n\n", Some((1, KeyFault::Missing))),
        ("s3cret", Some((1, KeyFault::Short))),
        (
            &format!("{}s3cret\t", " ".repeat(40)),
            Some((1, KeyFault::Short)),
        ),
        (&format!("{SHARED}\n\ns3cret"), Some((3, KeyFault::Short))),
        (&format!("ed25519:{}", bytes(31)), Some((1, KeyFault::Form))),
        (&format!("ed25519:{}", bytes(33)), Some((1, KeyFault::Form))),
        (&format!("Ed25519:{}", bytes(32)), Some((1, KeyFault::Form))),
        (
            &format!("ed25519-Public:{}", bytes(32)),
            Some((1, KeyFault::Form)),
        ),
        (
            &format!("ED25519-PUBLIC:{}", bytes(32)),
            Some((1, KeyFault::Form)),
        ),
        (&format!("ed25519 {}", bytes(32)), Some((1, KeyFault::Form))),
        ("ed25519:", Some((1, KeyFault::Form))),
    ];
    for (text, expected) in cases {
        let error = TokenKeys::parse(text).err();
        assert_eq!(error.map(|e| (e.line, e.fault)), *expected, "{text}");
        assert!(error.is_none_or(|e| !e.to_string().contains("s3cret")));
    }
    // The first has no x coordinate, the second is of a small group.
    let no_point = format!(
        "{SHARED}\ned25519-public:{}",
        URL_SAFE_NO_PAD.encode([2_u8; 32])
    );
    let weak = format!(
        "{SHARED}\ned25519-public:{}",
        URL_SAFE_NO_PAD.encode([0_u8; 32])
    );
    for text in [no_point, weak] {
        let keys = TokenKeys::parse(&text).unwrap();
        let error = keys.check().unwrap_err();
        assert_eq!((error.line, error.fault), (2, KeyFault::Point));
    }
}

#[test]
fn ids_of_keys_do_not_change() {
    // Made with: printf 'vectra-hs256%s' KEY | sha256sum, and the same of a public key.
    let cases = [
        (SHARED.to_owned(), SHARED_KEY_ID),
        (seed_line(1), PUBLIC_KEY_ID),
    ];
    for (lines, expected) in cases {
        assert_eq!(part(&issued(&lines, at(0)), 0)["kid"], expected);
    }
}

const SHARED_KEY_ID: &str = "91c5430e2c569c86";
const PUBLIC_KEY_ID: &str = "f7faf76082a720e1";
