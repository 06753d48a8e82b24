use super::of;
use crate::rules::facts::Facts;
use crate::rules::{Answer, compile};
use crate::{Agent, Meaning, PolicyQuestion, PolicyRequest, Risk};

fn question(method: &str, path: &str) -> PolicyQuestion {
    PolicyQuestion {
        request: PolicyRequest {
            method: method.into(),
            path: path.into(),
            normalised_path: path.into(),
            target_url: format!("https://host4.example{path}"),
            headers: Vec::new(),
            body: None,
            body_unread: false,
        },
        agent: Agent {
            id: "6f1c2a4e-0000-4000-8000-000000000001".into(),
            trust_score: 0.5,
            policy_name: None,
        },
        risk: Risk {
            score: 0.1,
            factors: Vec::new(),
        },
        intent: Meaning::Unasked,
    }
}

/// Rules that differ in host, method and path, and one for all that is read.
fn policy(rules: usize) -> Vec<u8> {
    let rules: Vec<String> = (0..rules)
        .map(|n| {
            let (operator, value) = match n % 20 {
                1 => ("regex", format!("^/service{n}/[a-z]+$")),
                even if even % 2 == 0 => ("startswith", format!("/service{n}/")),
                _ => ("eq", format!("/service{n}")),
            };
            let host = format!("host{}.example", n % 97);
            format!(
                r#"{{"effect":"Hitl","conditions":[
                {{"field":"target.host","operator":"eq","value":"{host}"}},
                {{"field":"method","operator":"in","value":["POST","DELETE"]}},
                {{"field":"path","operator":"{operator}","value":"{value}"}}]}},"#
            )
        })
        .collect();
    let source = format!(
        r#"{{"name":"p","default":"Deny","rules":[{}
        {{"priority":-1,"conditions":[{{"field":"method","operator":"eq","value":"GET"}}]}}]}}"#,
        rules.concat()
    );
    compile(&source).unwrap().code
}

/// Steps of a question.
fn steps(code: &[u8], method: &str, path: &str) -> u64 {
    let question = question(method, path);
    let facts = Facts::sent(&question);
    assert!(matches!(of(code, &facts), Answer::Verdict(_)));
    facts.budget.spent()
}

#[test]
fn a_thousand_rules_cost_at_most_five_times_what_ten_cost() {
    let (few, many) = (policy(10), policy(1_000));
    for method in ["GET", "DELETE", "delete"] {
        for path in [
            "/",
            "/service4/items",
            "/service3/x?page=2",
            "//service1/..;/x",
        ] {
            let (few, many) = (steps(&few, method, path), steps(&many, method, path));
            assert!(
                few > 0 && many <= 5 * few,
                "{method} {path}: {few} and {many}"
            );
        }
    }
    // The steps do count what is looked at.
    let all =
        r#"{"effect":"Hitl","conditions":[{"field":"method","operator":"ne","value":"GET"}]},"#;
    let open = |count: usize| {
        let source = format!(r#"{{"name":"p","rules":[{}]}}"#, all.repeat(count));
        steps(&compile(&source).unwrap().code, "GET", "/")
    };
    assert!(
        open(1_000) > 50 * open(10),
        "{} and {}",
        open(10),
        open(1_000)
    );
}
