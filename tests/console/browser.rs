//! Drives Chromium through one of the scripts beside this file.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use vectra_tests::dist::repository;

/// How long a script may take; a browser on a busy machine is slow.
pub const PATIENCE: Duration = Duration::from_secs(240);

/// Runs `drive.mjs` with this script; what it is told goes through its standard input, since
/// keys are among it. Screenshots go to `target/console/`.
pub async fn drive(script: &str, told: &Value) {
    let tools = repository("target/tools/console");
    assert!(
        tools.join("node_modules/playwright-core").is_dir(),
        "what drives the browser is missing: `cargo xtask test -- --test console` installs it"
    );
    let mut child = Command::new("node")
        .arg(repository("tests/console/drive.mjs"))
        .arg(script)
        .env("CONSOLE_TOOLS", &tools)
        .env("CONSOLE_SHOTS", repository("target/console"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node cannot be started");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(told.to_string().as_bytes()).await.unwrap();
    drop(stdin);
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output())
        .await
        .expect("the browser is not done in time")
        .unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{script}: {text}");
    // A script that ends before its end says nothing.
    assert!(text.contains("all steps done"), "{script}: {text}");
}
