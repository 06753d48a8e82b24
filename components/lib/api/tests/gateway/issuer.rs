//! Tokens of an external issuer: which are believed, and when its keys are fetched.

#[path = "issuer/claims.rs"]
mod claims;
#[path = "issuer/fetching.rs"]
mod fetching;
#[path = "issuer/settings.rs"]
mod settings;
#[path = "issuer/vectors.rs"]
mod vectors;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::world::World;

const ISSUER: &str = "https://login.example.com/";
const DISCOVERY: &str = "https://login.example.com/.well-known/openid-configuration";
const KEYS: &str = "https://login.example.com/keys";
const HOUR: i64 = 3_600;

fn config(more: &str) -> String {
    format!(
        r#"{{"Security":{{"InternalHosts":["keys.local:8080"],"AgentAuth":{{"Provider":"Jwt","Jwt":{{
            "Authority":"{ISSUER}","Audience":"vectra","Algorithms":["EdDSA"]{more}}}}}}}}}"#
    )
}

/// A gateway, an agent of it, and its issuer.
struct Stage {
    world: World,
    agent: String,
}

impl Stage {
    fn new() -> Self {
        Self::configured(&config(""))
    }

    fn configured(config: &str) -> Self {
        let world = World::configured(config);
        let (status, agent) = world.manage("POST", "/agents", r#"{"name":"robot"}"#);
        assert_eq!(status, StatusCode::CREATED, "{agent}");
        let agent = agent["agentId"].as_str().unwrap().to_owned();
        let stage = Self { world, agent };
        let document = json!({ "issuer": ISSUER, "jwks_uri": KEYS, "x": [] });
        stage.publish(DISCOVERY, 200, &document.to_string());
        stage.publish_keys(&[1]);
        stage.world.wait(1);
        stage
    }

    fn publish(&self, url: &str, status: u16, body: &str) {
        let answer = (status, body.to_owned());
        self.world
            .answers
            .borrow_mut()
            .insert(url.to_owned(), answer);
    }

    fn publish_keys(&self, keys: &[u8]) {
        let keys: Vec<Value> = keys.iter().map(|key| jwk(*key)).collect();
        self.publish(KEYS, 200, &json!({ "keys": keys }).to_string());
    }

    fn seconds(&self) -> i64 {
        self.world.now.get() / 1_000_000
    }

    fn claims(&self) -> Value {
        let now = self.seconds();
        json!({ "iss": ISSUER, "aud": "vectra", "sub": self.agent, "iat": now, "exp": now + 900 })
    }

    /// A token of this key.
    fn token(&self, key: u8) -> String {
        signed(&header(key), &self.claims(), key)
    }

    fn proxy(&self, token: &str) -> Response<Vec<u8>> {
        let request = Request::get("/proxy/http://api.example/")
            .header("authorization", format!("Bearer {token}"));
        self.world.send(request.body(Vec::new()).unwrap())
    }

    fn status(&self, token: &str) -> u16 {
        self.proxy(token).status().as_u16()
    }

    /// What was fetched since this was asked last.
    fn fetched(&self) -> Vec<String> {
        let reached = self.world.reached.take();
        let urls = reached.into_iter().map(|reached| reached.uri);
        urls.filter(|url| !url.starts_with("http://api.example"))
            .collect()
    }
}

fn seed(key: u8) -> SigningKey {
    SigningKey::from_bytes(&[key; 32])
}

fn jwk(key: u8) -> Value {
    let x = URL_SAFE_NO_PAD.encode(seed(key).verifying_key());
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": format!("k{key}"), "use": "sig", "x": x })
}

fn header(key: u8) -> Value {
    json!({ "alg": "EdDSA", "kid": format!("k{key}"), "typ": "JWT" })
}

fn signed(header: &Value, claims: &Value, key: u8) -> String {
    let text = [header, claims]
        .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()))
        .join(".");
    let signature = seed(key).sign(text.as_bytes()).to_bytes();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn with(mut value: Value, name: &str, member: Value) -> Value {
    value[name] = member;
    value
}
