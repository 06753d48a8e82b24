//! Compiled policies as a damaged or hostile database gives them. An input is such a
//! policy, and also what is done to a sound one: four bytes each, two of a place and
//! one of a value; the fourth says whether the byte is changed, all behind it is cut
//! off, or one is put in.
//!
//! * Nothing panics, and nothing takes long.
//! * Every question has an answer, the same each time.
//! * What is neither a compiled policy nor the JSON of one denies.

use std::sync::LazyLock;

use crate::deciding::questions;
use vectra_decision::{DecisionType, PolicyQuestion, PolicyReply, rules};

/// A policy with all that a compiled form has to hold.
const SOURCE: &str = r#"{"name":"p","default":"Allow","rules":[
{"name":"d","effect":"Deny","priority":3,"conditions":[{"field":"path","operator":"regex","value":"^/admin/|export$"},{"field":"method","operator":"in","value":["DELETE","PUT"]}]},
{"name":"h","effect":"Hitl","priority":2,"reason":"why","conditions":[{"field":"target.host","operator":"eq","value":"api.example.com"},{"field":"body.items.n","operator":"gt","value":0.5}]},
{"name":"l","effect":"Deny","conditions":[{"field":"headers.x-team","operator":"in","value":["a","c"]},{"field":"body.op","operator":"contains","value":"del"}]},
{"effect":"Allow","conditions":[{"field":"path","operator":"startswith","value":"/a"},{"field":"trustScore","operator":"ge","value":0.4}]}]}"#;

static QUESTIONS: LazyLock<Vec<PolicyQuestion>> = LazyLock::new(questions);
static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let compiled = rules::compile(SOURCE).expect("it is a policy");
    compiled.code
});

/// What must hold of one input.
pub fn run(input: &[u8]) {
    let start = SOUND.get(..4).expect("a compiled policy is longer");
    // JSON is what the version before kept: that may well be a policy.
    let is_foreign = !input.starts_with(start) && !input.starts_with(b"{");
    for reply in ask(input) {
        let denies = matches!(&reply, PolicyReply::Verdict(verdict)
            if verdict.effect == DecisionType::Deny && verdict.reason.is_some());
        assert!(denies || !is_foreign, "{reply:?}");
    }
    let mut code = SOUND.clone();
    for change in input.chunks_exact(4).take(16) {
        let &[high, low, value, how] = change else {
            continue;
        };
        let at = usize::from(u16::from_be_bytes([high, low])) % (code.len() + 1);
        match how % 8 {
            0 => code.truncate(at),
            1 => code.insert(at, value),
            _ => {
                if let Some(byte) = code.get_mut(at) {
                    *byte = value;
                }
            }
        }
    }
    ask(&code);
}

fn ask(code: &[u8]) -> Vec<PolicyReply> {
    let answers = |question| {
        let answer = rules::evaluate(code, question);
        assert_eq!(answer, rules::evaluate(code, question));
        answer
    };
    QUESTIONS.iter().map(answers).collect()
}
