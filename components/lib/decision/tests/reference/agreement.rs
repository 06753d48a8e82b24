//! The rules say what the reference says.

use serde_json::Value;
use vectra_decision::{PolicyReply, rules};

use crate::dice::Dice;
use crate::judge::{Answer, Reference};
use crate::policy;
use crate::request::{Asked, Content};

/// Policies, and requests each of them is asked about.
const POLICIES: usize = 2_500;
const REQUESTS: usize = 40;

/// What the rules say, in the reference's words.
fn answer(code: &[u8], asked: &Asked) -> Answer {
    match rules::evaluate(code, &asked.question) {
        PolicyReply::NeedsIntent => Answer::NeedsIntent,
        PolicyReply::Verdict(verdict) => Answer::Verdict {
            unclear: verdict
                .reason
                .is_some_and(|reason| reason.starts_with("Rule cannot be evaluated")),
            effect: verdict.effect,
            rule: verdict.rule,
            shadow: verdict.shadow,
        },
    }
}

/// What both say of a policy and a request, where they say different things.
fn difference(policy: &Value, asked: &Asked) -> Option<(Answer, Answer)> {
    let compiled = rules::compile(&policy.to_string()).ok()?;
    let (said, meant) = (
        answer(&compiled.code, asked),
        Reference::new(policy).ask(asked),
    );
    (said != meant).then_some((said, meant))
}

/// A policy that compiles; and how many did not.
fn compiled(dice: &mut Dice, refused: &mut usize) -> (Value, Vec<u8>) {
    loop {
        let policy = policy::roll(dice);
        match rules::compile(&policy.to_string()) {
            Ok(compiled) => return (policy, compiled.code),
            Err(_) => *refused += 1,
        }
    }
}

#[test]
fn a_hundred_thousand_random_questions_are_answered_as_by_the_reference() {
    let mut dice = Dice::new(5);
    let (mut refused, mut asked_for_intent, mut unclear) = (0, 0, 0);
    let mut outcomes = [0; 3];
    for _ in 0..POLICIES {
        let (policy, code) = compiled(&mut dice, &mut refused);
        let reference = Reference::new(&policy);
        for _ in 0..REQUESTS {
            let asked = Asked::roll(&mut dice);
            let meant = reference.ask(&asked);
            if answer(&code, &asked) != meant {
                panic!("{}", smallest(policy, asked));
            }
            match meant {
                Answer::NeedsIntent => asked_for_intent += 1,
                Answer::Verdict {
                    effect,
                    unclear: is_unclear,
                    ..
                } => {
                    outcomes[effect as usize] += 1;
                    unclear += usize::from(is_unclear);
                }
            }
        }
    }
    // Chance left nothing out.
    println!("{refused} refused, {asked_for_intent} need intent, {unclear} unclear, {outcomes:?}");
    assert!(outcomes.iter().all(|count| *count > 10_000), "{outcomes:?}");
    assert!(asked_for_intent > 1_000 && unclear > 1_000);
    assert!(refused < POLICIES, "{refused}");
}

/// The smallest policy and request on which they differ, as text.
fn smallest(mut policy: Value, mut asked: Asked) -> String {
    loop {
        let smaller = smaller_policies(&policy)
            .into_iter()
            .find(|smaller| difference(smaller, &asked).is_some());
        if let Some(smaller) = smaller {
            policy = smaller;
            continue;
        }
        let smaller = smaller_requests(&asked)
            .into_iter()
            .find(|smaller| difference(&policy, smaller).is_some());
        match smaller {
            Some(smaller) => asked = smaller,
            None => break,
        }
    }
    let said = difference(&policy, &asked);
    format!("{policy}\nasked about {asked:?}\nsays, and should say: {said:?}")
}

/// A policy with one rule, or one condition, less.
fn smaller_policies(policy: &Value) -> Vec<Value> {
    let mut smaller = Vec::new();
    let rules = policy["rules"].as_array().unwrap();
    for (at, rule) in rules.iter().enumerate() {
        let mut less = policy.clone();
        less["rules"].as_array_mut().unwrap().remove(at);
        smaller.push(less);
        for condition in 0..rule["conditions"].as_array().unwrap().len() {
            let mut less = policy.clone();
            let conditions = less["rules"][at]["conditions"].as_array_mut().unwrap();
            conditions.remove(condition);
            smaller.push(less);
        }
    }
    smaller
}

/// A request without a header, or without its body, or sent as it is normalised.
fn smaller_requests(asked: &Asked) -> Vec<Asked> {
    let mut smaller = Vec::new();
    for at in 0..asked.question.request.headers.len() {
        let mut less = asked.clone();
        less.question.request.headers.remove(at);
        smaller.push(less);
    }
    if asked.content != Content::Missing {
        let mut less = asked.clone();
        less.content = Content::Missing;
        less.question.request.body = None;
        less.question.request.body_unread = false;
        smaller.push(less);
    }
    smaller
}
