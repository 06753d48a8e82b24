//! The command line.

#[path = "commands/agents.rs"]
mod agents;
#[path = "commands/failures.rs"]
mod failures;
#[path = "commands/held.rs"]
mod held;
#[path = "commands/operators.rs"]
mod operators;
#[path = "commands/reading.rs"]
mod reading;
#[path = "commands/shell.rs"]
pub mod shell;

use std::process::Output;

use serde_json::json;
use vectra_tests::DEADLINE;
use vectra_tests::dist::dist;
use vectra_tests::process::{Home, Setup};

async fn run(home: &Home, arguments: &[&str]) -> Output {
    let mut command = home.command(arguments).unwrap();
    let output = tokio::time::timeout(DEADLINE, command.output());
    output.await.expect("it does not end").unwrap()
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A configuration with a mistake in every part, and the keys that are wrong.
fn mistaken() -> (Setup, [&'static str; 6]) {
    let settings = json!({
        "System": { "Server": { "Http": { "Port": 70000 }, "KeepAliveTimeout": "soon" }, "RateLimit": { "DefaultRequestsPerMinute": "many" } },
        "HumanInTheLoop": { "Threshold": 1.5 },
        "Proxy": { "AllowedUpstreams": ["nowhere"] },
        "Polices": { "Enabled": true },
    });
    let keys = [
        "System.Server.Http.Port",
        "System.Server.KeepAliveTimeout",
        "System.RateLimit.DefaultRequestsPerMinute",
        "HumanInTheLoop.Threshold",
        "Proxy.AllowedUpstreams",
        "Polices",
    ];
    (
        Setup {
            settings,
            ..Setup::default()
        },
        keys,
    )
}

#[tokio::test]
async fn check_names_all_mistakes_at_once() {
    let (setup, keys) = mistaken();
    let home = Home::new(setup).unwrap();
    let bundle = dist("vectra-sqlite.wasm").unwrap();
    let bundle = bundle.to_str().unwrap();
    let output = run(
        &home,
        &["check", "--config", "vectra.json", "--bundle", bundle],
    )
    .await;
    assert!(!output.status.success(), "{}", text(&output));
    for key in keys {
        assert!(
            text(&output).contains(key),
            "{key} is not named:\n{}",
            text(&output)
        );
    }
}

#[tokio::test]
async fn up_does_not_listen_with_mistakes() {
    let (setup, keys) = mistaken();
    let home = Home::new(setup).unwrap();
    let error = format!("{:#}", home.up().await.err().expect("it listens"));
    assert!(error.contains("before it listened"), "{error}");
    for key in keys {
        assert!(error.contains(key), "{key} is not named:\n{error}");
    }
}

#[tokio::test]
async fn check_passes_what_is_right() {
    let home = Home::new(Setup::default()).unwrap();
    let bundle = dist("vectra-sqlite.wasm").unwrap();
    let bundle = bundle.to_str().unwrap();
    let output = run(
        &home,
        &["check", "--config", "vectra.json", "--bundle", bundle],
    )
    .await;
    assert!(output.status.success(), "{}", text(&output));
}

#[tokio::test]
async fn help_names_the_commands() {
    let home = Home::new(Setup::default()).unwrap();
    let output = run(&home, &["--help"]).await;
    assert!(output.status.success());
    let words = [
        "up",
        "check",
        "backup",
        "audit",
        "operator",
        "agent",
        "token",
        "policy",
        "circuit",
        "hitl",
        "credential",
    ];
    for word in words {
        assert!(text(&output).contains(word), "{}", text(&output));
    }
}
