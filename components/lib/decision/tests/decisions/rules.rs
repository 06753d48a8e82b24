//! Operators and fields, and how rules follow one another.

use serde::Deserialize;
use serde_json::{Value, json};
use vectra_decision::{DecisionType, Verdict, rules};

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
    field: String,
    operator: String,
    value: Value,
    request: Told,
    is: Is,
}

/// What a condition is.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Is {
    True,
    False,
    /// It cannot be evaluated.
    Unclear,
    /// True for some of the values or readings and false for others.
    Mixed,
}

/// What a policy says.
pub fn ask(source: &Value, told: &Told) -> Verdict {
    let compiled = rules::compile(&source.to_string())
        .unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
    asked(&compiled.code, &told.question())
}

fn single(effect: &str, default: &str, case: &Case) -> Value {
    json!({
        "name": "p", "default": default,
        "rules": [{ "name": "r", "effect": effect, "conditions": [
            { "field": case.field, "operator": case.operator, "value": case.value }
        ]}]
    })
}

#[test]
fn every_operator_is_what_the_data_says() {
    use DecisionType::{Allow, Deny, Hitl};
    let mut count = 0;
    for row in rows::<Row>("tests/decisions/operators.json") {
        let case = match row {
            Row::Case(case) => case,
            Row::Section { section } => {
                assert!(!section.is_empty());
                continue;
            }
        };
        count += 1;
        let expected = match case.is {
            Is::True => [Deny, Hitl, Allow],
            Is::False => [Allow, Allow, Deny],
            // What is unclear or divided denies, holds, and does not allow.
            Is::Unclear | Is::Mixed => [Deny, Hitl, Deny],
        };
        let rules = [("Deny", "Allow"), ("Hitl", "Allow"), ("Allow", "Deny")];
        for ((effect, default), expected) in rules.into_iter().zip(expected) {
            let verdict = ask(&single(effect, default, &case), &case.request);
            let what = format!(
                "{effect} rule: {} {} {} for {:?}",
                case.field, case.operator, case.value, case.request
            );
            assert_eq!(verdict.effect, expected, "{what}: {verdict:?}");
            let is_content = case.field.contains("headers.") || case.field.contains("body");
            assert_eq!(!verdict.looked_at.is_empty(), is_content, "{what}");
            if matches!(case.is, Is::Unclear) && effect != "Allow" {
                let reason = verdict.reason.expect("a type error has a reason");
                assert!(reason.contains(&case.field), "{what}: {reason}");
            }
        }
    }
    assert!(count > 150, "{count}");
}

fn get(path: &str) -> Told {
    Told {
        path: Some(path.into()),
        ..Told::default()
    }
}

fn on_path(name: &str, effect: &str, priority: i32, part: &str) -> Value {
    json!({
        "name": name, "effect": effect, "priority": priority,
        "conditions": [{ "field": "path", "operator": "contains", "value": part }]
    })
}

#[test]
fn the_highest_priority_decides_and_equal_ones_keep_their_order() {
    let policy = json!({ "name": "p", "default": "Hitl", "rules": [
        on_path("low", "Allow", -1, "/a"),
        on_path("first", "Deny", 5, "/a"),
        on_path("second", "Allow", 5, "/a"),
        on_path("high", "Allow", 2_147_483_647, "/a/b"),
    ]});
    for (path, effect, rule) in [
        ("/a", DecisionType::Deny, Some("first")),
        ("/a/b", DecisionType::Allow, Some("high")),
        ("/c", DecisionType::Hitl, None),
    ] {
        let verdict = ask(&policy, &get(path));
        assert_eq!(
            (verdict.effect, verdict.rule.as_deref()),
            (effect, rule),
            "{path}"
        );
        assert_eq!(verdict.reason, None);
    }
}

#[test]
fn all_conditions_of_a_rule_must_hold() {
    let policy = json!({ "name": "p", "rules": [{ "name": "r", "conditions": [
        { "field": "method", "operator": "eq", "value": "GET" },
        { "field": "path", "operator": "startswith", "value": "/a" },
        { "field": "trustScore", "operator": "ge", "value": 0.5 },
    ]}]});
    let with = |method: &str, path: &str, trust| Told {
        method: Some(method.into()),
        trust_score: Some(trust),
        ..get(path)
    };
    for (told, effect) in [
        (with("GET", "/a", 0.5), DecisionType::Allow),
        (with("POST", "/a", 0.5), DecisionType::Deny),
        (with("GET", "/b", 0.5), DecisionType::Deny),
        (with("GET", "/a", 0.4), DecisionType::Deny),
    ] {
        assert_eq!(ask(&policy, &told).effect, effect, "{told:?}");
    }
}

#[test]
fn a_false_condition_outweighs_an_unclear_one() {
    let policy = |first: Value, second: Value| {
        json!({ "name": "p", "default": "Allow", "rules": [
            { "name": "r", "effect": "Deny", "conditions": [first, second] }
        ]})
    };
    let json_only =
        json!({ "field": "headers.content-type", "operator": "contains", "value": "json" });
    let delete = json!({ "field": "body.action", "operator": "eq", "value": "delete" });
    let form = |kind: &str| Told {
        headers: vec![("content-type".into(), kind.into())],
        body: Some("action=delete".into()),
        ..Told::default()
    };
    for conditions in [
        policy(json_only.clone(), delete.clone()),
        policy(delete, json_only),
    ] {
        let verdict = ask(&conditions, &form("application/x-www-form-urlencoded"));
        assert_eq!(verdict.effect, DecisionType::Allow);
        let verdict = ask(&conditions, &form("application/json"));
        assert_eq!(verdict.effect, DecisionType::Deny);
        assert_eq!(
            verdict.reason.as_deref(),
            Some("Rule cannot be evaluated: `body.action`: the body is not JSON")
        );
    }
}

#[test]
fn a_rule_without_a_name_is_called_by_its_place() {
    let policy = json!({ "name": "p", "rules": [{ "effect": "Hitl", "reason": "wait" }] });
    let verdict = ask(&policy, &get("/"));
    assert_eq!(verdict.rule.as_deref(), Some("rules[0]"));
    assert_eq!(verdict.reason.as_deref(), Some("wait"));
}

#[test]
fn code_that_is_no_policy_denies() {
    for code in [
        &b""[..],
        b"{}",
        b"[]",
        b"\xff\xfe",
        b"{\"name\":\"p\",\"rules\":[{\"effect\":9}]}",
    ] {
        let verdict = asked(code, &get("/").question());
        assert_eq!(verdict.effect, DecisionType::Deny);
        assert!(
            verdict
                .reason
                .is_some_and(|reason| reason.starts_with("Policy cannot be read"))
        );
    }
    // An expression that only a newer version could compile is not skipped.
    let code = br#"{"name":"p","default":"Allow","rules":[{"effect":"Deny","conditions":
        [{"field":"path","operator":"regex","value":"("}]}]}"#;
    let verdict = asked(code, &get("/").question());
    assert_eq!(verdict.effect, DecisionType::Deny);
}

#[test]
fn numbers_that_are_none_deny() {
    let policy = json!({ "name": "p", "default": "Allow" });
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for told in [
            Told {
                trust_score: Some(number),
                ..get("/")
            },
            Told {
                risk: Some(number),
                ..get("/")
            },
        ] {
            let verdict = ask(&policy, &told);
            assert_eq!(verdict.effect, DecisionType::Deny);
            assert!(verdict.reason.is_some());
        }
    }
}
