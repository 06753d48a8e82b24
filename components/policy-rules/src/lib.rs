//! The rules component: `vectra:decision/policy`, by `vectra-decision`'s rules.
//!
//! It imports nothing that reaches the outside.

mod bindings;
mod translate;

use bindings::exports::vectra::decision::policy::{
    Answer, Compiled, Guest, Problem, Question, Recollection, Verdict,
};
use vectra_decision::rules;

struct Component;

impl Guest for Component {
    fn compile(source: String) -> Result<Compiled, Vec<Problem>> {
        rules::compile(&source)
            .map(Into::into)
            .map_err(|problems| problems.into_iter().map(Into::into).collect())
    }

    fn evaluate(code: Vec<u8>, question: Question) -> Answer {
        rules::evaluate(&code, &question.into()).into()
    }

    fn recall(code: Vec<u8>, recollection: Recollection) -> Result<Verdict, Vec<String>> {
        rules::recall(&code, &recollection.into()).map(Into::into)
    }
}

bindings::export!(Component with_types_in bindings);
