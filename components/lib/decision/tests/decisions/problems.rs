//! Policies that are refused, and the form of those that are not.

use serde::Deserialize;
use serde_json::{Value, json};
use vectra_decision::{DecisionType, Problem, rules};

use crate::cases::rows;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    what: String,
    source: String,
    problems: Vec<Told>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    place: String,
    /// Part of the message.
    message: String,
}

#[test]
fn each_problem_is_told_with_its_place_and_all_at_once() {
    for row in rows::<Row>("tests/decisions/problems.json") {
        let mut problems = rules::compile(&row.source)
            .err()
            .unwrap_or_else(|| panic!("{}: compiled", row.what));
        for told in &row.problems {
            let index = problems
                .iter()
                .position(|problem| {
                    problem.place == told.place && problem.message.contains(&told.message)
                })
                .unwrap_or_else(|| {
                    panic!(
                        "{}: {} {} not in {problems:?}",
                        row.what, told.place, told.message
                    )
                });
            problems.remove(index);
        }
        assert_eq!(problems, [], "{}", row.what);
    }
}

#[test]
fn the_form_is_read_leniently_and_written_strictly() {
    let source = "\u{feff}// a policy
    {
      \"NAME\": \"p\", /* who? */ \"Owner\": null, \"CreatedOn\": \"2026-01-31T12:00:00Z\",
      \"DEFAULT\": \"hitl\", \"unknown\": [1, 2],
      \"Rules\": [
        { \"Conditions\": [{ \"Field\": \"input.path\", \"Operator\": \"StartsWith\", \"Value\": \"/\\u0061\", },], },
        { \"name\": \"n\", \"priority\": -3, \"effect\": 1, \"reason\": \"a \\\"b\\\"\",
          \"conditions\": [{ \"field\": \"body.n\", \"operator\": \"IN\", \"value\": [1.50, true, \"x\"] }] },
      ],
    }";
    let compiled = rules::compile(source).unwrap();
    let document: Value = serde_json::from_str(&compiled.document).unwrap();
    let expected = json!({
        "name": "p", "description": null, "owner": "", "createdOn": "2026-01-31T12:00:00Z",
        "default": "Hitl",
        "mode": "Enforce",
        "rules": [
            { "name": "", "reason": null, "priority": 0, "effect": "Allow", "conditions": [
                { "field": "input.path", "operator": "startswith", "value": "/a" }] },
            { "name": "n", "reason": "a \"b\"", "priority": -3, "effect": "Deny", "conditions": [
                { "field": "body.n", "operator": "in", "value": [1.50, true, "x"] }] },
        ]
    });
    assert_eq!(document, expected);
    assert_eq!(compiled.name, "p");
    assert_eq!(compiled.default_effect, DecisionType::Hitl);
    assert_eq!(compiled.rule_count, 2);
    // Canonical: compiling it again changes nothing.
    let again = rules::compile(&compiled.document).unwrap();
    assert_eq!(
        (again.document, again.code),
        (compiled.document, compiled.code)
    );
    assert_eq!(places(&compiled.warnings), ["$"]);
    assert!(compiled.warnings[0].message.contains("`unknown`"));
    assert_eq!(again.warnings, []);
}

fn places(problems: &[Problem]) -> Vec<&str> {
    problems
        .iter()
        .map(|problem| problem.place.as_str())
        .collect()
}

#[test]
fn what_is_allowed_and_looks_wrong_is_a_warning() {
    let on = |field: &str, value: &str| json!({ "field": field, "operator": "eq", "value": value });
    let rule = |effect: &str, conditions: Vec<Value>| json!({ "effect": effect, "conditions": conditions });
    let get = || on("method", "GET");
    let path = || on("path", "/a");
    let header = || on("headers.x", "a");
    for (what, rules, expected) in [
        (
            "none",
            vec![rule("Deny", vec![get()]), rule("Allow", vec![path()])],
            vec![],
        ),
        (
            "after all",
            vec![rule("Deny", vec![]), rule("Allow", vec![get()])],
            vec!["rules[1]"],
        ),
        (
            "the same",
            vec![rule("Deny", vec![get()]), rule("Allow", vec![get()])],
            vec!["rules[1]"],
        ),
        (
            "fewer",
            vec![
                rule("Hitl", vec![path()]),
                rule("Allow", vec![get(), path()]),
            ],
            vec!["rules[1]"],
        ),
        (
            "more",
            vec![
                rule("Hitl", vec![get(), path()]),
                rule("Allow", vec![path()]),
            ],
            vec![],
        ),
        // An Allow rule wants all values of a header, a Deny rule any of them.
        (
            "stricter",
            vec![rule("Allow", vec![header()]), rule("Deny", vec![header()])],
            vec![],
        ),
        (
            "looser",
            vec![rule("Deny", vec![header()]), rule("Allow", vec![header()])],
            vec!["rules[1]"],
        ),
        (
            "allowed",
            vec![rule("Allow", vec![get()]), rule("Deny", vec![get()])],
            vec!["rules[1]"],
        ),
        (
            "never allowed",
            vec![rule("Allow", vec![on("path", "/a;b")])],
            vec!["rules[0].conditions[0].value"],
        ),
        (
            "denied",
            vec![rule("Deny", vec![on("path", "/a;b")])],
            vec![],
        ),
        (
            "misspelt",
            vec![json!({ "efect": "Deny", "conditions": [get()] })],
            vec!["rules[0]"],
        ),
    ] {
        let source = json!({ "name": "p", "rules": rules }).to_string();
        let compiled = rules::compile(&source).unwrap();
        assert_eq!(
            places(&compiled.warnings),
            expected,
            "{what}: {:?}",
            compiled.warnings
        );
    }
    let many = vec![rule("Deny", vec![get()]); 10_000];
    let compiled = rules::compile(&json!({ "name": "p", "rules": many }).to_string()).unwrap();
    assert_eq!(compiled.warnings.len(), 100);
}

#[test]
fn defaults_are_deny_for_the_policy_and_allow_for_a_rule() {
    let compiled = rules::compile(r#"{"name":"p","rules":[{}]}"#).unwrap();
    assert_eq!(compiled.default_effect, DecisionType::Deny);
    assert!(
        compiled
            .document
            .contains(r#""effect":"Allow","conditions":[]"#)
    );
}

#[test]
fn size_is_bounded() {
    let rules_of = |count: usize| {
        let rule = json!({ "conditions": [
            { "field": "path", "operator": "contains", "value": "/a" }] });
        json!({ "name": "p", "rules": vec![rule; count] }).to_string()
    };
    assert!(rules::compile(&rules_of(10_000)).is_ok());
    assert_places(&rules_of(10_001), "rules");

    let regexes = |count: usize| {
        let rules: Vec<Value> = (0..count)
            .map(|n| {
                json!({ "conditions": [
                { "field": "path", "operator": "regex", "value": format!("^/a{n}") }] })
            })
            .collect();
        json!({ "name": "p", "rules": rules }).to_string()
    };
    assert!(rules::compile(&regexes(100)).is_ok());
    assert_places(&regexes(101), "rules");

    let condition = json!({ "field": "path", "operator": "contains", "value": "/a" });
    let wide = json!({ "name": "p", "rules": [{ "conditions": vec![condition; 257] }] });
    assert_places(&wide.to_string(), "rules[0].conditions");

    let list: Vec<String> = (0..1_001).map(|n| format!("M{n}")).collect();
    let listed = json!({ "name": "p", "rules": [{ "conditions": [
        { "field": "method", "operator": "in", "value": list }] }] });
    assert_places(&listed.to_string(), "rules[0].conditions[0].value");

    assert_places(&" ".repeat(1024 * 1024 + 1), "line 1, column 1");

    let broken = json!({ "name": "p", "rules": vec![json!({ "effect": 9 }); 5_000] });
    assert_eq!(rules::compile(&broken.to_string()).unwrap_err().len(), 100);
}

fn assert_places(source: &str, place: &str) {
    let problems: Vec<Problem> = rules::compile(source).unwrap_err();
    assert!(!problems.is_empty());
    for problem in problems {
        assert_eq!(problem.place, place, "{}", problem.message);
    }
}

#[test]
fn conditions_that_can_hold_together_are_accepted() {
    for conditions in [
        json!([{ "field": "trustScore", "operator": "gt", "value": 0.3 },
               { "field": "trustScore", "operator": "lt", "value": 0.300001 }]),
        json!([{ "field": "trustScore", "operator": "ge", "value": 1 }]),
        json!([{ "field": "trustScore", "operator": "le", "value": 0 }]),
        json!([{ "field": "target.port", "operator": "gt", "value": 8079 },
               { "field": "target.port", "operator": "lt", "value": 8081 }]),
        json!([{ "field": "method", "operator": "in", "value": ["GET", "PUT"] },
               { "field": "method", "operator": "ne", "value": "GET" }]),
        json!([{ "field": "method", "operator": "ne", "value": "GET" },
               { "field": "method", "operator": "ne", "value": "PUT" }]),
        json!([{ "field": "path", "operator": "startswith", "value": "/a" },
               { "field": "path", "operator": "contains", "value": "b" }]),
        // Several values: one may be this, another that.
        json!([{ "field": "headers.x", "operator": "eq", "value": "a" },
               { "field": "headers.x", "operator": "eq", "value": "b" }]),
        json!([{ "field": "targetUrl", "operator": "startswith", "value": "http" }]),
        json!([{ "field": "target.host", "operator": "eq", "value": "[::1]" }]),
    ] {
        let source = json!({ "name": "p", "rules": [{ "conditions": conditions }] });
        assert!(rules::compile(&source.to_string()).is_ok(), "{source}");
    }
}
