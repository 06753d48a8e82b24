//! The matrix of roles once more, through the composed components on real sockets and
//! both databases: `tests/golden/roles.txt`, which vectra-api's own test writes.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use vectra_api::{ROUTES, Route};
use vectra_domain::Timestamp;
use vectra_tests::DEADLINE;
use vectra_tests::agent::{Agent, must};
use vectra_tests::client::Request;
use vectra_tests::dist::dist;
use vectra_tests::process::{ADMIN_KEY, Home, Setup, Vectra, lay_over, postgres_settings};
use vectra_tests::upstream::Upstream;

use crate::postgres::{cluster, serves};

const GOLDEN: &str = include_str!("../golden/roles.txt");

const POLICY: &str = r#"{"name":"p","owner":"tests","default":"Allow","rules":[{"name":"ask",
    "priority":1,"effect":"Hitl",
    "conditions":[{"field":"path","operator":"startswith","value":"/ask"}]}]}"#;

/// A line of the golden file: method, path, and what each caller gets.
struct Line {
    method: &'static str,
    path: &'static str,
    answers: Vec<(&'static str, &'static str)>,
}

/// All lines. The callers stand above them, after the last `#`.
fn lines() -> Vec<Line> {
    let mut heads = GOLDEN.lines().filter_map(|line| line.strip_prefix('#'));
    let callers: Vec<_> = heads.next_back().unwrap().split_whitespace().collect();
    let rows = GOLDEN.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let mut cells = row.split_whitespace();
        Line {
            method: cells.next().unwrap(),
            path: cells.next().unwrap(),
            answers: callers.iter().copied().zip(cells).collect(),
        }
    })
    .collect()
}

/// A gateway, and the credentials of everybody.
struct Stage {
    vectra: Vectra,
    _home: Home,
    upstream: Upstream,
    /// The token of the agent that asks.
    agent: Agent,
    /// What it asked for is held here.
    held: String,
    /// The row of the decision that held it.
    audit: String,
    keys: Vec<(&'static str, String)>,
}

impl Stage {
    async fn start(bundle: &str, database: &Value) -> Self {
        let upstream = Upstream::start().await.unwrap();
        let mut settings = json!({
            "System": { "RateLimit": { "Enabled": false } },
            "HumanInTheLoop": { "MaxPendingPerAgent": 0, "MaxPendingRequests": 0 },
            "Security": { "AgentAuth": { "BcryptCost": 4 } },
        });
        lay_over(&mut settings, database);
        let home = Home::new(Setup {
            settings,
            policies: [("p.json".to_owned(), POLICY.to_owned())].into(),
            allowed_upstreams: vec![upstream.host()],
            ..Setup::default()
        })
        .unwrap();
        let vectra = home.up_with(&dist(bundle).unwrap()).await.unwrap();
        serves(&vectra, &Request::new("GET", "/health")).await;
        let agent = Agent::register(vectra.address(), ADMIN_KEY, "asks", Some("p"))
            .await
            .unwrap();
        let ask = agent.proxied("GET", &format!("http://{}/ask", upstream.host()));
        let held = must(ask.send(vectra.address()).await.unwrap(), 202).unwrap();
        let held = held.json().unwrap();
        let text = |name: &str| held[name].as_str().unwrap().to_owned();
        let (held, audit) = (text("id"), text("auditId"));
        let mut stage = Self {
            vectra,
            _home: home,
            upstream,
            agent,
            held,
            audit,
            keys: Vec::new(),
        };
        stage.everybody().await;
        stage
    }

