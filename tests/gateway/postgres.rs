//! With PostgreSQL instead of a file.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vectra_cluster::{Cluster, Durability, Options};
use vectra_tests::DEADLINE;
use vectra_tests::agent::{Agent, must};
use vectra_tests::client::Request;
use vectra_tests::dist::dist;
use vectra_tests::process::{ADMIN_KEY, Home, SecretSource, Setup, Vectra};
use vectra_tests::upstream::Upstream;

pub fn cluster() -> Cluster {
    let options = Options {
        durability: Durability::Fast,
        ..Options::default()
    };
    Cluster::start_with(options).unwrap()
}

/// Settings with a connection string in the form of the original.
fn settings(cluster: &Cluster) -> Value {
    let (host, port) = (cluster.host(), cluster.port());
    let (user, password) = (cluster.user(), cluster.password());
    let text =
        format!("Host={host};Port={port};Database=postgres;Username={user};Password={password}");
    json!({ "System": { "Storage": { "Database": {
        "DefaultProvider": "Postgres",
        "Providers": { "Postgres": { "ConnectionString": text } },
    } } } })
}

/// A gateway's folder, and an upstream that it may reach.
async fn home(cluster: &Cluster) -> (Home, Upstream) {
    let upstream = Upstream::start().await.unwrap();
    let setup = Setup {
        settings: settings(cluster),
        allowed_upstreams: vec![upstream.host()],
        ..Setup::default()
    };
    (Home::new(setup).unwrap(), upstream)
}

async fn up(home: &Home) -> Vectra {
    home.up_with(&dist("vectra-postgres.wasm").unwrap())
        .await
        .unwrap()
}

async fn health(vectra: &Vectra) -> u16 {
    let request = Request::new("GET", "/health");
    request.send(vectra.address()).await.unwrap().status
}

/// Waits until a request is answered with 200.
pub async fn serves(vectra: &Vectra, request: &Request) {
    let begun = Instant::now();
    loop {
        let answer = request.send(vectra.address()).await.unwrap();
        if answer.status == 200 {
            return;
        }
        assert_eq!(answer.status, 503, "{answer:?}\n{}", vectra.output());
        assert!(begun.elapsed() < DEADLINE, "{}", vectra.output());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_waited_for_and_nothing_is_forwarded_without_it() {
    let mut cluster = cluster();
    let (home, upstream) = home(&cluster).await;
    cluster.stop().unwrap();
    let vectra = up(&home).await;
    assert_eq!(health(&vectra).await, 503);
    let place = format!("127.0.0.1:{}", cluster.port());
    vectra.says(&place).await.unwrap();

    cluster.start_again().unwrap();
    serves(&vectra, &Request::new("GET", "/health")).await;
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    let request = agent.proxied("GET", &format!("http://{}/items", upstream.host()));
    must(request.send(vectra.address()).await.unwrap(), 200).unwrap();
    assert_eq!(upstream.take_received().len(), 1);

    cluster.stop().unwrap();
    let refused = request.send(vectra.address()).await.unwrap();
    must(refused, 503).unwrap();
    assert_eq!(health(&vectra).await, 503);
    assert_eq!(upstream.take_received().len(), 0);

    cluster.start_again().unwrap();
    serves(&vectra, &request).await;
    assert_eq!(upstream.take_received().len(), 1);
    let (status, output) = vectra.stop().await.unwrap();
    assert_eq!(status.code(), Some(0), "{output}");
    assert!(!output.contains(cluster.password()), "{output}");
}

#[tokio::test]
async fn gateways_that_share_a_server_serve_the_same_agents() {
    let cluster = cluster();
    let (first, upstream) = home(&cluster).await;
    let setup = Setup {
        settings: settings(&cluster),
        allowed_upstreams: vec![upstream.host()],
        ..Setup::default()
    };
    let second = Home::new(setup).unwrap();
    let (one, other) = tokio::join!(up(&first), up(&second));
    serves(&one, &Request::new("GET", "/health")).await;
    serves(&other, &Request::new("GET", "/health")).await;
    let agent = Agent::register(one.address(), ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    let request = agent.proxied("GET", &format!("http://{}/items", upstream.host()));
    for vectra in [&one, &other] {
        must(request.send(vectra.address()).await.unwrap(), 200).unwrap();
    }
    let audit = Request::new("GET", "/audit").bearer(ADMIN_KEY);
    let audit = must(audit.send(other.address()).await.unwrap(), 200).unwrap();
    assert_eq!(audit.json().unwrap()["items"].as_array().unwrap().len(), 2);
    assert!(!first.database().exists(), "a file was made");
}

#[tokio::test]
async fn secrets_that_were_made_lie_in_the_configurations_folder_and_are_warned_about() {
    let cluster = cluster();
    let setup = Setup {
        settings: settings(&cluster),
        secrets: SecretSource::Made,
        ..Setup::default()
    };
    let home = Home::new(setup).unwrap();
    let vectra = up(&home).await;
    assert!(home.path("vectra.secrets/data_key").is_file());
    vectra
        .says("VECTRA_ADMIN_KEY, VECTRA_TOKEN_SECRET, VECTRA_DATA_KEY and VECTRA_WEBHOOK_SECRET are not set")
        .await
        .unwrap();
}

#[tokio::test]
async fn the_provider_chooses_the_bundle_and_the_environment_the_provider() {
    for (provider, bundle) in [
        ("postgres", "vectra-postgres.wasm"),
        ("SQLITE", "vectra-sqlite.wasm"),
    ] {
        let home = Home::new(Setup {
            settings: json!({ "System": { "Storage": { "Database": { "Providers": {
                "Postgres": { "ConnectionString": "Host=127.0.0.1;Username=vectra" },
            } } } } }),
            ..Setup::default()
        })
        .unwrap();
        let mut command = home.command(&["check"]).unwrap();
        command.env("System__Storage__Database__DefaultProvider", provider);
        let output = tokio::time::timeout(DEADLINE, command.output());
        let output = output.await.expect("it does not end").unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && log.contains(bundle), "{log}");
    }
}
