//! A decision made again from what was kept of it: the same, or none.

mod random;

use serde_json::{Value, json};
use vectra_decision::{
    DecisionType, LookedAt, PolicyQuestion, PolicyReply, Recollection, Shown, Verdict, rules,
};

use crate::cases::Told;
use crate::dice::Dice;
use random::{policy, question};

fn compile(policy: &Value) -> Vec<u8> {
    rules::compile(&policy.to_string())
        .unwrap_or_else(|problems| panic!("{policy}: {problems:?}"))
        .code
}

/// What an explanation keeps: the values of some query parameters are masked.
pub fn kept(question: &PolicyQuestion, looked_at: Vec<LookedAt>) -> Recollection {
    let mask = |text: &str| {
        let (start, token) = text.split_once("token=")?;
        let rest = token.split_once('&').map_or("", |(_, rest)| rest);
        Some(format!("{start}token=***&{rest}"))
    };
    let request = &question.request;
    let or_same = |text: &String| mask(text).unwrap_or_else(|| text.clone());
    Recollection {
        method: request.method.clone(),
        path: or_same(&request.path),
        normalised_path: or_same(&request.normalised_path),
        target_url: or_same(&request.target_url),
        masked: mask(&request.path).is_some(),
        body_unread: request.body_unread,
        agent: question.agent.clone(),
        risk: question.risk.clone(),
        intent: question.intent.clone(),
        looked_at,
    }
}

#[test]
fn what_was_looked_at_gives_the_same_verdict_or_says_what_is_missing() {
    let mut dice = Dice::new(7);
    let (mut same, mut missing, mut asked) = (0, 0, 0);
    for _ in 0..1_500 {
        let (policy, code) = policy(&mut dice);
        for _ in 0..20 {
            let question = question(&mut dice);
            let PolicyReply::Verdict(verdict) = rules::evaluate(&code, &question) else {
                asked += 1;
                let kept = kept(&question, Vec::new());
                assert!(
                    rules::recall(&code, &kept).is_err(),
                    "{policy} {question:?}"
                );
                continue;
            };
            match rules::recall(&code, &kept(&question, verdict.looked_at.clone())) {
                Ok(recalled) => {
                    same += 1;
                    let told = |v: &Verdict| (v.effect, v.rule.clone(), v.reason.clone(), v.shadow);
                    assert_eq!(
                        told(&recalled),
                        told(&verdict),
                        "{policy} {question:?} {verdict:?}"
                    );
                }
                Err(why) => {
                    missing += 1;
                    assert!(!why.is_empty());
                    assert!(why.iter().all(|why| why.contains(": ")), "{why:?}");
                }
            }
        }
    }
    println!("{same} the same, {missing} with something missing, {asked} need the intent");
    assert!(
        same > 20_000 && missing > 1_000 && asked > 100,
        "{same} {missing} {asked}"
    );
}

/// What another policy would say is known only as far as it looks at the same things;
/// yet what is said is what it would have said.
#[test]
fn another_policy_is_never_guessed_at() {
    let mut dice = Dice::new(8);
    let (mut same, mut missing) = (0, 0);
    for _ in 0..600 {
        let ((_, code), (draft, other)) = (policy(&mut dice), policy(&mut dice));
        for _ in 0..20 {
            let question = question(&mut dice);
            let PolicyReply::Verdict(verdict) = rules::evaluate(&code, &question) else {
                continue;
            };
            match rules::recall(&other, &kept(&question, verdict.looked_at)) {
                Ok(recalled) => {
                    same += 1;
                    let PolicyReply::Verdict(meant) = rules::evaluate(&other, &question) else {
                        panic!("the intent was needed: {draft} {question:?}");
                    };
                    assert_eq!(
                        (recalled.effect, recalled.rule),
                        (meant.effect, meant.rule),
                        "{draft} {question:?}"
                    );
                }
                Err(_) => missing += 1,
            }
        }
    }
    assert!(same > 1_000 && missing > 1_000, "{same} {missing}");
}

fn recall(
    condition: Value,
    change: impl FnOnce(&mut Recollection),
) -> Result<DecisionType, Vec<String>> {
    let code = compile(&json!({ "name": "p", "default": "Allow",
        "rules": [{ "effect": "Deny", "conditions": [condition] }] }));
    let mut kept = kept(&Told::default().question(), Vec::new());
    change(&mut kept);
    rules::recall(&code, &kept).map(|verdict| verdict.effect)
}