    async fn everybody(&mut self) {
        for (caller, role) in [
            ("admin", "Admin"),
            ("reviewer", "Reviewer"),
            ("auditor", "Auditor"),
        ] {
            let key = self
                .operator(&json!({ "name": caller, "role": role }))
                .await
                .1;
            self.keys.push((caller, key));
        }
        let (id, key) = self
            .operator(&json!({ "name": "former", "role": "Admin" }))
            .await;
        let revoke = Request::new("DELETE", &format!("/operators/{id}")).bearer(ADMIN_KEY);
        must(revoke.send(self.vectra.address()).await.unwrap(), 204).unwrap();
        self.keys.push(("revoked", key));
        // A second is enough to see that the key works, and not much to wait.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(1);
        let soon = Timestamp::from_micros(i64::try_from(now.as_micros()).unwrap()).unwrap();
        let soon = soon.to_string();
        let brief = json!({ "name": "brief", "role": "Admin", "expiresAt": soon });
        let key = self.operator(&brief).await.1;
        let agents = Request::new("GET", "/agents").bearer(&key);
        self.keys.push(("expired", key));
        let begun = Instant::now();
        while agents.send(self.vectra.address()).await.unwrap().status != 401 {
            assert!(begun.elapsed() < DEADLINE, "it does not expire");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Adds an operator; its id and key.
    async fn operator(&self, body: &Value) -> (String, String) {
        let add = Request::new("POST", "/operators")
            .bearer(ADMIN_KEY)
            .json(body);
        let added = must(add.send(self.vectra.address()).await.unwrap(), 201).unwrap();
        let added = added.json().unwrap();
        let text = |name: &str| added[name].as_str().unwrap().to_owned();
        (text("operatorId"), text("key"))
    }

    /// Has another request of the agent held.
    async fn hold(&self) -> String {
        let ask = format!("http://{}/ask", self.upstream.host());
        let ask = self.agent.proxied("GET", &ask);
        let held = must(ask.send(self.vectra.address()).await.unwrap(), 202).unwrap();
        held.json().unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Binds a credential to an origin of this name.
    async fn bind(&self, name: &str) -> String {
        let body = json!({ "origin": origin(name), "headers": { "X-Key": "k" } });
        let bind = Request::new("POST", "/credentials")
            .bearer(ADMIN_KEY)
            .json(&body);
        let bound = must(bind.send(self.vectra.address()).await.unwrap(), 201).unwrap();
        bound.json().unwrap()["credentialId"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn credential(&self, caller: &str) -> Option<String> {
        match caller {
            "nobody" => None,
            "agent" => Some(self.agent.token.clone()),
            "malformed" => Some("vop_wrong".to_owned()),
            "foreign" => Some(format!("vop_{}", "A".repeat(43))),
            _ => {
                let found = self.keys.iter().find(|(name, _)| *name == caller);
                Some(found.unwrap_or_else(|| panic!("{caller}")).1.clone())
            }
        }
    }

    /// What a caller gets of an endpoint: everything it acts on is made anew.
    async fn ask(&self, caller: &str, route: &Route, number: usize) -> u16 {
        let address = self.vectra.address();
        let agent = Agent::register(address, ADMIN_KEY, "acted upon", None)
            .await
            .unwrap();
        let name = format!("for {number} {caller}");
        let operator = self
            .operator(&json!({ "name": name, "role": "Admin" }))
            .await
            .0;
        let policy = match (route.method, route.path) {
            ("PUT" | "DELETE", "/policies/{name}") => format!("of-{number}-{caller}"),
            _ => "p".to_owned(),
        };
        if (route.method, route.path) == ("DELETE", "/policies/{name}") {
            let put = Request::new("PUT", &format!("/policies/{policy}"));
            let put = put.bearer(ADMIN_KEY).json(&json!({ "name": policy }));
            must(put.send(address).await.unwrap(), 201).unwrap();
        }
        let held = match route.path.starts_with("/hitls/{id}/") {
            true => self.hold().await,
            false => self.held.clone(),
        };
        let credential = match route.path.contains("{credentialId}") {
            true => {
                self.bind(&format!("{number}-{caller}-{}", route.method))
                    .await
            }
            false => String::new(),
        };
        let path = route
            .path
            .replace("{credentialId}", &credential)
            .replace("{file}", "main.js")
            .replace("{agentId}", &agent.id)
            .replace("{operatorId}", &operator)
            .replace("{id}", &held)
            .replace("{auditId}", &self.audit)
            .replace("{name}", &policy)
            .replace(
                "{target}",
                &format!("http://{}/items", self.upstream.host()),
            );
        let method = if route.method == "ANY" {
            "PUT"
        } else {
            route.method
        };
        let mut request = Request::new(method, &path);
        if let Some(body) = body(route, &agent, &format!("new {number} {caller}"), &policy) {
            request = request.json(&body);
        }
        if let Some(credential) = self.credential(caller) {
            request = request.bearer(&credential);
        }
        request.send(address).await.unwrap().status
    }
}

/// An origin that nobody calls.
fn origin(name: &str) -> String {
    format!("https://{}.example", name.replace(' ', "-").to_lowercase())
}

/// A body that the endpoint takes.
fn body(route: &Route, agent: &Agent, name: &str, policy: &str) -> Option<Value> {
    let described = json!({ "method": "GET", "url": "http://api.example/" });
    Some(match (route.method, route.path) {
        ("PUT", "/policies/{name}") => json!({ "name": policy }),
        ("POST", "/policies/{name}/evaluate" | "/decisions/evaluate") => {
            json!({ "request": described })
        }
        ("POST", "/decisions/replay/{auditId}" | "/lifecycle/tick") => json!({}),
        ("POST", "/decisions/what-if") => json!({
            "policy": { "name": "p" },
            "from": "2020-01-01T00:00:00Z",
            "to": "2020-01-02T00:00:00Z",
        }),
        ("POST", "/operators") => json!({ "name": name, "role": "Auditor" }),
        ("POST", "/agents") | ("PATCH", "/agents/{agentId}") => json!({ "name": name }),
        ("PUT", "/agents/{agentId}/policy") => json!({ "policyName": "p" }),
        ("PUT", "/agents/{agentId}/limit") => json!({ "requestsPerMinute": 7 }),
        ("POST", "/agents/{agentId}/secret") => json!({}),
        ("POST", "/hitls/{id}/settle") => json!({ "sent": true }),
        ("POST", "/credentials") => json!({ "origin": origin(name), "headers": { "X-Key": "k" } }),
        ("PUT", "/credentials/{credentialId}") => json!({ "headers": { "X-Key": "k" } }),
        ("POST", "/tokens") => json!({ "agentId": agent.id, "clientSecret": agent.secret }),
        _ => return None,
    })
}

async fn the_matrix_holds(bundle: &str, database: &Value) {
    let stage = Stage::start(bundle, database).await;
    let lines = lines();
    let mut wrong = Vec::new();
    for (number, route) in ROUTES.iter().enumerate() {
        let line = lines
            .iter()
            .find(|line| (line.method, line.path) == (route.method, route.path));
        let line = line.unwrap_or_else(|| panic!("no line for {} {}", route.method, route.path));
        for (caller, expected) in &line.answers {
            let status = stage.ask(caller, route, number).await;
            let actual = match status {
                200..=299 => "yes".to_owned(),
                other => other.to_string(),
            };
            if actual != *expected {
                let (method, path) = (line.method, line.path);
                wrong.push(format!(
                    "{method} {path}: {caller} gets {actual}, not {expected}"
                ));
            }
        }
    }
    assert_eq!(lines.len(), ROUTES.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn everybody_gets_of_every_endpoint_what_the_matrix_says_on_sqlite() {
    the_matrix_holds("vectra-sqlite.wasm", &Value::Null).await;
}

#[tokio::test]
async fn everybody_gets_of_every_endpoint_what_the_matrix_says_on_postgres() {
    let cluster = cluster();
    let settings = postgres_settings(&cluster.url());
    the_matrix_holds("vectra-postgres.wasm", &settings).await;
}
