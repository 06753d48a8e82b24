//! Single answers, and what goes with them.

use vectra_classifier::{Answer, Label, problems};

use crate::rows::{ask, labelled, rows};

const GOLDEN: &str = include_str!("../golden.jsonl");
/// Method, path, content type, text, features folded, label and confidence.
type Golden = (String, String, String, String, u32, String, f64);

const JSON: &str = "application/json";

#[test]
fn the_twin_of_the_training_script_gives_the_same_answer_to_the_last_digit() {
    let golden: Vec<Golden> = rows(GOLDEN);
    assert!(golden.len() > 300, "{}", golden.len());
    for row in golden {
        let (method, path, content_type, text, _, label, confidence) = &row;
        let (found, sure) = labelled(method, path, content_type, text);
        assert_eq!(found.as_str(), label, "{row:?}");
        assert_eq!(sure, *confidence, "{row:?}");
    }
}

#[test]
fn a_request_without_a_body_is_judged_by_method_and_path() {
    for (method, path, expected) in [
        ("GET", "/api/v1/orders/1234", Label::Read),
        ("GET", "/customers?page=2&limit=20", Label::Read),
        ("DELETE", "/api/v1/orders/1234", Label::DestructiveDelete),
        ("GET", "/customers/export?format=csv", Label::BulkExport),
        ("GET", "/files?path=../../../../etc/passwd", Label::Harmful),
        ("POST", "/users/7/roles", Label::AdminAction),
    ] {
        let (label, confidence) = labelled(method, path, "", "");
        assert_eq!(label, expected, "{method} {path}");
        assert!(confidence >= 0.6, "{method} {path}: {confidence}");
    }
}

#[test]
fn nothing_to_go_on_is_unknown_and_never_more_than_half_sure() {
    for (path, text) in [
        ("/", ""),
        ("/rpc", ""),
        ("/x", "blarg flumox quimby zwerk tolmi grentz pwok"),
        (
            "/x",
            "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4",
        ),
    ] {
        let (label, confidence) = labelled("POST", path, JSON, text);
        assert_eq!(label, Label::Unknown, "{path} {text}");
        assert!(confidence <= 0.5, "{path} {text}: {confidence}");
    }
}

#[test]
fn what_an_escape_hides_is_seen() {
    for (path, text) in [
        ("/items?id=1%27%20OR%20%271%27=%271", ""),
        ("/login", r"user admin\u0027 or \x27 1=1 -- "),
        ("/%2e%2e/%2e%2e/etc/passwd", ""),
    ] {
        let (label, _) = labelled("GET", path, "", text);
        assert_eq!(label, Label::Harmful, "{path} {text}");
    }
}

#[test]
fn free_query_values_and_what_lies_beyond_the_limits_of_a_path_are_read() {
    let many: String = (0..60).map(|n| format!("k{n}=1&")).collect();
    let deep = "/a".repeat(40);
    let long = format!("/{}", "a-".repeat(3000));
    let injection = "x=1' union select username, password from users--";
    for path in [
        format!("/items?{injection}"),
        format!("/items?{many}{injection}"),
        format!("{deep}/../../../../etc/passwd?{injection}"),
        format!("{long}?{injection}"),
    ] {
        let (label, _) = labelled("GET", &path, "", "");
        assert_eq!(label, Label::Harmful, "{}", path.len());
    }
}

#[test]
fn each_label_brings_the_tag_of_the_original() {
    let tags: Vec<Option<&str>> = Label::ALL.into_iter().map(Label::risk_tag).collect();
    assert_eq!(
        tags,
        [
            None,
            None,
            Some("data_exfiltration"),
            Some("privilege_escalation"),
            Some("destructive"),
            Some("malicious"),
            None,
        ]
    );
}

#[test]
fn an_explanation_repeats_no_value_of_the_request() {
    let secret = "hunter2secret";
    let text = format!("query drop table {secret}\nfor alice, sk_live_4eC39HqLyj");
    let path = format!("/customers/{secret}");
    let Answer::Classified { explanation, .. } = ask("DELETE", &path, JSON, &text) else {
        panic!("not classified");
    };
    for hidden in [secret, "hunter", "sk_live", "4eC39", "alice"] {
        assert!(!explanation.contains(hidden), "{explanation}");
    }
    assert!(
        explanation.starts_with("Local: destructive_delete ("),
        "{explanation}"
    );
    assert!(explanation.contains("`drop`"), "{explanation}");
    assert!(explanation.len() < 120, "{explanation}");
}

#[test]
fn a_configuration_may_name_this_provider_and_nothing_else() {
    for good in [
        "{}",
        r#"{"DefaultProvider": "Local"}"#,
        r#"{"DefaultProvider": "internal"}"#,
    ] {
        assert_eq!(problems(good), [], "{good}");
    }
    for (bad, keys) in [
        ("", vec![""]),
        ("[]", vec![""]),
        (r#"{"DefaultProvider": "OpenAi"}"#, vec!["DefaultProvider"]),
        (r#"{"DefaultProvider": 1}"#, vec!["DefaultProvider"]),
        (
            r#"{"Providers": {}, "Model": "x"}"#,
            vec!["Model", "Providers"],
        ),
    ] {
        let found = problems(bad);
        let mut named: Vec<&str> = found.iter().map(|problem| problem.key.as_str()).collect();
        named.sort_unstable();
        assert_eq!(named, keys, "{bad}");
    }
}
