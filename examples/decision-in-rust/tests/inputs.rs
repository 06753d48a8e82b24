//! `examples/inputs.json`, decided in this host. That it got by with `wasi:cli` and
//! `wasi:io` is the proof that the component needs nothing else.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vectra_example_decision_in_rust::Decider;

fn repository(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(relative)
}

fn decider(component: &str) -> wasmtime::Result<Decider> {
    let file = repository("dist/components").join(component);
    assert!(file.is_file(), "{component}: run `cargo xtask build` first");
    Decider::load(&file)
}

fn cases() -> Vec<Value> {
    let text = std::fs::read_to_string(repository("examples/inputs.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn decides_as_the_native_code_does_with_nothing_but_cli_and_io() {
    let decider = decider("decision.wasm").unwrap();
    let cases = cases();
    assert!(cases.len() >= 6);
    for case in cases {
        let name = &case["name"];
        // Twice: nothing is left of the first time.
        for _ in 0..2 {
            let answer = decider.evaluate(&case["input"]).unwrap();
            assert_eq!(answer, case["answer"], "{name}");
        }
    }
}

#[test]
fn a_component_that_reaches_further_finds_no_place_here() {
    let Err(error) = decider("semantic-llm.wasm") else {
        panic!("it has been linked");
    };
    let error = format!("{error:#}");
    let missing = "a matching implementation was not found in the linker";
    assert!(error.contains(missing), "{error}");
}

#[test]
fn an_input_of_another_form_is_refused_by_its_place() {
    let decider = decider("decision.wasm").unwrap();
    let mut input = cases().swap_remove(0)["input"].take();
    input["agent"]["trust-score"] = json!("high");
    let error = decider.evaluate(&input).unwrap_err().to_string();
    assert_eq!(error, "`input.agent.trust-score` is no number");
}
