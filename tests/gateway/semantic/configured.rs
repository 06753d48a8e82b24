//! Bundles and what a classifier's configuration may say.

use std::process::Output;

use serde_json::{Value, json};
use vectra_tests::DEADLINE;
use vectra_tests::process::{Home, Setup};

async fn check(settings: Value) -> (i32, String) {
    let home = Home::new(Setup {
        settings,
        ..Setup::default()
    })
    .unwrap();
    let mut command = home.command(&["check", "--config", "vectra.json"]).unwrap();
    let output = tokio::time::timeout(DEADLINE, command.output());
    let Output {
        status,
        stdout,
        stderr,
    } = output.await.expect("it does not end").unwrap();
    let text = [stdout, stderr].concat();
    (
        status.code().unwrap(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[tokio::test]
async fn a_bundle_that_is_not_there_is_an_error_that_names_those_that_are() {
    let (code, said) = check(json!({ "System": { "Bundle": "nothing" } })).await;
    assert_ne!(code, 0, "{said}");
    for name in [
        "vectra-sqlite-nothing.wasm",
        "vectra-sqlite.wasm",
        "vectra-sqlite-llm.wasm",
    ] {
        assert!(said.contains(name), "{name}: {said}");
    }
    assert!(!said.contains("vectra-import"), "{said}");
}

#[tokio::test]
async fn meaning_needs_a_bundle_that_classifies() {
    let semantic = json!({ "Enabled": true, "DefaultProvider": "Ollama" });
    let (code, said) = check(json!({ "Semantic": semantic })).await;
    assert!(code != 0 && said.contains("Semantic.Enabled"), "{said}");
    for (provider, database) in [
        ("Ollama", "Sqlite"),
        ("OpenAi", "Sqlite"),
        ("Gemini", "Postgres"),
    ] {
        let semantic = json!({ "Enabled": true, "DefaultProvider": provider });
        let server = "Host=localhost;Username=vectra";
        let settings = json!({ "Semantic": semantic, "System": { "Bundle": "llm",
            "Storage": { "Database": { "DefaultProvider": database, "Providers": { "Postgres": {
                "ConnectionString": server } } } } } });
        let (code, said) = check(settings).await;
        assert_eq!(code, 0, "{provider}: {said}");
    }
}

#[tokio::test]
async fn everything_wrong_with_the_classifier_is_said_with_its_key_and_no_secret() {
    let (code, said) = check(json!({ "System": { "Bundle": "llm" }, "Semantic": {
        "Enabled": true, "DefaultProvider": "OpenAi", "TimeoutSeconds": 0,
        "Providers": { "OpenAi": { "ApiKey": "sk-in-the-wrong-place", "Modell": "x",
            "Endpoint": "http://api.example/v1" } },
    } }))
    .await;
    assert_eq!(code, 2, "{said}");
    for key in [
        "Semantic.TimeoutSeconds",
        "Semantic.Providers.OpenAi.ApiKey",
        "Semantic.Providers.OpenAi.Modell",
        "Semantic.Providers.OpenAi.Endpoint",
    ] {
        assert!(said.contains(key), "{key}: {said}");
    }
    assert!(!said.contains("sk-in-the-wrong-place"), "{said}");
}
