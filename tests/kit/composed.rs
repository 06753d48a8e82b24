//! Gateways that other people's components are part of, under `vectra up`.

use std::path::PathBuf;

use serde_json::Value;
use vectra_tests::agent::Agent;
use vectra_tests::client::Request;
use vectra_tests::database::Database;
use vectra_tests::dist::dist;
use vectra_tests::process::{ADMIN_KEY, Home, Setup};
use vectra_tests::upstream::Upstream;

/// A bundle of the examples.
pub fn bundle(name: &str) -> PathBuf {
    dist(&format!("examples/{name}.wasm")).unwrap()
}

/// The policy that the gateway is tried with.
const POLICY: &str = r#"{ "name": "no-admin", "owner": "tests", "default": "Allow", "rules": [
    { "name": "deny-admin-paths", "priority": 1, "effect": "Deny",
      "conditions": [{ "field": "path", "operator": "contains", "value": "/admin/" }] }] }"#;

#[tokio::test]
async fn a_middleware_answers_itself_passes_agents_on_and_hides_the_rest() {
    let upstream = Upstream::start().await.unwrap();
    let mut setup = Setup {
        allowed_upstreams: vec![upstream.host()],
        ..Setup::default()
    };
    setup
        .policies
        .insert("no-admin.json".to_owned(), POLICY.to_owned());
    let home = Home::new(setup).unwrap();
    // One process at a time has a SQLite file; on PostgreSQL both could run.
    let operators = home.up().await.unwrap();
    let agent = Agent::register(operators.address(), ADMIN_KEY, "agent", Some("no-admin"));
    let agent = agent.await.unwrap();
    operators.stop().await.unwrap();
    let agents = home.up_with(&bundle("vectra-agents-only")).await.unwrap();

    let send = async |request: Request| request.send(agents.address()).await.unwrap();
    let alive = send(Request::new("GET", "/livez?deep")).await;
    assert_eq!(
        (alive.status, alive.body.as_slice()),
        (200, &b"alive\n"[..])
    );

    for (method, target) in [
        ("GET", "/agents"),
        ("GET", "/health"),
        ("GET", "/console"),
        ("GET", "/hitls"),
        ("GET", "/hitls/"),
        ("POST", "/hitls/1/approve"),
        ("GET", "/hitls/1/approve"),
        ("GET", "/tokens"),
        ("POST", "/livez"),
        ("GET", "//agents"),
        ("GET", "/proxy"),
    ] {
        let hidden = send(Request::new(method, target).bearer(ADMIN_KEY)).await;
        assert_eq!(hidden.status, 404, "{method} {target}");
        assert_eq!(hidden.body, b"no such page\n", "{method} {target}");
    }
    let token = vectra_tests::agent::token(agents.address(), &agent.id, &agent.secret).await;
    let agent = Agent {
        token: token.unwrap(),
        ..agent
    };
    let url = |path: &str| format!("http://{}{path}", upstream.host());
    let mut request = agent.proxied("POST", &url("/rows"));
    request.body = vec![b'x'; 200_000];
    assert_eq!(send(request.clone()).await.status, 200);
    let denied = send(agent.proxied("GET", &url("/admin/users"))).await;
    assert_eq!(denied.status, 403);
    let received = upstream.take_received();
    assert_eq!(received.len(), 1, "{received:?}");
    assert_eq!(received[0].target, "/rows");
    assert_eq!(received[0].body.as_ref(), request.body.as_slice());
}

#[tokio::test]
async fn repositories_in_memory_take_the_place_of_ours() {
    // `vectra up` gives each request an instance of its own: what is registered in one is
    // unknown in the next. That it answers at all shows that all is wired.
    let home = Home::new(Setup::default()).unwrap();
    let vectra = home.up_with(&bundle("vectra-memory")).await.unwrap();
    let listed = Request::new("GET", "/agents").bearer(ADMIN_KEY);
    let listed = listed.send(vectra.address()).await.unwrap();
    let body: Value = serde_json::from_slice(&listed.body).unwrap_or_default();
    assert_eq!(listed.status, 200, "{body}");
    assert_eq!(body["items"].as_array().map(Vec::len), Some(0), "{body}");
    // The database that the host offers was never asked for a table.
    let database = Database::open(&home.database()).await.unwrap();
    let tables = database.rows("SELECT name FROM sqlite_master", &[]).await;
    assert_eq!(tables.unwrap(), Vec::<Value>::new());
}
