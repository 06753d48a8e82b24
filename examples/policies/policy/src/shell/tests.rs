use serde_json::json;

use super::*;
use crate::Words;
use crate::bindings::vectra::decision::types::{Intent, IntentStatus, LookedAt, RiskFactor, Shown};

/// A language whose texts are words: a method among them is denied, `any` may mean any word.
enum Toy {}

impl Language for Toy {
    const KEY: &'static str = "toy";

    type Parsed = Vec<String>;

    fn check(text: &str) -> Result<Checked<Vec<String>>, Vec<String>> {
        let parsed: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let words = parsed.clone();
        Ok(Checked {
            rules: 1,
            words: if parsed.iter().any(|word| word == "any") {
                Words::Any(words)
            } else {
                Words::Some(words)
            },
            parsed,
        })
    }

    fn ask(checked: &Checked<Vec<String>>, facts: &Facts<'_>) -> Result<Said, String> {
        if !checked.parsed.contains(&facts.method) {
            return Ok(Said::Nothing);
        }
        Ok(Said::Rule {
            effect: DecisionType::Deny,
            name: facts.method.clone(),
            reason: None,
        })
    }
}

type Engine = Shell<Toy>;

fn code(text: &str) -> Vec<u8> {
    json!({ "name": "p", "default": "Allow", "mode": "Shadow", "toy": text })
        .to_string()
        .into_bytes()
}

fn question() -> Question {
    Question {
        request: Request {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            normalised_path: "/".to_owned(),
            target_url: "http://host/".to_owned(),
            headers: Vec::new(),
            body: None,
            body_unread: false,
        },
        agent: Agent {
            id: "a".to_owned(),
            trust_score: 0.5,
            policy_name: None,
        },
        risk: Risk {
            score: 0.5,
            factors: Vec::new(),
        },
        intent: Meaning::Unknown,
    }
}

/// The effect, and whether it is only tried out.
fn asked(text: &str, question: &Question) -> Option<(DecisionType, bool)> {
    match Engine::evaluate(code(text), question.clone()) {
        Answer::Verdict(verdict) => Some((verdict.effect, verdict.shadow)),
        Answer::NeedsIntent => None,
    }
}

fn recalled(text: &str, question: Question, looked_at: Vec<LookedAt>) -> Result<Verdict, String> {
    let recollection = Recollection {
        method: question.request.method,
        path: question.request.path,
        normalised_path: question.request.normalised_path,
        target_url: question.request.target_url,
        masked: false,
        body_unread: false,
        agent: question.agent,
        risk: question.risk,
        intent: question.intent,
        looked_at,
    };
    Engine::recall(code(text), recollection).map_err(|why| why.join(", "))
}

fn meaning(status: IntentStatus, confidence: f64) -> Meaning {
    Meaning::Known(Intent {
        label: "x".to_owned(),
        confidence,
        status,
        risk_tags: Vec::new(),
        explanation: None,
        model: None,
    })
}

fn overridden(values: &[&str]) -> Question {
    let headers = values.iter();
    let headers = headers.map(|value| ("X-HTTP-Method-Override".to_owned(), (*value).to_owned()));
    let mut question = question();
    question.request.headers = headers.collect();
    question
}

#[test]
fn a_policy_that_names_the_meaning_denies_where_nobody_can_say() {
    let allowed = Some((DecisionType::Allow, true));
    let denied = Some((DecisionType::Deny, true));
    for (text, intent, expected) in [
        ("intent", Meaning::Unasked, None),
        ("intent", Meaning::Unknown, denied),
        ("intent", meaning(IntentStatus::Failed, 1.0), denied),
        (
            "intent",
            meaning(IntentStatus::Classified, f64::NAN),
            denied,
        ),
        ("intent", meaning(IntentStatus::Classified, 0.5), allowed),
        ("any intent", Meaning::Unknown, denied),
        // It may mean it, but with nobody to classify all would be denied.
        ("any", Meaning::Unasked, None),
        ("any", Meaning::Unknown, allowed),
        ("other", Meaning::Unasked, allowed),
        ("other", meaning(IntentStatus::Failed, 1.0), allowed),
    ] {
        let said = asked(
            text,
            &Question {
                intent: intent.clone(),
                ..question()
            },
        );
        assert_eq!(said, expected, "{text} {intent:?}");
    }
}

