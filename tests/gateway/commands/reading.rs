//! `vectra policy`, `audit` and `circuit`.

use serde_json::{Value, json};
use vectra_tests::agent::Agent;
use vectra_tests::client::Request;
use vectra_tests::process::{ADMIN_KEY, Home, Setup, Vectra};
use vectra_tests::upstream::Upstream;

use super::shell::{Shell, below, beside};

/// A port on which nobody listens, though it was free a moment ago.
async fn closed_port() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

async fn get(vectra: &Vectra, target: &str) -> Value {
    let request = Request::new("GET", target).bearer(ADMIN_KEY);
    request
        .send(vectra.address())
        .await
        .unwrap()
        .json()
        .unwrap()
}

#[tokio::test]
async fn policies_are_shown_with_their_rules() {
    let policy = json!({
        "name": "no-deletes", "owner": "tests", "default": "Allow",
        "rules": [{ "name": "no-delete", "priority": 3, "effect": "Deny",
            "conditions": [{ "field": "method", "operator": "eq", "value": "DELETE" }] }],
    });
    let setup = Setup {
        policies: [
            ("no-deletes.json".to_owned(), policy.to_string()),
            ("broken.json".to_owned(), "{".to_owned()),
        ]
        .into(),
        ..Setup::default()
    };
    let home = Home::new(setup).unwrap();
    let vectra = home.up().await.unwrap();
    let shell = Shell::new(&home, &vectra);
    let table = shell.done("policy list").await;
    assert_eq!(below(&table, "NAME"), ["broken", "no-deletes"], "{table}");
    assert_eq!(below(&table, "STATUS"), ["Broken", "Active"], "{table}");
    let table = shell.done("policy show no-deletes").await;
    assert_eq!(beside(&table, "default"), "Allow");
    let (_, rules) = table.split_once("\n\n").unwrap();
    assert_eq!(below(rules, "RULE"), ["no-delete"]);
    assert_eq!(below(rules, "EFFECT"), ["Deny"]);
    let json = shell.json("policy show no-deletes").await;
    assert_eq!(json, get(&vectra, "/policies/no-deletes").await);
    assert_eq!(
        shell.json("policy list").await,
        get(&vectra, "/policies").await
    );
    shell.fails("policy show nothing", 4).await;
}

#[tokio::test]
async fn what_was_decided_done_and_refused_is_listed() {
    let upstream = Upstream::start().await.unwrap();
    let dead = closed_port().await;
    let setup = Setup {
        allowed_upstreams: vec![upstream.host(), dead.clone()],
        settings: json!({ "System": { "CircuitBreaker": { "FailureThreshold": 1 } } }),
        ..Setup::default()
    };
    let home = Home::new(setup).unwrap();
    let vectra = home.up().await.unwrap();
    let shell = Shell::new(&home, &vectra);
    let address = vectra.address();
    let agent = Agent::register(address, ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    let send = async |host: &str, path: &str| {
        let request = agent.proxied("GET", &format!("http://{host}/{path}"));
        request.send(address).await.unwrap().status
    };
    assert_eq!(send(&upstream.host(), "a").await, 200);
    assert_eq!(send(&dead, "b").await, 503);
    shell.done(&format!("agent limit {} 0", agent.id)).await;
    assert_eq!(send(&upstream.host(), "c").await, 429);

    let by_agent = format!("audit list --agent {}", agent.id);
    let table = shell.done(&by_agent).await;
    assert_eq!(below(&table, "DECISION"), ["Allow", "Allow"], "{table}");
    assert_eq!(below(&table, "AGENT"), [agent.id.as_str(), &agent.id]);
    assert!(below(&table, "TARGET")[1].ends_with("/a"), "{table}");
    let target = format!("/audit?agentId={}", agent.id);
    assert_eq!(shell.json(&by_agent).await, get(&vectra, &target).await);

    let table = shell.done("audit refusals").await;
    assert_eq!(below(&table, "AGENT"), [agent.id.as_str()], "{table}");
    assert_eq!(below(&table, "REFUSED"), ["1"], "{table}");
    let refusals = format!("audit refusals --agent {}", agent.id);
    assert_eq!(
        shell.json(&refusals).await,
        get(&vectra, "/audit/refusals").await
    );

    let table = shell.done("audit acts --operator admin_key").await;
    let limit = "PUT /agents/{agentId}/limit";
    assert_eq!(below(&table, "ACTION"), [limit, "POST /agents"], "{table}");
    assert_eq!(
        shell.json("audit acts").await,
        get(&vectra, "/audit/acts").await
    );

    let table = shell.done("circuit list").await;
    let origin = format!("http://{dead}");
    assert!(below(&table, "ORIGIN").contains(&origin), "{table}");
    assert!(
        below(&table, "STATE").contains(&"Open".to_owned()),
        "{table}"
    );
    assert_eq!(
        shell.json("circuit list").await,
        get(&vectra, "/circuits").await
    );
    let table = shell.done("circuit changes").await;
    assert!(
        below(&table, "AFTER").contains(&"Open".to_owned()),
        "{table}"
    );
    let changes = shell.json("circuit changes").await;
    assert_eq!(changes, get(&vectra, "/circuits/changes").await);
}
