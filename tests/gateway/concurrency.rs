//! Many requests at once.

use serde_json::json;
use tokio::task::JoinSet;
use vectra_tests::agent::Agent;
use vectra_tests::database::Database;
use vectra_tests::process::{ADMIN_KEY, Home, Setup};
use vectra_tests::upstream::Upstream;

#[tokio::test(flavor = "multi_thread")]
async fn exactly_as_many_pass_as_may() {
    const LIMIT: usize = 10;
    let upstream = Upstream::start().await.unwrap();
    let setup = Setup {
        settings: json!({ "System": { "RateLimit": { "DefaultRequestsPerMinute": LIMIT } } }),
        allowed_upstreams: vec![upstream.host()],
        ..Setup::default()
    };
    let home = Home::new(setup).unwrap();
    let vectra = home.up().await.unwrap();
    let agent = Agent::register(vectra.address(), ADMIN_KEY, "agent", None)
        .await
        .unwrap();
    let before = minute();
    let mut sending = JoinSet::new();
    for _ in 0..4 * LIMIT {
        let request = agent.proxied("GET", &format!("http://{}/items", upstream.host()));
        let address = vectra.address().to_owned();
        sending.spawn(async move { request.send(&address).await.unwrap().status });
    }
    let statuses = sending.join_all().await;
    // Two minutes may have been touched; each lets its own number through.
    let minutes = usize::try_from(minute() - before + 1).unwrap();

    let passed = statuses.iter().filter(|status| **status == 200).count();
    let limited = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!(passed + limited, 4 * LIMIT, "{statuses:?}");
    assert!(
        passed == LIMIT || (minutes > 1 && passed <= minutes * LIMIT),
        "{passed} passed"
    );
    assert_eq!(upstream.take_received().len(), passed);
    let database = Database::open(&home.database()).await.unwrap();
    assert_eq!(database.audit(&agent.id).await.unwrap().len(), passed);
    assert_eq!(database.history(&agent.id).await.unwrap().len(), passed);
}

fn minute() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs() / 60
}
