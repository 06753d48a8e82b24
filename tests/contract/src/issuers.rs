//! `vectra:persistence/external-issuers`.

use vectra_domain::repository::ExternalIssuerRepository;
use vectra_domain::{IssuerKeys, Timestamp};

use crate::Ports;
use crate::fixtures::{after_noon, assert_invalid};

const ISSUER: &str = "https://id.example.com/realms/ä";

fn find(ports: &impl Ports, issuer: &str) -> Option<IssuerKeys> {
    ExternalIssuerRepository::find(ports, issuer).unwrap()
}

fn keys(jwks: &str, micros: i64) -> IssuerKeys {
    IssuerKeys {
        jwks: jwks.to_owned(),
        fetched_at: after_noon(micros),
    }
}

fn put(ports: &impl Ports, issuer: &str, keys: &IssuerKeys) {
    ExternalIssuerRepository::put(ports, issuer, keys).unwrap();
}

fn claim(ports: &impl Ports, issuer: &str, now: i64, not_since: i64) -> bool {
    let (now, not_since) = (after_noon(now), after_noon(not_since));
    ExternalIssuerRepository::claim(ports, issuer, now, not_since).unwrap()
}

pub fn finds_what_was_put(ports: &impl Ports) {
    assert_eq!(find(ports, ISSUER), None);
    for (micros, jwks) in (1..).zip([r#"{"keys":[]}"#, "{ \"keys\" : [\"漢 🦀\"] }"]) {
        put(ports, ISSUER, &keys(jwks, micros));
        assert_eq!(find(ports, ISSUER), Some(keys(jwks, micros)));
    }
    assert_eq!(find(ports, "https://id.example.com/realms/Ä"), None);
    assert_eq!(find(ports, "https://id.example.com"), None);
}

pub fn lets_one_fetch_at_a_time(ports: &impl Ports) {
    assert!(claim(ports, ISSUER, 100, 90));
    // At `not-since` or later somebody was.
    assert!(!claim(ports, ISSUER, 110, 100));
    assert!(!claim(ports, ISSUER, 110, 99));
    assert!(claim(ports, "https://other.example.com", 110, 100));
    assert!(claim(ports, ISSUER, 111, 101));
    assert!(!claim(ports, ISSUER, 112, 102));
    assert!(!claim(ports, ISSUER, 112, 111));
    // A claim is no fetch.
    assert_eq!(find(ports, ISSUER), None);
}

pub fn tells_when_somebody_was_about_to_fetch_last(ports: &impl Ports) {
    let attempted = |issuer| ports.attempted(issuer).unwrap();
    assert_eq!(attempted(ISSUER), None);
    assert!(claim(ports, ISSUER, 100, 90));
    assert!(!claim(ports, ISSUER, 110, 100));
    assert_eq!(attempted(ISSUER), Some(after_noon(100)));
    put(ports, ISSUER, &keys("{}", 120));
    assert_eq!(attempted(ISSUER), Some(after_noon(100)));
    assert!(claim(ports, ISSUER, 130, 101));
    assert_eq!(attempted(ISSUER), Some(after_noon(130)));
    assert_eq!(attempted("https://other.example.com"), None);
}

/// What a clock far ahead left there stands in nobody's way.
pub fn forgets_times_of_a_clock_that_was_wrong(ports: &impl Ports) {
    let far = Timestamp::MINUTE;
    assert!(claim(ports, ISSUER, far, 0));
    assert!(!claim(ports, ISSUER, 0, -far));
    assert!(claim(ports, ISSUER, -1, -far));
    assert!(!claim(ports, ISSUER, 0, -far));
    put(ports, ISSUER, &keys("[1]", far));
    put(ports, ISSUER, &keys("[2]", 0));
    assert_eq!(find(ports, ISSUER), Some(keys("[1]", far)));
    put(ports, ISSUER, &keys("[3]", -1));
    assert_eq!(find(ports, ISSUER), Some(keys("[3]", -1)));
}

pub fn keeps_the_claim_when_keys_are_put_and_the_keys_when_it_is_claimed(ports: &impl Ports) {
    let first = keys("{}", 105);
    assert!(claim(ports, ISSUER, 100, 90));
    put(ports, ISSUER, &first);
    assert!(claim(ports, ISSUER, 120, 101));
    assert_eq!(find(ports, ISSUER), Some(first));
    // Put without a claim: it was fetched then, so that was an attempt.
    let other = "https://other.example.com";
    put(ports, other, &keys("{}", 100));
    assert!(!claim(ports, other, 110, 100));
    assert!(claim(ports, other, 110, 101));
}

pub fn keeps_the_keys_that_were_fetched_last(ports: &impl Ports) {
    for (jwks, micros, expected) in [
        ("[1]", 10, "[1]"),
        ("[2]", 9, "[1]"),
        ("[3]", 10, "[3]"),
        ("[4]", 11, "[4]"),
        ("[5]", 0, "[4]"),
    ] {
        put(ports, ISSUER, &keys(jwks, micros));
        assert_eq!(find(ports, ISSUER).unwrap().jwks, expected);
    }
}

pub fn refuses_what_is_no_issuer_and_no_json(ports: &impl Ports) {
    let now = after_noon(0);
    for issuer in ["", &"x".repeat(513), "a\0b"] {
        assert_invalid(ExternalIssuerRepository::find(ports, issuer));
        assert_invalid(ExternalIssuerRepository::claim(ports, issuer, now, now));
        assert_invalid(ports.attempted(issuer));
        assert_invalid(ExternalIssuerRepository::put(ports, issuer, &keys("{}", 0)));
    }
    for jwks in ["", "{", "<html>", "{}\0"] {
        assert_invalid(ExternalIssuerRepository::put(ports, ISSUER, &keys(jwks, 0)));
    }
    assert_eq!(find(ports, ISSUER), None);
    let longest = "🦀".repeat(512);
    put(ports, &longest, &keys("{}", 0));
    assert!(claim(ports, &longest, 2, 1));
}
