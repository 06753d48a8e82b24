//! Policies as operators write them. An input is a policy's text.
//!
//! * Nothing panics, and nothing is refused without a problem.
//! * What is compiled is canonical: compiling its document again changes nothing.
//! * It has an answer to every question, the same each time.

use crate::text;
use std::sync::LazyLock;

use crate::deciding::questions;
use vectra_decision::{Compiled, PolicyQuestion, rules};

static QUESTIONS: LazyLock<Vec<PolicyQuestion>> = LazyLock::new(questions);

/// What must hold of one input; of one that is not text, of its beginning that is.
pub fn run(input: &[u8]) {
    let source = text(input);
    // Expressions take long to make ready, and more of them show nothing more.
    if source.to_ascii_lowercase().matches("regex").count() > 1 {
        return;
    }
    let mut compiled = match rules::compile(source) {
        Ok(compiled) => compiled,
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a problem");
            return;
        }
    };
    let again = rules::compile(&compiled.document);
    // Properties that are unknown are warned of and not kept.
    compiled.warnings.clear();
    let again = again.map(|again| Compiled {
        warnings: Vec::new(),
        ..again
    });
    assert_eq!(again.as_ref(), Ok(&compiled), "it is not canonical");
    for question in &*QUESTIONS {
        let answer = rules::evaluate(&compiled.code, question);
        assert_eq!(answer, rules::evaluate(&compiled.code, question));
    }
}
