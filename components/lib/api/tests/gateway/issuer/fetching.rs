//! When an issuer's keys are fetched, and what is kept of them.

use http::StatusCode;
use serde_json::{Value, json};
use vectra_api::UpstreamError;
use vectra_domain::PersistenceError;
use vectra_domain::repository::ExternalIssuerRepository;

use super::{DISCOVERY, HOUR, ISSUER, KEYS, Stage, config, jwk, with};
use crate::database::{Manner, Place};

#[test]
fn keys_are_fetched_once_and_then_read_once_per_request() {
    let stage = Stage::new();
    let token = stage.token(1);
    assert_eq!(stage.status(&token), 201);
    assert_eq!(stage.fetched(), [DISCOVERY, KEYS]);
    stage.world.wait(HOUR - 1);
    let token = stage.token(1);
    stage.world.database.calls();
    assert_eq!(stage.status(&token), 201);
    assert_eq!(stage.fetched(), Vec::<String>::new());
    let calls = stage.world.database.calls();
    assert_eq!(calls[..3], ["issuers.find", "ledger.load", "ledger.record"]);
    // What came from the issuer went through the same door as everything.
    let row = &stage.world.audit()[0];
    assert_eq!(row["agentId"], stage.agent.as_str());
}

#[test]
fn an_unknown_key_makes_all_gateways_look_once_a_minute() {
    let stage = Stage::new();
    assert_eq!(stage.status(&stage.token(1)), 201);
    stage.publish_keys(&[1, 2]);
    stage.fetched();
    stage.world.wait(59);
    for _ in 0..5 {
        assert_eq!(stage.status(&stage.token(2)), 401);
        assert_eq!(stage.status(&stage.token(3)), 401);
    }
    assert_eq!(stage.fetched(), Vec::<String>::new());
    stage.world.wait(2);
    assert_eq!(stage.status(&stage.token(2)), 201);
    assert_eq!(stage.fetched().len(), 2);
    assert_eq!(stage.status(&stage.token(3)), 401);
    assert_eq!(stage.status(&stage.token(1)), 201);
    assert_eq!(stage.fetched(), Vec::<String>::new());
}

#[test]
fn keys_that_the_issuer_withdrew_end_within_an_hour() {
    let stage = Stage::new();
    assert_eq!(stage.status(&stage.token(1)), 201);
    stage.publish_keys(&[2]);
    stage.world.wait(HOUR - 1);
    assert_eq!(stage.status(&stage.token(1)), 201);
    stage.world.wait(1);
    assert_eq!(stage.status(&stage.token(1)), 401);
    assert_eq!(stage.status(&stage.token(2)), 201);
}

#[test]
fn an_issuer_that_does_not_answer_leaves_a_day() {
    let stage = Stage::new();
    assert_eq!(stage.status(&stage.token(1)), 201);
    stage.publish(KEYS, 503, "down");
    stage.world.log.take();
    stage.world.wait(HOUR);
    let token = stage.token(1);
    for _ in 0..3 {
        assert_eq!(stage.status(&token), 201);
    }
    let log = stage.world.log.take();
    assert_eq!(log.len(), 1, "{log:?}");
    let expected = "the keys of issuer `https://login.example.com/` were not fetched: \
                    `https://login.example.com/keys` answered 503 Service Unavailable";
    assert_eq!(log[0], expected);
    stage.world.wait(23 * HOUR - 1);
    assert_eq!(stage.status(&stage.token(1)), 201);
    stage.world.wait(1);
    assert_eq!(stage.status(&stage.token(1)), 503);
}

/// A token may be right where nobody can say: it is not refused as if it were not.
#[test]
fn without_keys_callers_are_told_when_they_are_looked_for_next() {
    let stage = Stage::new();
    stage.publish(KEYS, 503, "down");
    let waits = |expected: &str| {
        let answer = stage.proxy(&stage.token(1));
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()["retry-after"], expected);
    };
    // Whoever looked for them, and whoever came later.
    waits("60");
    waits("60");
    stage.world.wait(20);
    waits("40");
    stage.world.now.set(stage.world.now.get() + 39_000_001);
    waits("1");
    assert_eq!(stage.fetched().len(), 2);
    stage.publish_keys(&[1]);
    stage.world.now.set(stage.world.now.get() + 999_999);
    assert_eq!(stage.status(&stage.token(1)), 201);
}

