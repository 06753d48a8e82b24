//! Secrets: made once, kept to their owner, and never told.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use vectra_tests::agent::{Agent, must};
use vectra_tests::client::Request;
use vectra_tests::process::{
    ADMIN_KEY, DATA_KEY, Home, SecretSource, Setup, TOKEN_SECRET, made_secrets,
};
use vectra_tests::upstream::Upstream;

/// The folder beside the database.
const FOLDER: &str = "vectra.db.secrets";

#[tokio::test]
async fn makes_secrets_at_the_first_start_and_keeps_them() {
    let setup = Setup {
        secrets: SecretSource::Made,
        ..Setup::default()
    };
    let home = Home::new(setup).unwrap();
    let vectra = home.up().await.unwrap();
    let secrets = made_secrets(&home.path(FOLDER)).unwrap();
    let admin_key = secrets
        .values()
        .find(|secret| secret.starts_with("vop_"))
        .unwrap()
        .clone();
    assert!(secrets.len() >= 3, "{:?}", secrets.keys());
    for name in secrets.keys() {
        let metadata = std::fs::metadata(home.path(FOLDER).join(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
    // Printed once, and nothing else of what is secret.
    assert_eq!(
        vectra.output().matches(&admin_key).count(),
        1,
        "{}",
        vectra.output()
    );
    for secret in secrets.values().filter(|secret| **secret != admin_key) {
        assert!(
            !vectra.output().contains(secret.as_str()),
            "a secret was printed"
        );
    }
    Agent::register(vectra.address(), &admin_key, "agent", None)
        .await
        .unwrap();
    vectra.stop().await.unwrap();

    let vectra = home.up().await.unwrap();
    assert_eq!(made_secrets(&home.path(FOLDER)).unwrap(), secrets);
    Agent::register(vectra.address(), &admin_key, "agent", None)
        .await
        .unwrap();
    let (_, output) = vectra.stop().await.unwrap();
    assert!(
        !output.contains(&admin_key),
        "the admin key was printed again"
    );
}

#[tokio::test]
async fn never_tells_a_secret_not_even_at_debug() {
    let upstream = Upstream::start().await.unwrap();
    let policy = json!({
        "name": "hold-deletes", "owner": "tests", "default": "Allow",
        "rules": [{ "name": "hold", "priority": 1, "effect": "Hitl",
            "conditions": [{ "field": "method", "operator": "eq", "value": "DELETE" }] }],
    });
    let setup = Setup {
        policies: [("hold-deletes.json".to_owned(), policy.to_string())].into(),
        allowed_upstreams: vec![upstream.host()],
        environment: [("RUST_LOG".to_owned(), "debug".to_owned())].into(),
        ..Setup::default()
    };
    let home = Home::new(setup).unwrap();
    let vectra = home.up().await.unwrap();
    let address = vectra.address().to_owned();
    let agent = Agent::register(&address, ADMIN_KEY, "agent", Some("hold-deletes"))
        .await
        .unwrap();
    let url = format!("http://{}/items?token=in-the-query-9f2c", upstream.host());
    let body = json!({ "password": "in-the-body-77ab" });
    let send = |method: &str| {
        agent
            .proxied(method, &url)
            .header("X-Api-Key", "in-a-header-31de")
            .json(&body)
    };
    must(send("POST").send(&address).await.unwrap(), 200).unwrap();
    must(send("DELETE").send(&address).await.unwrap(), 202).unwrap();
    // Refusals have a context of their own in the log.
    let wrong = json!({ "agentId": agent.id, "clientSecret": "a-wrong-secret-5d1e" });
    must(
        Request::new("POST", "/tokens")
            .json(&wrong)
            .send(&address)
            .await
            .unwrap(),
        401,
    )
    .unwrap();
    let bad = format!("{}x", agent.token);
    must(
        Request::new("GET", &format!("/proxy/{url}"))
            .bearer(&bad)
            .send(&address)
            .await
            .unwrap(),
        401,
    )
    .unwrap();

    let (status, output) = vectra.stop().await.unwrap();
    assert!(status.success(), "{output}");
    let secrets = [
        ADMIN_KEY,
        TOKEN_SECRET,
        DATA_KEY,
        &agent.secret,
        &agent.token,
        "in-the-query-9f2c",
        "in-the-body-77ab",
        "in-a-header-31de",
        "a-wrong-secret-5d1e",
    ];
    for secret in secrets {
        assert!(!output.contains(secret), "`{secret}` was told:\n{output}");
    }
    // Nor is any of it in the database, the client's hash and the sealed request apart.
    let mut file = std::fs::read(home.database()).unwrap();
    file.extend(std::fs::read(home.path("vectra.db-wal")).unwrap_or_default());
    let holds = |text: &str| {
        file.windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(
        holds("hold-deletes") && holds(&agent.id),
        "what is no secret is not found either"
    );
    for secret in secrets {
        assert!(!holds(secret), "`{secret}` is in the database");
    }
}
