//! What is told of held requests: by signed messages, again until they arrive.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use vectra_api::lifecycle::check_webhook;
use vectra_api::settings::{Severity, read};
use vectra_api::{Clock, FollowUp};
use vectra_domain::HeldStatus;
use vectra_domain::repository::{Expiry, HeldRequestRepository, HeldStep};

use crate::world::{Reached, WEBHOOK_SECRET, World};

const ADDRESS: &str = "http://hooks.example:9000/vectra?to=1";
const CONFIG: &str = r#"{"HumanInTheLoop":{
        "NotificationWebhookUrl":"http://hooks.example:9000/vectra?to=1","TimeoutSeconds":2592000},
    "Security":{"InternalHosts":["hooks.example:9000"]},
    "System":{"RateLimit":{"Enabled":false}}}"#;
const HOLD: &str = r#"{"name":"hold","default":"Hitl","rules":[]}"#;

/// A world in which somebody is to be told, and an agent's token whose requests are held.
fn world() -> (World, String) {
    let world = World::configured(CONFIG);
    world.policies(&[("hold.json", HOLD)]);
    let (agent, token) = world.agent();
    world.assign(&agent, "hold");
    (world, token)
}

/// Has a request held, of which nobody is told yet: its id.
fn hold(world: &World, token: &str, path: &str) -> String {
    let secret = world.webhook_secret.take();
    let request = Request::builder()
        .method("POST")
        .uri(format!("/proxy/https://api.example/{path}"))
        .header("vectra-authorization", format!("Bearer {token}"))
        .header("x-agent", "of-a-header")
        .body(b"of-a-body".to_vec());
    let response = world.send(request.unwrap());
    assert_eq!(response.status(), 202);
    world.webhook_secret.replace(secret);
    let held: Value = serde_json::from_slice(response.body()).unwrap();
    held["id"].as_str().unwrap().to_owned()
}

fn notify(world: &World) {
    world.with_gateway(|gateway| gateway.follow_up::<Vec<u8>>(FollowUp::Notify));
}

/// What the receiver answers from now on.
fn answers(world: &World, status: u16) {
    let mut answers = world.answers.borrow_mut();
    answers.insert(ADDRESS.to_owned(), (status, String::new()));
}

fn text<'r>(message: &'r Reached, name: &str) -> &'r str {
    message.headers[name].to_str().unwrap()
}

fn ids(world: &World) -> Vec<String> {
    let reached = world.reached.borrow();
    let ids = reached.iter().map(|message| text(message, "webhook-id"));
    ids.map(str::to_owned).collect()
}

/// HMAC-SHA-256 after RFC 2104, of hashes only; a key of at most a block.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let pad = |with: u8| {
        let mut block = [with; 64];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        block
    };
    let inner = Sha256::digest([pad(0x36).as_slice(), message].concat());
    Sha256::digest([pad(0x5c).as_slice(), &inner].concat()).to_vec()
}

/// The signature that a message must have under a secret.
fn signature(secret: &str, message: &Reached) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap());
    let head = [
        text(message, "webhook-id"),
        text(message, "webhook-timestamp"),
        "",
    ]
    .join(".");
    let signed = [head.as_bytes(), &message.body].concat();
    format!("v1,{}", STANDARD.encode(hmac(&key.unwrap(), &signed)))
}

#[test]
fn a_held_request_is_told_in_a_signed_message_once() {
    let (world, token) = world();
    let id = hold(&world, &token, "a?token=of-the-query");
    notify(&world);
    notify(&world);
    let reached = world.reached.borrow();
    assert_eq!(reached.len(), 1);
    let message = &reached[0];
    assert_eq!(
        (message.method.as_str(), message.uri.as_str()),
        ("POST", ADDRESS)
    );
    assert_eq!(text(message, "content-type"), "application/json");
    assert_eq!(text(message, "webhook-id"), format!("{id}-pending"));
    let seconds = world.now.get() / 1_000_000;
    assert_eq!(text(message, "webhook-timestamp"), seconds.to_string());
    assert_eq!(
        text(message, "webhook-signature"),
        signature(WEBHOOK_SECRET, message)
    );
    let body: Value = serde_json::from_slice(&message.body).unwrap();
    assert_eq!(body["type"], "held.pending");
    let data = &body["data"];
    assert_eq!(data["id"], id);
    assert_eq!(data["method"], "POST");
    assert_eq!(data["targetUrl"], "https://api.example/a?token=***");
    assert_eq!(data["status"], "Pending");
    assert_eq!(data["decidedBy"], Value::Null);
    assert_eq!(body["timestamp"], data["createdAt"]);
    let told = format!("{:?} {body}", message.headers);
    assert!(
        !told.contains("of-a-") && !told.contains("of-the-query"),
        "{told}"
    );
}