#[test]
fn a_policy_that_names_the_json_denies_a_body_that_cannot_be_read_as_it() {
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    for (text, body, effect) in [
        ("json", Some(r#"{"x":1e999}"#), DecisionType::Deny),
        ("json", Some(r#"{"x":"\ud800"}"#), DecisionType::Deny),
        ("json", Some("{} // x"), DecisionType::Deny),
        ("json", Some(deep.as_str()), DecisionType::Deny),
        ("json", Some(" \n"), DecisionType::Allow),
        ("json", Some("{}"), DecisionType::Allow),
        ("json", None, DecisionType::Allow),
        ("body", Some("x=1"), DecisionType::Allow),
        ("any", Some("x=1"), DecisionType::Allow),
    ] {
        let mut question = question();
        question.request.body = body.map(str::to_owned);
        assert_eq!(
            asked(text, &question),
            Some((effect, true)),
            "{text} {body:?}"
        );
    }
}

#[test]
fn a_method_that_a_header_names_is_remembered() {
    let long = "x".repeat(300);
    for (values, expected) in [
        (vec![], Ok(DecisionType::Allow)),
        (vec!["POST"], Ok(DecisionType::Allow)),
        (vec!["POST", " delete "], Ok(DecisionType::Deny)),
        (
            vec![long.as_str()],
            Err("headers.x-http-method-override: it was not kept"),
        ),
    ] {
        let question = overridden(&values);
        let Answer::Verdict(verdict) = Engine::evaluate(code("DELETE"), question.clone()) else {
            panic!("it needs no meaning");
        };
        assert_eq!(verdict.looked_at.len(), values.len());
        match (recalled("DELETE", question, verdict.looked_at), expected) {
            (Ok(again), Ok(effect)) => {
                assert_eq!(again.effect, effect, "{values:?}");
                assert_eq!((again.effect, again.rule), (verdict.effect, verdict.rule));
            }
            (again, expected) => {
                assert_eq!(again.unwrap_err(), expected.unwrap_err(), "{values:?}");
            }
        }
    }
}

#[test]
fn what_was_not_kept_is_not_guessed() {
    let field = "headers.x-method-override";
    for (field, value, expected) in [
        (
            field,
            Shown::Plain("\"DELETE\"".to_owned()),
            Ok(DecisionType::Deny),
        ),
        (
            field,
            Shown::Plain("null".to_owned()),
            Ok(DecisionType::Allow),
        ),
        (field, Shown::Absent, Ok(DecisionType::Allow)),
        (
            "headers.x-team",
            Shown::Digest("ab".to_owned()),
            Ok(DecisionType::Allow),
        ),
        (
            field,
            Shown::Plain("1".to_owned()),
            Err("headers.x-method-override: "),
        ),
        (
            field,
            Shown::Digest("ab".to_owned()),
            Err("headers.x-method-override: "),
        ),
        ("*", Shown::Unreadable("more".to_owned()), Err("method: ")),
    ] {
        let looked_at = vec![LookedAt {
            field: field.to_owned(),
            value: value.clone(),
        }];
        match (recalled("DELETE", question(), looked_at), expected) {
            (Ok(again), Ok(effect)) => assert_eq!(again.effect, effect, "{field} {value:?}"),
            (Err(why), Err(begin)) => assert!(why.starts_with(begin), "{why}"),
            (again, _) => panic!("{field} {value:?}: {again:?}"),
        }
    }
}

#[test]
fn a_request_that_can_be_read_in_too_many_ways_is_denied() {
    let names: Vec<String> = (0..200).map(|number| format!("M{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (count, same_path, effect) in [
        (63, true, DecisionType::Allow),
        (64, true, DecisionType::Deny),
        (31, false, DecisionType::Allow),
        (32, false, DecisionType::Deny),
        (200, true, DecisionType::Deny),
    ] {
        let mut question = overridden(names.get(..count).unwrap());
        if !same_path {
            question.request.normalised_path = "/other".to_owned();
        }
        // That it cannot be asked is not only tried out.
        let shadow = effect == DecisionType::Allow;
        assert_eq!(asked("x", &question), Some((effect, shadow)), "{count}");
        let Answer::Verdict(verdict) = Engine::evaluate(code("x"), question.clone()) else {
            panic!("it needs no meaning");
        };
        match recalled("x", question, verdict.looked_at) {
            Ok(again) => assert_eq!(again.effect, effect, "{count}"),
            Err(why) => assert!(count == 200 && why.starts_with("method: "), "{why}"),
        }
    }
    // The same one often is one.
    assert_eq!(
        asked("x", &overridden(&["POST"; 500])),
        Some((DecisionType::Allow, true))
    );
}

#[test]
fn a_score_that_is_no_number_is_denied_and_not_only_tried_out() {
    let mut question = question();
    question.risk.factors.push(RiskFactor {
        name: "path".to_owned(),
        score: f64::INFINITY,
        weight: 1.0,
    });
    assert_eq!(asked("x", &question), Some((DecisionType::Deny, false)));
}
