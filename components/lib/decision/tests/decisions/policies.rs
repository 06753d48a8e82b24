//! The example policies (OB §9.5): each request, each outcome.

use serde::Deserialize;
use vectra_decision::{DecisionType, rules};

use crate::cases::{Told, asked, root, rows, text};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Row {
    method: String,
    path: String,
    normalised_path: Option<String>,
    trust_score: Option<f64>,
    outcome: String,
    rule: Option<String>,
    reason: Option<String>,
}

/// The names of the JSON files of a folder, those of cases beside policies left out.
fn names(folder: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json") && !name.ends_with(".test.json"))
        .collect();
    names.sort();
    names
}

#[test]
fn each_example_says_what_its_table_says() {
    for name in names("tests/decisions/policies") {
        let compiled = rules::compile(&text(&format!("policies/{name}")))
            .unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        for row in rows::<Row>(&format!("tests/decisions/policies/{name}")) {
            let told = Told {
                method: Some(row.method.clone()),
                path: Some(row.path.clone()),
                normalised_path: row.normalised_path.clone(),
                trust_score: row.trust_score,
                ..Told::default()
            };
            let verdict = asked(&compiled.code, &told.question());
            let what = format!("{name}: {} {} {:?}", row.method, row.path, row.trust_score);
            assert_eq!(format!("{:?}", verdict.effect), row.outcome, "{what}");
            assert_eq!(verdict.rule, row.rule, "{what}");
            assert_eq!(verdict.reason, row.reason, "{what}");
        }
    }
}

#[test]
fn each_example_has_a_table_with_grants_and_refusals() {
    let examples = names("policies");
    assert_eq!(examples.len(), 6, "{examples:?}");
    assert_eq!(examples, names("tests/decisions/policies"));
    for name in examples {
        let outcomes: Vec<String> = rows::<Row>(&format!("tests/decisions/policies/{name}"))
            .into_iter()
            .map(|row| row.outcome)
            .collect();
        assert!(outcomes.iter().any(|outcome| outcome == "Allow"), "{name}");
        assert!(outcomes.iter().any(|outcome| outcome != "Allow"), "{name}");
    }
}

#[test]
fn each_example_is_named_as_its_file_and_described() {
    for file in names("policies") {
        let compiled = rules::compile(&text(&format!("policies/{file}"))).unwrap();
        assert_eq!(format!("{}.json", compiled.name), file);
        assert!(
            compiled.description.is_some_and(|text| !text.is_empty()),
            "{file}"
        );
        assert!(!compiled.owner.is_empty(), "{file}");
        assert!(compiled.rule_count > 0, "{file}");
        assert_ne!(compiled.default_effect, DecisionType::Hitl, "{file}");
    }
}
