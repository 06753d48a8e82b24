//! Tokens of an external issuer, whose keys the gateway fetches over HTTP.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use vectra_tests::agent::must;
use vectra_tests::client::Request;
use vectra_tests::process::{ADMIN_KEY, Home, Setup, Vectra};
use vectra_tests::upstream::{Answer, Upstream};

/// An Ed25519 key as PKCS #8: the head, and the key of RFC 8037 appendix A.1.
const KEY: [u8; 48] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
];
/// Its public half, of the same appendix.
const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

struct World {
    vectra: Vectra,
    _home: Home,
    issuer: Upstream,
    upstream: Upstream,
    agent: String,
}

impl World {
    async fn start() -> Self {
        let issuer = Upstream::start().await.unwrap();
        let upstream = Upstream::start().await.unwrap();
        let keys = json!({ "keys": [
            { "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "one", "x": PUBLIC },
        ] });
        issuer.answer(Answer {
            body: Some(keys.to_string().into_bytes().into()),
            ..Answer::default()
        });
        let home = Home::new(Setup {
            settings: json!({ "Security": {
                "InternalHosts": [issuer.host()],
                "AgentAuth": { "Provider": "Jwt", "Jwt": {
                    "Authority": format!("http://{}", issuer.host()), "Audience": "vectra",
                    "JwksUrl": format!("http://{}/keys", issuer.host()), "Algorithms": ["EdDSA"],
                } },
            } }),
            allowed_upstreams: vec![upstream.host()],
            ..Setup::default()
        })
        .unwrap();
        let vectra = home.up().await.unwrap();
        let register = Request::new("POST", "/agents").bearer(ADMIN_KEY);
        let register = register.json(&json!({ "name": "agent" }));
        let agent = must(register.send(vectra.address()).await.unwrap(), 201).unwrap();
        Self {
            agent: agent.json().unwrap()["agentId"]
                .as_str()
                .unwrap()
                .to_owned(),
            vectra,
            _home: home,
            issuer,
            upstream,
        }
    }

    /// A token of the issuer, some claims replaced.
    fn token(&self, key_id: &str, claims: &Value) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let mut all = json!({
            "iss": format!("http://{}", self.issuer.host()), "aud": "vectra", "sub": self.agent,
            "iat": now, "exp": now + 60,
        });
        vectra_tests::process::lay_over(&mut all, claims);
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key_id.to_owned());
        encode(&header, &all, &EncodingKey::from_ed_der(&KEY)).unwrap()
    }

    async fn call(&self, token: &str) -> u16 {
        let target = format!("/proxy/http://{}/items", self.upstream.host());
        let request = Request::new("GET", &target).bearer(token);
        request.send(self.vectra.address()).await.unwrap().status
    }
}

#[tokio::test]
async fn an_issuers_tokens_are_believed_and_its_keys_fetched_once() {
    let world = World::start().await;
    let token = world.token("one", &Value::Null);
    for _ in 0..3 {
        assert_eq!(world.call(&token).await, 200, "{}", world.vectra.output());
    }
    let fetched = world.issuer.take_received();
    assert_eq!(fetched.len(), 1, "{fetched:?}");
    assert_eq!(fetched[0].target, "/keys");
    let forwarded = world.upstream.take_received();
    assert!(
        forwarded
            .iter()
            .all(|call| call.values("authorization").is_empty())
    );

    // Whoever sends them learns nothing, and the issuer is not asked again so soon.
    let refused = [
        world.token("two", &Value::Null),
        world.token("one", &json!({ "iss": "http://elsewhere.example" })),
        world.token("one", &json!({ "aud": "others" })),
        world.token("one", &json!({ "exp": 1 })),
        world.token("one", &json!({ "sub": "someone" })),
        format!("{token}x"),
    ];
    for token in refused {
        assert_eq!(world.call(&token).await, 401);
    }
    assert_eq!(world.issuer.take_received().len(), 0);
    // The agent's state still decides.
    let revoke = Request::new("POST", &format!("/agents/{}/revoke", world.agent));
    let revoke = revoke.bearer(ADMIN_KEY).send(world.vectra.address()).await;
    must(revoke.unwrap(), 200).unwrap();
    assert_eq!(world.call(&token).await, 403);
}

#[tokio::test]
async fn beside_an_issuer_the_gateway_makes_and_believes_no_tokens_of_its_own() {
    let world = World::start().await;
    let body = json!({ "agentId": world.agent, "clientSecret": "whatever it may be" });
    let request = Request::new("POST", "/tokens").json(&body);
    must(request.send(world.vectra.address()).await.unwrap(), 404).unwrap();
    let own: vectra_tests::token::Mint =
        serde_json::from_value(json!({ "as": "own", "subject": world.agent })).unwrap();
    let own = own.token(vectra_tests::process::TOKEN_SECRET).unwrap();
    assert_eq!(world.call(&own).await, 401);
    assert_eq!(world.issuer.take_received().len(), 0);
}
