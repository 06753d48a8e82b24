//! What can be asked about a decision afterwards: why, what became of it, whether it
//! would be made again, what a draft would have made of it, and how many there were.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vectra_tests::agent::Agent;
use vectra_tests::client::Request;
use vectra_tests::process::{ADMIN_KEY, Home, Setup, Vectra};
use vectra_tests::upstream::Upstream;

const POLICY: &str = r#"{"name":"p","default":"Allow","rules":[
    {"name":"no-delete","effect":"Deny","reason":"never delete",
     "conditions":[{"field":"method","operator":"eq","value":"DELETE"}]},
    {"name":"much","effect":"Hitl",
     "conditions":[{"field":"body.amount","operator":"gt","value":100}]}]}"#;

/// Calls made in all; some of each kind.
const CALLS: usize = 60;

struct World {
    upstream: Upstream,
    vectra: Vectra,
    agent: Agent,
    _home: Home,
}

impl World {
    async fn start() -> Self {
        let upstream = Upstream::start().await.unwrap();
        let settings = json!({
            "System": {
                "Metrics": { "Listen": "127.0.0.1:0" },
                "RateLimit": { "Enabled": false },
            },
            "HumanInTheLoop": { "MaxPendingPerAgent": 1000, "MaxPendingRequests": 1000 },
        });
        let home = Home::new(Setup {
            settings,
            policies: BTreeMap::from([("p.json".to_owned(), POLICY.to_owned())]),
            allowed_upstreams: vec![upstream.host()],
            ..Setup::default()
        })
        .unwrap();
        let vectra = home.up().await.unwrap();
        let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", Some("p"));
        Self {
            agent: agent.await.unwrap(),
            upstream,
            vectra,
            _home: home,
        }
    }

    async fn call(&self, method: &str, amount: u32) -> u16 {
        let url = format!("http://{}/items?x=1&token=hidden", self.upstream.host());
        let request = self.agent.proxied(method, &url);
        let request = request.json(&json!({ "amount": amount }));
        request.send(self.vectra.address()).await.unwrap().status
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = Request::new(method, path).bearer(ADMIN_KEY);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let response = request.send(self.vectra.address()).await.unwrap();
        (response.status, response.json().unwrap())
    }

    /// The whole audit, newest first.
    async fn audit(&self) -> Vec<Value> {
        let (status, page) = self.ask("GET", "/audit?limit=200", None).await;
        assert_eq!(status, 200, "{page}");
        page["items"].as_array().unwrap().clone()
    }

    /// What the port for metrics says.
    async fn metrics(&self) -> String {
        let output = self.vectra.output();
        let address = output
            .split_whitespace()
            .find_map(|word| word.strip_prefix("http://")?.strip_suffix("/metrics"))
            .unwrap_or_else(|| panic!("no address of metrics in: {output}"))
            .to_owned();
        let request = Request::new("GET", "/metrics");
        let response = request.send(&address).await.unwrap();
        String::from_utf8(response.body.to_vec()).unwrap()
    }
}

/// Waits for what is written once an answer is over.
async fn outcome(world: &World, id: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let (status, record) = world.ask("GET", &format!("/audit/{id}"), None).await;
        assert_eq!(status, 200, "{record}");
        if !record["outcome"].is_null() {
            return record;
        }
        assert!(Instant::now() < deadline, "no outcome: {record}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn every_decision_can_be_asked_why_made_again_and_held_against_a_draft() {
    let world = World::start().await;
    for nth in 0..CALLS {
        let (method, amount, status) = match nth % 3 {
            0 => ("POST", 7, 200),
            1 => ("DELETE", 7, 403),
            _ => ("POST", 700, 202),
        };
        assert_eq!(world.call(method, amount).await, status, "{nth}");
    }
    let rows = world.audit().await;
    assert_eq!(rows.len(), CALLS);
    let id = |row: &Value| row["auditId"].as_str().unwrap().to_owned();
    let allowed = rows.iter().find(|row| row["decisionType"] == "Allow");
    let record = outcome(&world, &id(allowed.unwrap())).await;
    assert_eq!(record["outcome"]["status"], 200, "{record}");
    assert!(!record.to_string().contains("hidden"), "{record}");

    for row in &rows {
        let path = format!("/decisions/replay/{}", id(row));
        let (status, replay) = world.ask("POST", &path, Some(json!({}))).await;
        assert_eq!(status, 200, "{replay}");
        assert_eq!(replay["result"], "same", "{row} {replay}");
    }

    let question = json!({
        "policy": { "name": "p", "default": "Allow", "rules": [{
            "effect": "Deny",
            "conditions": [{ "field": "method", "operator": "eq", "value": "POST" }],
        }] },
        "from": "2020-01-01T00:00:00Z",
        "to": "2100-01-01T00:00:00Z",
    });
    let (status, report) = world
        .ask("POST", "/decisions/what-if", Some(question))
        .await;
    assert_eq!(status, 200, "{report}");
    assert_eq!(report["examined"], CALLS, "{report}");
    for change in ["Allow->Deny", "Deny->Allow", "Hitl->Deny"] {
        assert_eq!(report["changed"][change], CALLS / 3, "{report}");
    }
    assert_eq!(world.audit().await.len(), CALLS, "nothing was recorded");

    let text = world.metrics().await;
    let third = CALLS / 3;
    for sample in [
        "vectra_guest_metrics_up 1".to_owned(),
        "vectra_database_up 1".to_owned(),
        format!(r#"vectra_decisions_total{{outcome="allow",stage="none",shadow=""}} {third}"#),
        format!(r#"vectra_decisions_total{{outcome="deny",stage="policy",shadow=""}} {third}"#),
        format!(r#"vectra_held_requests{{status="pending"}} {third}"#),
    ] {
        assert!(
            text.lines().any(|line| line == sample),
            "{sample} in:\n{text}"
        );
    }
}
