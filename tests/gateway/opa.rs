//! A policy server in place of the policies: a local server plays the Open Policy Agent,
//! as well and as badly as servers can.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use vectra_tests::agent::Agent;
use vectra_tests::client::{Framing, Request, Response};
use vectra_tests::process::{ADMIN_KEY, Home, Setup, Vectra};
use vectra_tests::upstream::{Answer, Holding, Upstream};

const PATH: &str = "/v1/data/vectra/authz";

struct World {
    opa: Upstream,
    upstream: Upstream,
    vectra: Vectra,
    agent: Agent,
    _home: Home,
}

impl World {
    async fn start() -> Self {
        let opa = Upstream::start().await.unwrap();
        let host = opa.host();
        Self::with(opa, &host).await
    }

    /// `host` is where the gateway believes the server to be.
    async fn with(opa: Upstream, host: &str) -> Self {
        let upstream = Upstream::start().await.unwrap();
        let settings = json!({
            "HumanInTheLoop": { "Threshold": 1 },
            "Security": { "InternalHosts": [host] },
            "Policy": { "DefaultProvider": "Opa", "Providers": { "Opa": {
                "BaseUrl": format!("http://{host}"), "Timeout": "00:00:01",
            } } },
        });
        let home = Home::new(Setup {
            settings,
            allowed_upstreams: vec![upstream.host()],
            ..Setup::default()
        })
        .unwrap();
        let vectra = home.up().await.unwrap();
        let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", None);
        Self {
            agent: agent.await.unwrap(),
            opa,
            upstream,
            vectra,
            _home: home,
        }
    }

    async fn call(&self) -> Response {
        let url = format!("http://{}/items?x=1", self.upstream.host());
        let request = self.agent.proxied("POST", &url).json(&json!({ "n": 1 }));
        request.send(self.vectra.address()).await.unwrap()
    }

    fn says(&self, status: u16, body: impl Into<Vec<u8>>, framing: Framing) {
        self.opa.answer(Answer {
            status,
            headers: vec![(
                "location".to_owned(),
                format!("http://{}/yes", self.upstream.host()),
            )],
            body: Some(body.into().into()),
            framing,
        });
    }

    /// The call is denied for this reason, which stands in the audit; nothing is forwarded.
    async fn denied(&self, reason: &str) {
        let response = self.call().await;
        let problem: Value = response.json().unwrap();
        assert_eq!(
            (response.status, &problem["detail"]),
            (403, &json!(reason)),
            "{problem}"
        );
        let audit = Request::new("GET", "/audit?limit=1").bearer(ADMIN_KEY);
        let audit = audit.send(self.vectra.address()).await.unwrap();
        let audit: Value = audit.json().unwrap();
        assert_eq!(audit["items"][0]["reason"], reason, "{audit}");
        assert!(self.upstream.take_received().is_empty());
    }
}

#[tokio::test]
async fn the_server_decides_and_never_sees_the_token() {
    let world = World::start().await;
    world.says(200, r#"{"result":{"allow":true}}"#, Framing::Length);
    let response = world.call().await;
    assert_eq!(response.status, 200, "{}", world.vectra.output());
    assert_eq!(world.upstream.take_received().len(), 1);
    let asked = world.opa.take_received();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(
        (asked[0].method.as_str(), asked[0].target.as_str()),
        ("POST", PATH)
    );
    let text = format!(
        "{:?} {}",
        asked[0].headers,
        String::from_utf8_lossy(&asked[0].body)
    );
    assert!(!text.contains(&world.agent.token), "{text}");
    let question: Value = serde_json::from_slice(&asked[0].body).unwrap();
    assert_eq!(question["input"]["agent"]["id"], world.agent.id);
    assert_eq!(question["input"]["body"], r#"{"n":1}"#);

    world.says(200, r#"{"result":{"hitl":true}}"#, Framing::Chunked);
    assert_eq!(world.call().await.status, 202);
    world.says(
        200,
        r#"{"result":{"deny":true,"reason":"no"}}"#,
        Framing::Length,
    );
    world.denied("no").await;
}

#[tokio::test]
async fn whatever_the_server_does_wrong_is_a_denial_and_ends_with_it() {
    let world = World::start().await;
    let unreachable = "OPA cannot be reached";
    let huge = format!(r#"{{"result":true,"more":"{}"}}"#, "x".repeat(1 << 20));
    for (status, body, framing, reason) in [
        (
            500,
            r#"{"result":true}"#,
            Framing::Length,
            "OPA request failed with status code 500",
        ),
        (
            401,
            "",
            Framing::Length,
            "OPA request failed with status code 401",
        ),
        (
            302,
            r#"{"result":true}"#,
            Framing::Length,
            "OPA request failed with status code 302",
        ),
        (
            307,
            "",
            Framing::Length,
            "OPA request failed with status code 307",
        ),
        (200, "", Framing::Length, "OPA response is not JSON"),
        (200, "<html>", Framing::Chunked, "OPA response is not JSON"),
        (
            200,
            "{}",
            Framing::Length,
            "OPA response does not contain 'result'",
        ),
        (
            200,
            r#"{"result":1}"#,
            Framing::Length,
            "Unsupported OPA result format",
        ),
        (200, &huge, Framing::Length, unreachable),
        (200, &huge, Framing::Chunked, unreachable),
    ] {
        world.says(status, body, framing);
        world.denied(reason).await;
        assert_eq!(
            world.opa.take_received().len(),
            1,
            "{status}: once, and no redirection is followed"
        );
    }
    world.says(200, r#"{"result":true}"#, Framing::Length);
    assert_eq!(world.call().await.status, 200);
    let _ = world.upstream.take_received();

    world.opa.hold(Holding::Back);
    let begun = Instant::now();
    world.denied(unreachable).await;
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "it is not waited for"
    );
    world.opa.hold(Holding::Off);
    assert_eq!(world.call().await.status, 200);
    let _ = world.upstream.take_received();

    world.opa.stop().await;
    world.denied(unreachable).await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_denial() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let breaking = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 16 * 1024];
            let _ = stream.read(&mut buffer).await;
            let begun = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"result\":true}";
            let _ = stream.write_all(begun).await;
        }
    });
    let world = World::with(Upstream::start().await.unwrap(), &host).await;
    world.denied("OPA cannot be reached").await;
    breaking.abort();
}

/// Agents may not go where only the gateway may.
#[tokio::test]
async fn the_server_is_no_target_for_agents() {
    let world = World::start().await;
    world.says(200, r#"{"result":true}"#, Framing::Length);
    let url = format!("http://{}{PATH}", world.opa.host());
    let request = world.agent.proxied("GET", &url);
    let response = request.send(world.vectra.address()).await.unwrap();
    assert_eq!(response.status, 403);
    assert!(world.opa.take_received().is_empty());
}
