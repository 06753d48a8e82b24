//! `vectra-example-decision-in-rust DECISION.wasm < INPUT.json`

use std::env;
use std::io;
use std::path::Path;

use vectra_example_decision_in_rust::Decider;
use wasmtime::Result;
use wasmtime::error::Context as _;

fn main() -> Result<()> {
    let file = env::args_os().nth(1).context("which component?")?;
    let input = serde_json::from_reader(io::stdin())?;
    let answer = Decider::load(Path::new(&file))?.evaluate(&input)?;
    println!("{answer:#}");
    Ok(())
}
