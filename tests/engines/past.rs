//! Decisions made again: the same, or none.

use serde_json::{Value, json};
use vectra_tests::agent::must;
use vectra_tests::client::Request;
use vectra_tests::process::ADMIN_KEY;
use vectra_tests::upstream::Upstream;

use crate::ENGINES;
use crate::traps::governed;

/// A policy that denies a method.
fn no_delete(engine: &str) -> &'static str {
    match engine {
        "cedar" => {
            "@id(\"no-delete\") forbid (principal, action, resource)
             when { context.method == \"DELETE\" };"
        }
        _ => {
            "package vectra
             decision := {\"effect\": \"Deny\", \"rule\": \"no-delete\"} if {
                 input.method == \"DELETE\"
             }"
        }
    }
}

#[tokio::test]
async fn a_method_that_a_header_names_counts_and_is_remembered() {
    let upstream = Upstream::start().await.unwrap();
    let many: Vec<String> = (0..70).map(|number| format!("M{number}")).collect();
    let long = "M".repeat(300);
    let cases: [(Vec<&str>, u16, &str); 5] = [
        (vec![], 200, "same"),
        (vec!["PUT", "GET"], 200, "same"),
        (vec!["PUT", "delete"], 403, "same"),
        // Neither is kept: it is said, and not guessed.
        (vec![long.as_str()], 200, "not-replayable"),
        (
            many.iter().map(String::as_str).collect(),
            403,
            "not-replayable",
        ),
    ];
    for engine in ENGINES {
        let (gateway, agent) = governed(engine, no_delete(engine), &upstream).await;
        let ask = async |request: Request| -> Value {
            let response = request.bearer(ADMIN_KEY).send(gateway.address()).await;
            must(response.unwrap(), 200).unwrap().json().unwrap()
        };
        for (methods, status, result) in &cases {
            let mut request = agent.proxied("POST", &format!("http://{}/", upstream.host()));
            for method in methods {
                request = request.header("X-HTTP-Method-Override", method);
            }
            let response = request.send(gateway.address()).await.unwrap();
            assert_eq!(response.status, *status, "{engine}: {methods:?}");
            let audit = ask(Request::new("GET", "/audit?limit=1")).await;
            let id = audit["items"][0]["auditId"].as_str().unwrap();
            let replay = Request::new("POST", &format!("/decisions/replay/{id}"));
            let replay = ask(replay.json(&json!({}))).await;
            assert_eq!(replay["result"], *result, "{engine}: {methods:?}: {replay}");
        }
    }
}
