//! The components that decide say what the same code says natively: the same bytes, the
//! same verdicts, the same decisions, on random policies, requests and inputs.

#[path = "decisions/called.rs"]
pub mod called;
#[path = "decisions/inputs.rs"]
mod inputs;

#[path = "../../components/lib/decision/tests/reference/dice.rs"]
mod dice;
#[path = "../../components/lib/decision/tests/reference/policy.rs"]
mod policy;
#[allow(dead_code, reason = "only the reference asks what a request is")]
#[path = "../../components/lib/decision/tests/reference/request.rs"]
mod request;
#[path = "../../components/lib/decision/tests/reference/tree.rs"]
mod tree;

use vectra_api::PolicyEngine as _;
use vectra_decision::{Evaluation, PolicyQuestion, PolicyReply, Recollection, Verdict, rules};

use crate::decision::Decision;
use dice::Dice;
use request::Asked;

/// Policies that compile, requests each of them is asked about, and inputs.
const POLICIES: usize = 150;
const REQUESTS: usize = 40;
const INPUTS: usize = 10_000;

#[test]
fn policies_compile_to_the_same_bytes_and_say_the_same() {
    let mut dice = Dice::new(6);
    let (mut compiled, mut refused) = (0, 0);
    while compiled < POLICIES {
        let source = policy::roll(&mut dice).to_string();
        let native = rules::compile(&source);
        assert_eq!(Decision.compile(&source), native, "{source}");
        let Ok(native) = native else {
            refused += 1;
            continue;
        };
        compiled += 1;
        for _ in 0..REQUESTS {
            let question = Asked::roll(&mut dice).question;
            let reply = rules::evaluate(&native.code, &question);
            let same = Decision.evaluate(&native.code, &question);
            assert_eq!(same, reply, "{source} asked about {question:?}");
            if let PolicyReply::Verdict(verdict) = reply {
                let past = recollection(question, verdict);
                assert_eq!(
                    Decision.recall(&native.code, &past),
                    rules::recall(&native.code, &past),
                    "{source} asked again about {past:?}"
                );
            }
        }
    }
    assert!(refused > 0, "no problem was compared");
}

/// The question as its explanation keeps it.
fn recollection(question: PolicyQuestion, verdict: Verdict) -> Recollection {
    let request = question.request;
    Recollection {
        method: request.method,
        path: request.path,
        normalised_path: request.normalised_path,
        target_url: request.target_url,
        masked: false,
        body_unread: request.body_unread,
        agent: question.agent,
        risk: question.risk,
        intent: question.intent,
        looked_at: verdict.looked_at,
    }
}

#[test]
fn damaged_policies_are_read_alike() {
    let mut dice = Dice::new(7);
    let source = r#"{"name":"p","rules":[{"conditions":[
        {"field":"path","operator":"regex","value":"^/admin/|export$"},
        {"field":"body.items.n","operator":"in","value":[1,"x",true]}]}]}"#;
    let sound = rules::compile(source).unwrap().code;
    for _ in 0..2_000 {
        let mut code = sound.clone();
        for _ in 0..=dice.below(3) {
            let at = dice.below(code.len());
            code[at] = u8::try_from(dice.below(256)).unwrap();
        }
        if dice.once_in(4) {
            code.truncate(dice.below(code.len()));
        }
        let question = Asked::roll(&mut dice).question;
        let native = rules::evaluate(&code, &question);
        assert_eq!(Decision.evaluate(&code, &question), native, "{code:?}");
    }
}

#[test]
fn the_same_input_is_decided_alike() {
    let mut dice = Dice::new(8);
    let (mut decided, mut asked) = (0, 0);
    for _ in 0..INPUTS {
        let input = inputs::roll(&mut dice);
        let native = vectra_decision::evaluate(&input);
        let same = vectra_api::Engine::evaluate(&Decision, &input);
        // As text, which tells apart what differs in the last bit.
        assert_eq!(format!("{same:?}"), format!("{native:?}"), "{input:?}");
        match native {
            Evaluation::Decided(_) => decided += 1,
            _ => asked += 1,
        }
    }
    assert!(
        decided > INPUTS / 4 && asked > INPUTS / 20,
        "{decided} {asked}"
    );
}