#[test]
fn a_signature_is_of_the_message_and_of_each_key() {
    // The example of RFC 4231 §4.3, for the computation above.
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let computed = hmac(b"Jefe", b"what do ya want for nothing?");
    let computed: String = computed.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(computed, expected);

    let (world, token) = world();
    hold(&world, &token, "a");
    let new = "whsec_//////////////////////////////////////////8=";
    world
        .webhook_secret
        .replace(Some(format!("{new}\n{WEBHOOK_SECRET}\n")));
    notify(&world);
    let reached = world.reached.borrow();
    let signatures: Vec<&str> = text(&reached[0], "webhook-signature").split(' ').collect();
    let expected = [new, WEBHOOK_SECRET].map(|secret| signature(secret, &reached[0]));
    assert_eq!(signatures, expected);
}

#[test]
fn what_does_not_arrive_is_told_again_after_growing_pauses() {
    let (world, token) = world();
    let id = hold(&world, &token, "a");
    answers(&world, 500);
    notify(&world);
    for pause in [10, 20, 40] {
        world.wait(pause - 1);
        let before = world.reached.borrow().len();
        notify(&world);
        assert_eq!(world.reached.borrow().len(), before, "too soon");
        world.wait(1);
        notify(&world);
        assert_eq!(world.reached.borrow().len(), before + 1, "after {pause} s");
    }
    answers(&world, 204);
    world.wait(80);
    notify(&world);
    world.wait(86_400);
    notify(&world);
    assert_eq!(ids(&world), vec![format!("{id}-pending"); 5]);
    let reached = world.reached.borrow();
    let bodies: Vec<_> = reached.iter().map(|message| &message.body).collect();
    assert!(
        bodies.iter().all(|body| *body == bodies[0]),
        "another message"
    );
    // Each attempt is signed anew, for receivers refuse what is old.
    assert_ne!(
        text(&reached[0], "webhook-timestamp"),
        text(&reached[4], "webhook-timestamp")
    );
}

#[test]
fn what_never_arrives_is_given_up_with_one_line_in_the_log() {
    let (world, token) = world();
    let id = hold(&world, &token, "a");
    answers(&world, 410);
    for _ in 0..20 {
        notify(&world);
        world.wait(3_600);
    }
    assert_eq!(ids(&world).len(), 14);
    let log = world.log.borrow();
    let given_up: Vec<_> = log
        .iter()
        .filter(|line| line.contains("given up"))
        .collect();
    assert_eq!(given_up.len(), 1, "{given_up:?}");
    assert!(
        given_up[0].contains(&id) && given_up[0].contains("410"),
        "{given_up:?}"
    );
    assert!(!log.join("\n").contains("whsec_"));
}

#[test]
fn they_are_told_in_their_order_and_no_more_than_five_at_a_time() {
    let (world, token) = world();
    let mut expected = Vec::new();
    for path in ["a", "b", "c", "d", "e", "f", "g"] {
        expected.push(format!("{}-pending", hold(&world, &token, path)));
        world.wait(1);
    }
    notify(&world);
    assert_eq!(ids(&world), expected[..5]);
    notify(&world);
    assert_eq!(ids(&world), expected);
}

#[test]
fn one_that_fails_does_not_hold_others() {
    let (world, token) = world();
    answers(&world, 500);
    hold(&world, &token, "a");
    notify(&world);
    world.wait(1);
    answers(&world, 200);
    let second = hold(&world, &token, "b");
    notify(&world);
    assert_eq!(ids(&world).last(), Some(&format!("{second}-pending")));
    // And none of several that fail keeps the next from being tried.
    answers(&world, 500);
    for path in ["c", "d", "e"] {
        hold(&world, &token, path);
    }
    notify(&world);
    assert_eq!(ids(&world).len(), 5);
}

