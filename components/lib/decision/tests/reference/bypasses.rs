//! Rules that mean to stop something, and requests that try to get by them
//! (`tests/decisions/bypasses.json`).

use serde::Deserialize;
use serde_json::{Value, json};
use vectra_decision::{DecisionType, rules};

use crate::cases::{Told, asked, rows};

#[derive(Deserialize)]
#[serde(untagged)]
enum Row {
    Section { section: String },
    Case(Box<Case>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    what: String,
    /// `Allow` stops what it does not name, `Deny` and `Hitl` what they do.
    effect: Option<String>,
    conditions: Value,
    /// Requests that must not get by.
    #[serde(default)]
    by: Vec<Told>,
    /// One that may pass: the rule does not stop everything.
    allowed: Option<Told>,
    /// Where the policy is refused.
    refused: Option<String>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for row in rows::<Row>("tests/decisions/bypasses.json") {
        match row {
            Row::Section { section } => assert!(!section.is_empty()),
            Row::Case(case) => cases.push(*case),
        }
    }
    cases
}

/// The policy of one rule with this effect; the default is the other way round.
fn policy(case: &Case, effect: &str) -> Value {
    json!({
        "name": "p", "default": if effect == "Allow" { "Deny" } else { "Allow" },
        "rules": [{ "name": "r", "effect": effect, "conditions": case.conditions }]
    })
}

#[test]
fn defect_6_8_what_a_rule_means_to_stop_does_not_get_by_it() {
    let mut tried = 0;
    for case in cases().iter().filter(|case| case.refused.is_none()) {
        let effects = match case.effect.as_deref() {
            Some(effect) => vec![effect],
            None => vec!["Deny", "Hitl"],
        };
        for effect in effects {
            let policy = policy(case, effect);
            let code = rules::compile(&policy.to_string())
                .unwrap_or_else(|problems| panic!("{}: {problems:?}", case.what))
                .code;
            assert!(!case.by.is_empty(), "{}", case.what);
            for told in &case.by {
                let outcome = asked(&code, &told.question()).effect;
                let stopped = match effect {
                    "Hitl" => DecisionType::Hitl,
                    _ => DecisionType::Deny,
                };
                assert_eq!(outcome, stopped, "{}: {policy} and {told:?}", case.what);
                tried += 1;
            }
            let allowed = case.allowed.as_ref().expect(&case.what);
            let outcome = asked(&code, &allowed.question()).effect;
            assert_eq!(outcome, DecisionType::Allow, "{}: {allowed:?}", case.what);
        }
    }
    assert!(tried > 150, "{tried}");
}

#[test]
fn defect_8_what_could_never_stop_anything_is_refused() {
    let mut refused = 0;
    for case in cases() {
        let Some(place) = &case.refused else {
            continue;
        };
        for effect in ["Allow", "Deny", "Hitl"] {
            let problems = rules::compile(&policy(&case, effect).to_string())
                .err()
                .unwrap_or_else(|| panic!("{}: compiled", case.what));
            let places: Vec<&str> = problems.iter().map(|problem| &*problem.place).collect();
            assert_eq!(places, [place], "{}: {problems:?}", case.what);
        }
        refused += 1;
    }
    assert!(refused > 5, "{refused}");
}