/// An issuer that takes its keys back is heard, unlike one that does not answer.
#[test]
fn a_set_without_usable_keys_ends_all_tokens() {
    for set in [json!({ "keys": [] }), json!({ "keys": [{ "kty": "oct" }] })] {
        let stage = Stage::new();
        assert_eq!(stage.status(&stage.token(1)), 201);
        stage.publish(KEYS, 200, &set.to_string());
        stage.world.log.take();
        stage.world.wait(HOUR);
        for _ in 0..3 {
            assert_eq!(stage.status(&stage.token(1)), 401, "{set}");
        }
        let log = stage.world.log.take();
        let expected = format!("issuer `{ISSUER}` has no key for the allowed algorithms");
        assert_eq!(log, [expected]);
        stage.publish_keys(&[1]);
        stage.world.wait(60);
        assert_eq!(stage.status(&stage.token(1)), 201);
    }
}

#[test]
fn a_clock_that_was_wrong_does_not_keep_the_keys_from_being_fetched() {
    let stage = Stage::new();
    stage.world.wait(10 * 24 * HOUR);
    assert_eq!(stage.status(&stage.token(1)), 201);
    stage.world.wait(-10 * 24 * HOUR);
    stage.fetched();
    for _ in 0..2 {
        assert_eq!(stage.status(&stage.token(1)), 201);
    }
    assert_eq!(stage.fetched(), [DISCOVERY, KEYS]);
}

