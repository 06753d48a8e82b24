//! What a governed request costs the database, as the host counts it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vectra_tests::agent::{Agent, must};
use vectra_tests::process::{ADMIN_KEY, Home, Setup, lay_over, postgres_settings};
use vectra_tests::upstream::Upstream;

/// Statements of one allowed and forwarded request, by the line that the host logs when
/// it ends.
async fn statements(mut settings: Value, counter: &str) -> u32 {
    // What becomes of it is one more, after the answer.
    lay_over(
        &mut settings,
        &json!({ "Audit": { "RecordOutcomes": false } }),
    );
    let upstream = Upstream::start().await.unwrap();
    let log = "info,vectra::sqlite=debug,vectra::postgres=debug";
    let home = Home::new(Setup {
        settings,
        allowed_upstreams: vec![upstream.host()],
        environment: [("RUST_LOG".to_owned(), log.to_owned())].into(),
        ..Setup::default()
    })
    .unwrap();
    let vectra = home.up().await.unwrap();
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    let request = agent.proxied("GET", &format!("http://{}/items", upstream.host()));
    // A line comes a moment after its answer, and the gateway has business of its own: what
    // most lines say is what these requests took.
    let before = vectra.output().matches(counter).count();
    for _ in 0..12 {
        must(request.send(vectra.address()).await.unwrap(), 200).unwrap();
    }
    vectra.says_more_often(counter, before + 11).await.unwrap();
    let output = vectra.output();
    let mut counts = BTreeMap::new();
    for line in output.split(counter).skip(before + 1) {
        let digits: String = line.chars().take_while(char::is_ascii_digit).collect();
        *counts.entry(digits.parse().unwrap()).or_insert(0) += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, times)| *times);
    most.unwrap().0
}

#[tokio::test]
async fn a_governed_request_takes_two_statements_of_sqlite() {
    assert_eq!(statements(json!({}), "sqlite.statements=").await, 2);
}

#[tokio::test]
async fn a_governed_request_takes_two_statements_of_postgresql() {
    let database = vectra_cluster::Database::fresh().unwrap();
    let settings = postgres_settings(database.url());
    assert_eq!(statements(settings, "postgres.statements=").await, 2);
}
