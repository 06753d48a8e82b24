//! The compiled form: small, asked as it is, and harmless whatever its bytes are.

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use vectra_decision::{DecisionType, Meaning, PolicyReply, Verdict, rules};

use crate::cases::{Told, asked, rows, text};
use crate::dice::Dice;
use crate::recall::kept;

fn compile(policy: &Value) -> Vec<u8> {
    rules::compile(&policy.to_string())
        .unwrap_or_else(|problems| panic!("{policy}: {problems:?}"))
        .code
}

fn get(method: &str, path: &str) -> Told {
    Told {
        method: Some(method.into()),
        path: Some(path.into()),
        ..Told::default()
    }
}

/// A policy with all kinds of values and patterns.
fn wide() -> Value {
    json!({ "name": "p", "default": "Allow", "mode": "Shadow", "rules": [
        { "name": "a", "effect": "Deny", "reason": "no", "conditions": [
            { "field": "method", "operator": "in", "value": ["GET", "HEAD"] },
            { "field": "target.host", "operator": "eq", "value": "upstream.example" },
            { "field": "path", "operator": "startswith", "value": "/api/" },
            { "field": "body.n", "operator": "in", "value": [1, "x", true] }] },
        { "effect": "Hitl", "conditions": [
            { "field": "path", "operator": "regex", "value": "^/v[0-9]+/" },
            { "field": "body", "operator": "regex", "value": "drop|delete" },
            { "field": "body.a", "operator": "ne", "value": null }] },
        { "effect": "Deny", "conditions": [
            { "field": "path", "operator": "eq", "value": "/admin" }] },
    ]})
}

#[test]
fn damaged_code_denies_or_decides_and_never_harms() {
    let code = compile(&wide());
    let mut questions = Vec::new();
    for path in ["/api/x", "/v1/x", "/admin", "/"] {
        let mut question = get("GET", path).question();
        question.request.body = Some("{\"n\":1,\"a\":\"drop\"}".into());
        question.intent = Meaning::Unknown;
        questions.push(question);
    }
    for length in 0..code.len() {
        for question in &questions {
            let PolicyReply::Verdict(verdict) = rules::evaluate(&code[..length], question) else {
                panic!("cut at {length}");
            };
            // Cut off, rules that are not needed may be missing, but not their places.
            if verdict.effect == DecisionType::Allow {
                assert_eq!(
                    Ok(&verdict),
                    whole(&code, question).as_ref(),
                    "cut at {length}"
                );
            }
        }
    }
    let mut dice = Dice::new(9);
    for _ in 0..50_000 {
        let mut damaged = code.clone();
        for _ in 0..=dice.below(3) {
            let at = dice.below(damaged.len());
            damaged[at] = dice.bits() as u8;
        }
        let _ = rules::evaluate(&damaged, &dice.pick(&questions));
    }
}

fn whole(code: &[u8], question: &vectra_decision::PolicyQuestion) -> Result<Verdict, ()> {
    match rules::evaluate(code, question) {
        PolicyReply::Verdict(verdict) => Ok(verdict),
        PolicyReply::NeedsIntent => Err(()),
    }
}

#[test]
fn code_of_another_version_denies() {
    let mut code = compile(&wide());
    assert_eq!(&code[..3], b"VPR");
    code[3] += 1;
    let verdict = asked(&code, &get("GET", "/").question());
    assert_eq!(verdict.effect, DecisionType::Deny);
    // A policy that cannot be read is not tried out.
    assert!(!verdict.shadow);
    assert!(verdict.reason.unwrap().starts_with("Policy cannot be read"));
}

/// The version before this one kept the policy's JSON as its code.
#[test]
fn a_code_of_the_version_before_is_asked_like_one_of_this() {
    let compiled = rules::compile(&wide().to_string()).unwrap();
    let before = compiled.document.as_bytes();
    assert_eq!(before[0], b'{');
    for path in ["/api/x", "/v1/x", "/admin", "/"] {
        for body in ["{\"n\":1,\"a\":\"drop\"}", "{", ""] {
            let told = Told {
                body: Some(body.into()),
                ..get("GET", path)
            };
            let question = told.question();
            let verdict = asked(&compiled.code, &question);
            assert_eq!(asked(before, &question), verdict, "{path} {body}");
            let kept = kept(&question, verdict.looked_at);
            assert_eq!(
                rules::recall(before, &kept),
                rules::recall(&compiled.code, &kept),
                "{path} {body}"
            );
        }
    }
    let refused = r#"{"name":"p","default":"Allow","rules":[{"conditions":[{"field":"x"}]}]}"#;
    for unknown in [refused, "{", "{}", "[]", "", " {\"name\":\"p\"}"] {
        let verdict = asked(unknown.as_bytes(), &get("GET", "/").question());
        assert_eq!(verdict.effect, DecisionType::Deny, "{unknown}");
        let reason = verdict.reason.unwrap();
        assert!(reason.starts_with("Policy cannot be read"), "{reason}");
    }
}

