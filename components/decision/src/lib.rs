//! The decision component: `vectra:decision/engine`, decided by `vectra-decision`.
//!
//! It imports nothing that reaches the outside.

mod bindings;
mod translate;

use bindings::exports::vectra::decision::engine::{Evaluation, Guest, Input};

struct Component;

impl Guest for Component {
    fn evaluate(input: Input) -> Evaluation {
        vectra_decision::evaluate(&input.into()).into()
    }
}

bindings::export!(Component with_types_in bindings);
