//! The decision component in other people's hosts: each decides `examples/inputs.json` as
//! the native code does. The host in Rust has this test itself, in `examples/decision-in-rust`.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;
use vectra_tests::DEADLINE;
use vectra_tests::dist::{dist, repository};

use crate::inputs::entries;

/// Where xtask has installed what an example needs.
fn installed(relative: &str) -> PathBuf {
    let path = repository("target/tools/examples").join(relative);
    assert!(
        path.exists(),
        "{} is missing: `cargo xtask test` installs it",
        path.display()
    );
    path.canonicalize().unwrap()
}

fn node() -> Command {
    let mut command = Command::new("node");
    command.arg(installed("decision-in-node/decide.mjs"));
    command
}

fn python() -> Command {
    let mut command = Command::new("python3");
    command
        .arg(repository("examples/decision-in-python/decide.py"))
        .env("PYTHONPATH", installed("decision-in-python"))
        // What Python compiles stays out of the source.
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

#[tokio::test]
async fn node_decides_as_the_native_code_does() {
    decides(node()).await;
}

#[tokio::test]
async fn python_decides_as_the_native_code_does() {
    decides(python()).await;
}

#[tokio::test]
async fn no_host_takes_a_component_that_reaches_further() {
    for host in [node(), python()] {
        let output = asked(host, &dist("components/semantic-llm.wasm").unwrap()).await;
        assert!(!output.status.success());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("fermyon:spin/variables"), "{errors}");
    }
}

async fn decides(host: Command) {
    let output = asked(host, &dist("components/decision.wasm").unwrap()).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let entries = entries();
    assert_eq!(answers.len(), entries.len());
    for (entry, answer) in entries.iter().zip(&answers) {
        assert_eq!(plain(answer), plain(&entry["answer"]), "{}", entry["name"]);
    }
}

/// Runs a host on a component and all the inputs; it is killed at the deadline.
async fn asked(mut command: Command, component: &Path) -> Output {
    let mut host = command
        .arg(component)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut entries = entries();
    let inputs: Vec<Value> = entries
        .iter_mut()
        .map(|entry| entry["input"].take())
        .collect();
    let mut stdin = host.stdin.take().unwrap();
    // A host that refuses its component does not read.
    let _ = stdin.write_all(json!(inputs).to_string().as_bytes()).await;
    drop(stdin);
    timeout(DEADLINE, host.wait_with_output())
        .await
        .unwrap()
        .unwrap()
}

/// JSON whose numbers are all of one kind: JavaScript has no other.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect(),
        other => other.clone(),
    }
}