#[test]
fn the_mode_travels_with_the_verdict() {
    for (mode, shadow) in [("Shadow", true), ("shadow", true), ("Enforce", false)] {
        let compiled = rules::compile(&json!({ "name": "p", "mode": mode }).to_string()).unwrap();
        assert_eq!(compiled.shadow, shadow);
        assert!(
            compiled
                .document
                .contains(if shadow { "\"Shadow\"" } else { "\"Enforce\"" })
        );
        let verdict = asked(&compiled.code, &get("GET", "/").question());
        assert_eq!(
            (verdict.effect, verdict.shadow),
            (DecisionType::Deny, shadow)
        );
    }
    assert!(!rules::compile(r#"{"name":"p"}"#).unwrap().shadow);
}

/// A thousand rules that differ in the host, the path, or the method.
#[test]
fn the_rule_that_matches_is_found_among_many() {
    let rules: Vec<Value> = (0..1_000)
        .map(|n| {
            let on = match n % 4 {
                0 => {
                    json!({ "field": "path", "operator": "startswith", "value": format!("/p{n}/") })
                }
                1 => json!({ "field": "target.host", "operator": "in",
                             "value": [format!("h{n}.example"), format!("g{n}.example")] }),
                2 => json!({ "field": "path", "operator": "eq", "value": format!("/q{n}") }),
                _ => json!({ "field": "method", "operator": "eq", "value": format!("M{n}") }),
            };
            json!({ "name": format!("r{n}"), "effect": "Hitl", "conditions": [on] })
        })
        .collect();
    let code = compile(&json!({ "name": "p", "default": "Allow", "rules": rules }));
    for n in 0..1_000 {
        let told = match n % 4 {
            0 => get("GET", &format!("/P{n}/x")),
            1 => Told {
                target_url: Some(format!("https://G{n}.example./x")),
                ..get("GET", "/x")
            },
            2 => get("GET", &format!("/q{n}")),
            _ => get(&format!("M{n}"), "/"),
        };
        let verdict = asked(&code, &told.question());
        assert_eq!(verdict.rule, Some(format!("r{n}")), "{told:?}");
    }
    assert_eq!(asked(&code, &get("GET", "/p4").question()).rule, None);
}

#[test]
fn paths_that_servers_read_differently_are_read_in_all_ways() {
    let code = compile(&json!({ "name": "p", "default": "Allow", "rules": [
        { "effect": "Deny", "conditions": [
            { "field": "path", "operator": "startswith", "value": "/admin/" }] }] }));
    for (path, expected) in [
        ("/admin/x", DecisionType::Deny),
        ("//admin/x", DecisionType::Deny),
        ("/.;/admin/x", DecisionType::Deny),
        ("/admin;v=1/x", DecisionType::Deny),
        ("/x/..;/admin/x", DecisionType::Deny),
        ("/x?y=//admin/;", DecisionType::Allow),
        ("/x;/administration/", DecisionType::Allow),
    ] {
        assert_eq!(
            asked(&code, &get("GET", path).question()).effect,
            expected,
            "{path}"
        );
    }
}

/// Properties and elements of a hostile body cost what they cost once, and too much of
/// it denies.
#[test]
fn what_costs_too_much_is_denied() {
    let rules: Vec<Value> = (0..500)
        .map(|n| {
            json!({ "effect": "Deny", "conditions": [
                { "field": format!("body.items.f{n}"), "operator": "eq", "value": -1 }] })
        })
        .collect();
    let policy = json!({ "name": "p", "default": "Allow", "mode": "Shadow", "rules": rules });
    let code = compile(&policy);
    let body = |items: usize| format!("{{\"items\":[{}0]}}", "{\"n\":1},".repeat(items));
    let mut question = get("POST", "/").question();
    question.request.body = Some(body(1_000));
    assert_eq!(asked(&code, &question).effect, DecisionType::Allow);
    question.request.body = Some(body(130_000));
    let verdict = asked(&code, &question);
    assert_eq!(
        (verdict.effect, verdict.shadow),
        (DecisionType::Deny, false)
    );
    assert_eq!(
        verdict.reason.as_deref(),
        Some("Policy costs too much to evaluate")
    );
    assert_eq!(verdict.looked_at.last().unwrap().field, "*");
}

/// Long numbers and long lists cost as much as they are long.
#[test]
fn spelling_and_searching_at_length_is_counted() {
    let rules = |condition: Value| {
        let rule = json!({ "effect": "Deny", "conditions": [condition] });
        compile(&json!({ "name": "p", "default": "Allow", "rules": vec![rule; 200] }))
    };
    let is_one = json!({ "field": "body.n", "operator": "eq", "value": 1 });
    let has_one = json!({ "field": "body.n", "operator": "contains", "value": 1 });
    for (condition, number, expected) in [
        (&is_one, "2".repeat(100), None),
        (&is_one, "1.".to_owned() + &"0".repeat(1_000), Some("r")),
        (
            &is_one,
            "1.".to_owned() + &"0".repeat(2_000),
            Some("it is too large a number"),
        ),
        (
            &has_one,
            format!("[{}]", "2".repeat(2_000)),
            Some("too large a number is in the list"),
        ),
        (
            &has_one,
            format!(
                "[{}2]",
                format!("{},", "0.".to_owned() + &"2".repeat(998)).repeat(1_000)
            ),
            Some("costs too much"),
        ),
    ] {
        let mut question = get("POST", "/").question();
        question.request.body = Some(format!("{{\"n\":{number}}}"));
        let verdict = asked(&rules(condition.clone()), &question);
        let denied = verdict.effect == DecisionType::Deny;
        assert_eq!(denied, expected.is_some(), "{condition} {verdict:?}");
        let said = verdict.reason.or(verdict.rule).unwrap_or_default();
        assert!(
            said.contains(expected.unwrap_or_default()),
            "{condition} {said}"
        );
    }
}

/// Each of these alone takes a good part of a second before it fails.
#[test]
fn expressions_that_are_too_much_work_together_are_refused_each_in_its_place() {
    let policy = |sources: &[String]| {
        let rules: Vec<Value> = sources
            .iter()
            .map(|source| {
                json!({ "conditions": [
                    { "field": "body", "operator": "regex", "value": source }] })
            })
            .collect();
        rules::compile(&json!({ "name": "p", "rules": rules }).to_string())
    };
    let hostile: Vec<String> = (2..90).map(|n| format!(r"\w{{2,{n}}}x\w{{3}}")).collect();
    let problems = policy(&hostile).unwrap_err();
    let places: Vec<String> = (0..hostile.len())
        .map(|n| format!("rules[{n}].conditions[0].value"))
        .collect();
    let found: Vec<&String> = problems.iter().map(|problem| &problem.place).collect();
    assert_eq!(found, places.iter().collect::<Vec<_>>());
    // Only the first of them are tried.
    let tried = problems
        .iter()
        .take_while(|problem| !problem.message.contains("together"))
        .count();
    assert!((1..10).contains(&tried), "{tried}");
    let rest = &problems[tried..];
    assert!(
        rest.iter()
            .all(|problem| problem.message.contains("together"))
    );
    let usual: Vec<String> = (0..100).map(|n| format!("^/v[0-9]+/service{n}/")).collect();
    assert!(policy(&usual).is_ok());
}

#[test]
fn the_form_is_bounded_by_the_source() {
    for name in ["billing-policy", "data-agent", "no-admin", "low-trust"] {
        let source = text(&format!("policies/{name}.json"));
        let code = rules::compile(&source).unwrap().code;
        assert!(
            code.len() < source.len() + 256,
            "{name}: {} bytes",
            code.len()
        );
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    what: String,
    source: String,
    /// Of the compiled form.
    sha256: String,
}

/// The same wherever it is compiled. Who changes the form on purpose changes its version.
#[test]
fn a_source_has_one_compiled_form() {
    let digest = |row: &Row| -> String {
        let code = rules::compile(&row.source).unwrap().code;
        let digest = Sha256::digest(code);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let rows = rows::<Row>("tests/decisions/compiled.json");
    let told: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| (row.what.as_str(), row.sha256.as_str()))
        .collect();
    let computed: Vec<String> = rows.iter().map(digest).collect();
    let computed: Vec<(&str, &str)> = rows
        .iter()
        .zip(&computed)
        .map(|(row, digest)| (row.what.as_str(), digest.as_str()))
        .collect();
    assert_eq!(computed, told);
}
