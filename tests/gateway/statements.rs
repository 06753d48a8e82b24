//! What a governed request costs the database, as the host counts it.

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
    // A line comes a moment after its answer: so those of the two requests before, which
    // made the agent and its token, may still come, and no more. The fourth is of these.
    let before = vectra.output().matches(counter).count();
    for _ in 0..4 {
        must(request.send(vectra.address()).await.unwrap(), 200).unwrap();
    }
    vectra.says_more_often(counter, before + 3).await.unwrap();
    let output = vectra.output();
    let line = output.split(counter).nth(before + 4).unwrap();
    let digits: String = line.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
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
