//! Webhooks about held requests, end to end.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use vectra_tests::agent::{Agent, must};
use vectra_tests::client::Request;
use vectra_tests::process::{ADMIN_KEY, Home, Setup};
use vectra_tests::upstream::{Holding, Received, Upstream};

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

/// Whether its signature is a message's own.
fn is_signed(message: &Received) -> bool {
    let value = |name: &str| message.values(name).concat();
    let key = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.unwrap()).unwrap();
    mac.update(format!("{}.{}.", value("webhook-id"), value("webhook-timestamp")).as_bytes());
    mac.update(&message.body);
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    value("webhook-signature") == expected
}

fn kind(message: &Received) -> (String, String) {
    let body: Value = serde_json::from_slice(&message.body).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&body["type"]), text(&body["data"]["id"]))
}

#[tokio::test]
async fn a_receiver_is_told_and_one_that_is_slow_holds_up_nobody() {
    let (upstream, hook) = (
        Upstream::start().await.unwrap(),
        Upstream::start().await.unwrap(),
    );
    let policy = r#"{"name":"hold-all","owner":"tests","default":"Hitl"}"#;
    let setup = Setup {
        settings: json!({
            "HumanInTheLoop": { "NotificationWebhookUrl": format!("http://{}/hook", hook.host()) },
            "Security": { "InternalHosts": [hook.host()] },
        }),
        policies: [("hold-all.json".to_owned(), policy.to_owned())].into(),
        allowed_upstreams: vec![upstream.host()],
        environment: [("VECTRA_WEBHOOK_SECRET".to_owned(), SECRET.to_owned())].into(),
        ..Setup::default()
    };
    let home = Home::new(setup).unwrap();
    let vectra = home.up().await.unwrap();
    let address = vectra.address();
    let agent = Agent::register(address, ADMIN_KEY, "agent", Some("hold-all"))
        .await
        .unwrap();
    let hold = async || {
        let request = agent.proxied("POST", &format!("http://{}/a", upstream.host()));
        let request = request.json(&json!({ "password": "in-the-body-77ab" }));
        let answer = must(request.send(address).await.unwrap(), 202).unwrap();
        answer.json().unwrap()["id"].as_str().unwrap().to_owned()
    };
    let decide = async |id: &str, what: &str| {
        let request = Request::new("POST", &format!("/hitls/{id}/{what}")).bearer(ADMIN_KEY);
        must(request.json(&json!({})).send(address).await.unwrap(), 200).unwrap();
    };
    let id = hold().await;
    hook.has_received(1).await.unwrap();
    decide(&id, "approve").await;
    // Of the approval and of the release.
    hook.has_received(3).await.unwrap();
    let mut told = hook.take_received();
    for message in &told {
        assert!(is_signed(message), "{message:?}");
        assert_eq!(
            (message.method.as_str(), message.target.as_str()),
            ("POST", "/hook")
        );
        assert!(!format!("{message:?}").contains("77ab"));
    }
    let kinds: Vec<_> = told.iter().map(kind).collect();
    let expected = ["held.pending", "held.approved", "held.released"];
    assert_eq!(kinds, expected.map(|kind| (kind.to_owned(), id.clone())));
    // Nor does a signature hold for anything else.
    told[0].body = told[1].body.clone();
    assert!(!is_signed(&told[0]));

    hook.hold(Holding::Back);
    let begin = Instant::now();
    let id = hold().await;
    hook.has_received(1).await.unwrap();
    decide(&id, "approve").await;
    upstream.has_received(2).await.unwrap();
    assert!(
        begin.elapsed() < Duration::from_secs(4),
        "somebody waited for the receiver"
    );
    // The agent cannot reach it.
    let request = agent.proxied("POST", &format!("http://{}/hook", hook.host()));
    assert_eq!(request.send(address).await.unwrap().status, 403);
    hook.hold(Holding::Off);
}