#[test]
fn a_redirect_is_not_followed() {
    let (world, token) = world();
    hold(&world, &token, "a");
    answers(&world, 307);
    notify(&world);
    assert_eq!(world.reached.borrow().len(), 1);
    world.wait(10);
    notify(&world);
    assert_eq!(
        world.reached.borrow().len(),
        2,
        "it was taken for an answer"
    );
}

#[test]
fn a_decision_is_told_with_who_made_it() {
    let (world, token) = world();
    let id = hold(&world, &token, "a");
    notify(&world);
    let step = HeldStep {
        id: id.parse().unwrap(),
        from: vec![HeldStatus::Pending],
        to: HeldStatus::Denied,
        now: Clock::now(&world),
        expiry: Expiry::Ignored,
        decided_by: Some("carol".to_owned()),
        comment: Some("a word among colleagues".to_owned()),
    };
    world.memory.advance(&step).unwrap();
    notify(&world);
    let reached = world.reached.borrow();
    let body: Value = serde_json::from_slice(&reached[1].body).unwrap();
    assert_eq!(text(&reached[1], "webhook-id"), format!("{id}-denied"));
    assert_eq!(body["type"], "held.denied");
    assert_eq!(body["data"]["decidedBy"], "carol");
    assert_eq!(body["data"]["status"], "Denied");
    assert!(!body.to_string().contains("colleagues"));
}

#[test]
fn without_anyone_to_tell_nothing_is_sent_and_nothing_is_kept() {
    let (mut world, token) = world();
    hold(&world, &token, "a");
    world.config = r#"{"HumanInTheLoop":{"TimeoutSeconds":2592000}}"#.to_owned();
    // An answer costs nothing; what was written down goes with the next tick.
    world.database.calls();
    notify(&world);
    assert_eq!(world.database.calls(), [""; 0]);
    world.with_gateway(|gateway| gateway.carry_on::<Vec<u8>>(100));
    world.config = CONFIG.to_owned();
    notify(&world);
    assert!(world.reached.borrow().is_empty());
}

#[test]
fn without_a_secret_nothing_is_sent_and_no_attempt_counts() {
    let (world, token) = world();
    let settings = world.settings();
    assert_eq!(check_webhook(&settings, &world), None);
    hold(&world, &token, "a");
    for secret in [None, Some("whsec_short".to_owned())] {
        world.webhook_secret.replace(secret.clone());
        let told = check_webhook(&settings, &world).map(|event| event.to_string());
        let told = told.unwrap_or_default();
        assert!(
            told.contains("webhook_secret") && !told.contains("whsec_short"),
            "{told}"
        );
        notify(&world);
        assert!(world.reached.borrow().is_empty());
    }
    // Where nobody is told, none is needed.
    assert_eq!(check_webhook(&World::new().settings(), &world), None);
    world
        .webhook_secret
        .replace(Some(WEBHOOK_SECRET.to_owned()));
    notify(&world);
    assert_eq!(world.reached.borrow().len(), 1);
}

#[test]
fn only_a_host_of_the_operators_own_is_told() {
    let key = "HumanInTheLoop.NotificationWebhookUrl";
    for (address, internal, usable) in [
        (
            "https://hooks.example/a",
            json!(["hooks.example:443"]),
            true,
        ),
        (
            "http://hooks.example:9000/a?b",
            json!(["hooks.example:9000"]),
            true,
        ),
        ("https://hooks.example/a", json!([]), false),
        (
            "https://hooks.example:8443/a",
            json!(["hooks.example:443"]),
            false,
        ),
        (
            "http://hooks.example/a",
            json!(["hooks.example:443"]),
            false,
        ),
        (
            "https://evil.example/?hooks.example:443",
            json!(["hooks.example:443"]),
            false,
        ),
        (
            "https://me:pw@hooks.example/",
            json!(["hooks.example:443"]),
            false,
        ),
        ("hooks.example", json!(["hooks.example:443"]), false),
        ("", json!(["hooks.example:443"]), false),
    ] {
        let config = json!({
            "HumanInTheLoop": { "NotificationWebhookUrl": address },
            "Security": { "InternalHosts": internal },
        });
        let (settings, problems) = read(&config.to_string(), &World::new());
        assert_eq!(problems.is_empty(), usable, "{address}: {problems:?}");
        assert_eq!(settings.held.webhook.is_some(), usable, "{address}");
        for problem in problems {
            assert_eq!(
                (problem.severity, problem.key.as_str()),
                (Severity::Error, key)
            );
        }
    }
}
