//! A gateway with an upstream, operators and an agent whose requests are held.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};
use vectra_tests::agent::{Agent, must};
use vectra_tests::client::{Request, Response};
use vectra_tests::process::{ADMIN_KEY, Home, Setup, Vectra};
use vectra_tests::upstream::Upstream;

use crate::browser::PATIENCE;

/// Holds what is posted, allows what is read, denies the rest.
const POLICY: &str = r#"{
  "name": "careful", "owner": "tests", "description": "Writes wait for a person", "default": "Deny",
  "rules": [
    { "name": "hold-writes", "reason": "Writes need a person's approval", "priority": 20, "effect": "Hitl",
      "conditions": [{ "field": "input.method", "operator": "eq", "value": "POST" }] },
    { "name": "allow-reads", "priority": 10, "effect": "Allow",
      "conditions": [{ "field": "input.method", "operator": "eq", "value": "GET" }] }
  ]
}"#;

/// One test at a time: several browsers at once are slower than one after the other.
static ALONE: Mutex<()> = Mutex::const_new(());

pub struct Stage {
    // The gateway ends before what it uses.
    pub vectra: Vectra,
    pub upstream: Upstream,
    pub agent: Agent,
    _home: Home,
    _alone: MutexGuard<'static, ()>,
}

impl Stage {
    pub async fn start() -> Self {
        let alone = ALONE.lock().await;
        let upstream = Upstream::start().await.unwrap();
        let home = Home::new(Setup {
            settings: json!({}),
            policies: [("careful.json".to_owned(), POLICY.to_owned())].into(),
            allowed_upstreams: vec![upstream.host()],
            ..Setup::default()
        })
        .unwrap();
        let vectra = home.up().await.unwrap();
        let agent = Agent::register(vectra.address(), ADMIN_KEY, "imitator", Some("careful"))
            .await
            .unwrap();
        Self {
            vectra,
            upstream,
            agent,
            _home: home,
            _alone: alone,
        }
    }

    /// What a script is told: where the console is, and this.
    pub fn tell(&self, more: Value) -> Value {
        let mut told = json!({
            "address": self.vectra.address(),
            "upstream": self.upstream.host(),
            "admin": ADMIN_KEY,
            "agent": self.agent.id,
        });
        vectra_tests::process::lay_over(&mut told, &more);
        told
    }

    /// Adds an operator and returns their key.
    pub async fn operator(&self, name: &str, role: &str) -> String {
        let request = Request::new("POST", "/operators")
            .bearer(ADMIN_KEY)
            .json(&json!({ "name": name, "role": role }));
        let answer = must(request.send(self.vectra.address()).await.unwrap(), 201).unwrap();
        answer.json().unwrap()["key"].as_str().unwrap().to_owned()
    }

    pub async fn call(&self, method: &str, path: &str) -> Response {
        let url = format!("http://{}{path}", self.upstream.host());
        let request = self.agent.proxied(method, &url);
        request.send(self.vectra.address()).await.unwrap()
    }

    /// Posts what is held; returns the id.
    pub async fn hold(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
        let url = format!("http://{}{path}", self.upstream.host());
        let mut request = self.agent.proxied("POST", &url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body = body.to_vec();
        let answer = must(request.send(self.vectra.address()).await.unwrap(), 202).unwrap();
        let location = answer.values("location")[0].to_owned();
        location.strip_prefix("/hitls/").unwrap().to_owned()
    }

    /// What the agent gets for its held request, once that is not "too early" any more.
    pub async fn answer(&self, id: &str) -> Response {
        let request = Request::new("GET", &format!("/hitls/{id}/response"));
        let request = request.bearer(&self.agent.token);
        let polled = async {
            loop {
                let answer = request.send(self.vectra.address()).await.unwrap();
                if answer.status != 425 {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(PATIENCE, polled)
            .await
            .expect("nobody has decided")
    }

    /// Waits until a held request is in this state.
    pub async fn becomes(&self, id: &str, wanted: &str) {
        let polled = async {
            while self.shown(id).await["status"] != wanted {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(PATIENCE, polled)
            .await
            .unwrap_or_else(|_| panic!("it does not become {wanted}"));
    }

    /// A held request as operators see it.
    pub async fn shown(&self, id: &str) -> Value {
        let request = Request::new("GET", &format!("/hitls/{id}")).bearer(ADMIN_KEY);
        let answer = request.send(self.vectra.address()).await.unwrap();
        must(answer, 200).unwrap().json().unwrap()
    }
}
