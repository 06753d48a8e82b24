//! Which tokens of an issuer are believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::{HOUR, ISSUER, KEYS, Stage, header, jwk, signed, with};
use crate::world::World;

#[test]
fn what_a_token_says_is_compared_before_anything_is_asked() {
    let stage = Stage::new();
    let good = stage.claims();
    let mut shared = header(1);
    shared["alg"] = json!("HS256");
    let cases = [
        (
            header(1),
            with(good.clone(), "iss", json!("https://evil.example/")),
        ),
        (
            header(1),
            with(good.clone(), "iss", json!("https://login.example.com")),
        ),
        (header(1), with(good.clone(), "iss", json!([ISSUER]))),
        (header(1), with(good.clone(), "iss", Value::Null)),
        (header(1), with(good.clone(), "aud", json!("others"))),
        (header(1), with(good.clone(), "aud", json!(["others"]))),
        (header(1), with(good.clone(), "aud", Value::Null)),
        (header(1), with(good.clone(), "sub", json!("robot"))),
        (header(1), with(good.clone(), "sub", Value::Null)),
        (with(header(1), "alg", json!("RS256")), good.clone()),
        (with(header(1), "alg", json!("none")), good.clone()),
        (with(header(1), "crit", json!(["b64"])), good.clone()),
        (with(header(1), "typ", json!("dpop+jwt")), good.clone()),
        (shared, good.clone()),
    ];
    stage.world.database.calls();
    for (header, claims) in cases {
        let token = signed(&header, &claims, 1);
        assert_eq!(stage.status(&token), 401, "{header} {claims}");
        assert_eq!(
            stage.world.database.calls(),
            Vec::<&str>::new(),
            "{header} {claims}"
        );
    }
    assert_eq!(stage.fetched(), Vec::<String>::new());
    assert_eq!(
        stage.status(&signed(&header(1), &good, 2)),
        401,
        "another's signature"
    );
    let access = with(header(1), "typ", json!("at+jwt"));
    assert_eq!(
        stage.status(&signed(
            &access,
            &with(good, "aud", json!(["x", "vectra"])),
            1
        )),
        201
    );
}

#[test]
fn clocks_may_differ_by_thirty_seconds() {
    let stage = Stage::new();
    let now = stage.seconds();
    let cases = [
        ("exp", json!(now - 29), 201, ""),
        ("exp", json!(now - 30), 401, "VEC800002"),
        ("exp", Value::Null, 401, "VEC800001"),
        ("exp", json!("soon"), 401, "VEC800001"),
        ("nbf", json!(now + 30), 201, ""),
        ("nbf", json!(now + 31), 401, "VEC800001"),
        ("nbf", json!("soon"), 401, "VEC800001"),
        ("iat", json!(now + 30), 201, ""),
        ("iat", json!(now + 31), 401, "VEC800001"),
    ];
    for (name, time, status, code) in cases {
        let token = signed(&header(1), &with(stage.claims(), name, time.clone()), 1);
        let answer = stage.proxy(&token);
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        assert_eq!(answer.status().as_u16(), status, "{name} {time}");
        assert_eq!(
            body["errorCode"].as_str().unwrap_or_default(),
            code,
            "{name} {time}"
        );
    }
    // Of a token that is wrong otherwise nobody says that it has expired.
    let token = signed(&header(1), &with(stage.claims(), "exp", json!(1)), 2);
    let body: Value = serde_json::from_slice(stage.proxy(&token).body()).unwrap();
    assert_eq!(body["errorCode"], "VEC800001");
}

#[test]
fn a_token_without_a_key_id_needs_the_only_key() {
    let stage = Stage::new();
    let token = |key| signed(&json!({ "alg": "EdDSA" }), &stage.claims(), key);
    assert_eq!(stage.status(&token(1)), 201);
    assert_eq!(stage.status(&token(2)), 401);
    stage.publish_keys(&[1, 2]);
    stage.world.wait(HOUR);
    assert_eq!(stage.status(&token(1)), 401);
    // Two keys of one id are none.
    let keys = json!({ "keys": [jwk(1), with(jwk(2), "kid", json!("k1"))] });
    stage.publish(KEYS, 200, &keys.to_string());
    stage.world.wait(HOUR);
    assert_eq!(stage.status(&stage.token(1)), 401);
}

#[test]
fn the_agents_state_counts_for_tokens_of_others_too() {
    let stage = Stage::new();
    let token = stage.token(1);
    let unstamped = signed(&header(1), &with(stage.claims(), "iat", Value::Null), 1);
    assert_eq!(stage.status(&token), 201);
    let path = format!("/agents/{}", stage.agent);
    assert_eq!(
        stage
            .world
            .manage("DELETE", &format!("{path}/tokens"), "")
            .0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(stage.status(&token), 401);
    let mut claims = stage.claims();
    claims.as_object_mut().unwrap().remove("iat");
    assert_eq!(stage.status(&signed(&header(1), &claims, 1)), 401);
    assert_eq!(stage.status(&unstamped), 401);
    stage.world.wait(1);
    assert_eq!(stage.status(&stage.token(1)), 201);
    stage
        .world
        .manage("POST", &format!("{path}/quarantine"), "");
    assert_eq!(stage.status(&stage.token(1)), 403);
    let stranger = with(
        stage.claims(),
        "sub",
        json!("018f4d2e-7c1b-7a3d-9e5f-0123456789ab"),
    );
    assert_eq!(stage.status(&signed(&header(1), &stranger, 1)), 403);
}

#[test]
fn the_gateway_makes_no_tokens_and_believes_none_of_its_own() {
    let own = World::new();
    let (_, token) = own.agent();
    let stage = Stage::new();
    assert_eq!(stage.status(&token), 401);
    for kind in ["application/json", "application/x-www-form-urlencoded"] {
        let request = Request::post("/tokens").header("content-type", kind);
        let response = stage.world.send(request.body(Vec::new()).unwrap());
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(
            body["detail"],
            format!("tokens come from the issuer {ISSUER}")
        );
    }
}

/// See `nobody_signs_with_a_weak_key` of the gateway's own tokens.
#[test]
fn a_weak_key_of_an_issuer_signs_nothing() {
    let stage = Stage::new();
    let weak = with(jwk(1), "x", json!(URL_SAFE_NO_PAD.encode([0; 32])));
    stage.publish(KEYS, 200, &json!({ "keys": [weak] }).to_string());
    let mut signature = [0; 64];
    signature[0] = 1;
    for n in 0..64 {
        let claims = with(stage.claims(), "n", json!(n));
        let text = [header(1), claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let token = format!("{}.{}", text.join("."), URL_SAFE_NO_PAD.encode(signature));
        assert_eq!(stage.status(&token), 401, "{n}");
    }
}