#[test]
fn says_what_is_missing_and_why() {
    let on = |field: &str, operator: &str, value: Value| json!({ "field": field, "operator": operator, "value": value });
    let missing = |field: &str, why: &str| Err(vec![format!("{field}: {why}")]);
    let saw = |field: &str, value: Shown| LookedAt {
        field: field.into(),
        value,
    };
    let digest = || Shown::Digest("0".repeat(64));
    assert_eq!(
        recall(on("headers.X-Team", "eq", json!("a")), |_| {}),
        missing("headers.x-team", "it was not looked at")
    );
    assert_eq!(
        recall(on("intent.label", "eq", json!("a")), |_| {}),
        missing("intent", "nobody was asked for it")
    );
    for (operator, expected) in [
        ("eq", Ok(DecisionType::Allow)),
        ("ne", Ok(DecisionType::Deny)),
        ("contains", missing("body.a", "only its digest was kept")),
    ] {
        let recalled = recall(on("body.a", operator, json!("a")), |kept| {
            kept.looked_at.push(saw("body.a", digest()));
        });
        assert_eq!(recalled, expected, "{operator}");
    }
    // Whether there are more values decides only what one value does not.
    for (value, expected) in [
        ("\"a\"", Ok(DecisionType::Deny)),
        (
            "\"b\"",
            missing("headers.x", "not all of its values were kept"),
        ),
    ] {
        let recalled = recall(on("headers.x", "eq", json!("a")), |kept| {
            kept.looked_at
                .push(saw("headers.x", Shown::Plain(value.into())));
            kept.looked_at.push(saw(
                "*",
                Shown::Unreadable("more was looked at than is listed".into()),
            ));
        });
        assert_eq!(recalled, expected, "{value}");
    }
    for (operator, value, expected) in [
        ("startswith", "/a", Ok(DecisionType::Deny)),
        ("startswith", "/b", Ok(DecisionType::Allow)),
        ("eq", "/b", Ok(DecisionType::Allow)),
        ("contains", "A?", Ok(DecisionType::Deny)),
        (
            "contains",
            "b",
            missing("path", "values in its query were masked"),
        ),
        (
            "eq",
            "/a?token=1",
            missing("path", "values in its query were masked"),
        ),
        (
            "regex",
            "^/a",
            missing("path", "values in its query were masked"),
        ),
    ] {
        let recalled = recall(on("path", operator, json!(value)), |kept| {
            kept.path = "/a?token=***".into();
            kept.normalised_path = kept.path.clone();
            kept.masked = true;
        });
        assert_eq!(recalled, expected, "{operator} {value}");
    }
}

#[test]
fn what_was_denied_for_its_cost_is_not_decided_again() {
    let code = compile(&json!({ "name": "p", "default": "Allow" }));
    let mut question = Told::default().question();
    for n in 0..100 {
        let named = ("x-http-method".to_owned(), format!("M{n}"));
        question.request.headers.push(named);
    }
    let PolicyReply::Verdict(verdict) = rules::evaluate(&code, &question) else {
        panic!("the intent is needed");
    };
    assert_eq!(verdict.effect, DecisionType::Deny);
    let recalled = rules::recall(&code, &kept(&question, verdict.looked_at));
    assert_eq!(
        recalled,
        Err(vec!["policy: its evaluation was stopped".to_owned()])
    );
}

#[test]
fn a_method_that_was_not_kept_and_damage_are_missing() {
    let on_method = json!({ "field": "method", "operator": "eq", "value": "DELETE" });
    let saw = |field: &str, value: Shown| LookedAt {
        field: field.into(),
        value,
    };
    let named = |value: Shown| {
        recall(on_method.clone(), |kept| {
            kept.looked_at.push(saw("headers.x-http-method", value));
        })
    };
    assert_eq!(
        named(Shown::Plain("\" delete\"".into())),
        Ok(DecisionType::Deny)
    );
    assert_eq!(
        named(Shown::Plain("\"PUT\"".into())),
        Ok(DecisionType::Allow)
    );
    for damaged in [
        Shown::Digest("0".repeat(64)),
        Shown::Digest("0".repeat(63)),
        Shown::Plain("{".into()),
        Shown::Unreadable("?".into()),
    ] {
        assert!(named(damaged.clone()).is_err(), "{damaged:?}");
    }
    for mark in [
        "more was looked at than is listed",
        "the evaluation was stopped",
        "?",
    ] {
        let recalled = recall(on_method.clone(), |kept| {
            kept.looked_at
                .push(saw("*", Shown::Unreadable(mark.into())));
        });
        assert!(recalled.is_err(), "{mark}");
    }
}

#[test]
fn of_a_body_that_was_not_read_the_same_is_known_as_then() {
    for (field, value) in [
        ("body", json!("a")),
        ("body.a", json!(null)),
        ("body.a", json!(1)),
    ] {
        let condition = json!({ "field": field, "operator": "eq", "value": value });
        let recalled = |unread| recall(condition.clone(), |kept| kept.body_unread = unread);
        assert_eq!(recalled(true), Ok(DecisionType::Deny), "{condition}");
        assert!(recalled(false).is_err(), "{condition}");
    }
}