#[test]
fn what_is_no_key_set_of_the_issuer_is_not_believed() {
    let set = json!({ "keys": [jwk(1)] }).to_string();
    let document =
        |issuer: &str, uri: &str| json!({ "issuer": issuer, "jwks_uri": uri }).to_string();
    let good = document(ISSUER, KEYS);
    let long = format!("{set}{}", " ".repeat(256 * 1024));
    let cases = [
        (DISCOVERY, 302, &*good, "answered 302 Found"),
        (DISCOVERY, 200, "{}", "the discovery document is malformed"),
        (
            DISCOVERY,
            200,
            "nonsense",
            "the discovery document is malformed",
        ),
        (
            DISCOVERY,
            200,
            &document("https://evil.example/", KEYS),
            "is another issuer's",
        ),
        (
            DISCOVERY,
            200,
            &document(ISSUER, "http://login.example.com/keys"),
            "must be an https URL",
        ),
        (
            DISCOVERY,
            200,
            &document(ISSUER, "http://127.0.0.1/keys"),
            "must be an https URL",
        ),
        (
            DISCOVERY,
            200,
            &document(ISSUER, "file:///etc/passwd"),
            "must be an absolute URL",
        ),
        (
            DISCOVERY,
            200,
            &document(ISSUER, "\n\u{1b}[31m"),
            "must be an absolute URL",
        ),
        (
            DISCOVERY,
            200,
            &format!("{good}{}", " ".repeat(64 * 1024)),
            "too long",
        ),
        (KEYS, 301, &*set, "answered 301"),
        (KEYS, 404, &*set, "answered 404"),
        (KEYS, 200, "{}", "is malformed"),
        (KEYS, 200, r#"{"keys":{}}"#, "is malformed"),
        (KEYS, 200, &*long, "too long"),
    ];
    for (url, status, body, expected) in cases {
        let stage = Stage::new();
        stage.publish(url, status, body);
        let token = stage.token(1);
        assert_eq!(stage.status(&token), 503, "{body:.200}");
        let log = stage.world.log.take();
        assert_eq!(log.len(), 1, "{log:?}");
        assert!(log[0].contains(expected), "{log:?}");
        assert!(
            !log[0].contains(&token) && !log[0].contains(['\n', '\u{1b}']),
            "{log:?}"
        );
    }
    let stage = Stage::new();
    let down = UpstreamError::Unreachable("down".to_owned());
    stage.world.upstream_fails.replace(Some(down));
    assert_eq!(stage.status(&stage.token(1)), 503);
    assert!(stage.world.log.take()[0].ends_with("unreachable: down"));
}

#[test]
fn keys_come_from_where_the_configuration_says() {
    for (more, urls) in [
        (
            r#","JwksUrl":"https://keys.example.com/set""#,
            vec!["https://keys.example.com/set"],
        ),
        (
            r#","JwksUrl":"http://keys.local:8080/set""#,
            vec!["http://keys.local:8080/set"],
        ),
        (
            r#","MetadataUrl":"http://keys.local:8080/doc""#,
            vec![
                "http://keys.local:8080/doc",
                "https://login.example.com/keys",
            ],
        ),
    ] {
        let stage = Stage::configured(&config(more));
        let document = json!({ "issuer": ISSUER, "jwks_uri": KEYS });
        stage.publish("http://keys.local:8080/doc", 200, &document.to_string());
        let set = json!({ "keys": [jwk(1)] }).to_string();
        stage.publish("https://keys.example.com/set", 200, &set);
        stage.publish("http://keys.local:8080/set", 200, &set);
        assert_eq!(stage.status(&stage.token(1)), 201, "{more}");
        assert_eq!(stage.fetched(), urls, "{more}");
    }
}

#[test]
fn only_public_keys_of_use_are_kept() {
    let stage = Stage::new();
    let other = |name: &str, member: Value| with(with(jwk(2), "kid", json!("x")), name, member);
    let keys = json!({ "more": 1, "keys": [
        jwk(1),
        with(with(jwk(3), "x5c", json!(["AAAA"])), "alg", json!("EdDSA")),
        other("d", json!("AAAA")),
        other("use", json!("enc")),
        other("key_ops", json!(["sign"])),
        other("alg", json!("RS256")),
        other("crv", json!("Ed448")),
        other("x", json!("AAAA")),
        other("kid", json!(7)),
        other("kid", json!("x".repeat(257))),
        json!({ "kty": "oct", "kid": "x", "k": "c2VjcmV0" }),
        json!({ "kty": "RSA", "kid": "x", "n": "AQAB", "e": "AQAB" }),
        7,
        {},
    ]});
    stage.publish(KEYS, 200, &keys.to_string());
    assert_eq!(stage.status(&stage.token(1)), 201);
    assert_eq!(stage.status(&stage.token(3)), 201);
    let kept = ExternalIssuerRepository::find(&stage.world.memory, ISSUER);
    let kept: Value = serde_json::from_str(&kept.unwrap().unwrap().jwks).unwrap();
    let lean = |key: u8| {
        let mut jwk = jwk(key);
        jwk.as_object_mut().unwrap().remove("use");
        jwk
    };
    let expected = json!({ "keys": [lean(1), with(lean(3), "alg", json!("EdDSA"))] });
    assert_eq!(kept, expected);
    let many: Vec<Value> = (0..100)
        .map(|n| with(jwk(1), "kid", json!(n.to_string())))
        .collect();
    stage.publish(KEYS, 200, &json!({ "keys": many }).to_string());
    stage.world.wait(HOUR);
    stage.status(&stage.token(1));
    let kept = ExternalIssuerRepository::find(&stage.world.memory, ISSUER);
    let kept: Value = serde_json::from_str(&kept.unwrap().unwrap().jwks).unwrap();
    assert_eq!(kept["keys"].as_array().unwrap().len(), 64);
}

#[test]
fn a_database_that_fails_is_503_and_lets_nobody_in() {
    for call in [
        "issuers.find",
        "issuers.claim",
        "issuers.put",
        "issuers.attempted",
    ] {
        let stage = Stage::new();
        if call == "issuers.attempted" {
            stage.publish(KEYS, 503, "down");
        }
        let failure = PersistenceError::Unavailable("down".to_owned());
        stage
            .world
            .database
            .fail(Place::Call(call), failure, Manner::Before);
        assert_eq!(stage.status(&stage.token(1)), 503, "{call}");
        stage.world.database.mend();
        stage.publish_keys(&[1]);
        stage.world.wait(61);
        assert_eq!(stage.status(&stage.token(1)), 201, "{call}");
    }
}
