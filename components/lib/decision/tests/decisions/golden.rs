//! The golden vectors of OB §13 and OB §8.

use serde::Deserialize;
use vectra_decision::{
    Activity, Body, Evaluation, Flattened, Input, RiskWeights, evaluate, intent_text,
};

use crate::cases::{harmless, rows};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RiskRow {
    method: String,
    path: String,
    body_size: u64,
    trust_score: f64,
    now: i64,
    activity: ToldActivity,
    documented: f64,
    original: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ToldActivity {
    recent_total: u32,
    recent_violations: u32,
    baseline_total: u32,
    baseline_since: Option<i64>,
}

/// The weights of the original's code, whose sum is 1.2.
const ORIGINAL: RiskWeights = RiskWeights {
    method: 0.20,
    path: 0.25,
    agent_history: 0.35,
    time_of_day: 0.10,
    body_size: 0.10,
    anomaly: 0.20,
};

fn score(row: &RiskRow, weights: RiskWeights) -> f64 {
    let mut input = Input {
        now: row.now,
        activity: Activity {
            recent_total: row.activity.recent_total,
            recent_violations: row.activity.recent_violations,
            baseline_total: row.activity.baseline_total,
            baseline_since: row.activity.baseline_since,
        },
        ..harmless()
    };
    input.request.method.clone_from(&row.method);
    input.request.path.clone_from(&row.path);
    input.request.normalised_path.clone_from(&row.path);
    input.request.body = Body::Inspected(row.body_size);
    input.agent.trust_score = row.trust_score;
    input.settings.risk_weights = weights;
    input.settings.risk_threshold = 1.0;
    match evaluate(&input) {
        Evaluation::Decided(decision) => decision.risk.score,
        other => panic!("not decided: {other:?}"),
    }
}

#[test]
fn risk_is_that_of_the_documented_weights() {
    for row in rows::<RiskRow>("tests/decisions/risk.json") {
        let score = score(&row, RiskWeights::default());
        assert!(
            (score - row.documented).abs() < 5e-7,
            "{} {}: {score}, not {}",
            row.method,
            row.path,
            row.documented
        );
    }
}

#[test]
fn risk_is_that_of_the_original_weights() {
    for row in rows::<RiskRow>("tests/decisions/risk.json") {
        let score = score(&row, ORIGINAL);
        assert!(
            (score - row.original).abs() < 5e-7,
            "{} {}: {score}, not {}",
            row.method,
            row.path,
            row.original
        );
    }
}

#[test]
fn documented_weights_sum_to_one() {
    let weights = RiskWeights::default();
    let sum = weights.method
        + weights.path
        + weights.agent_history
        + weights.time_of_day
        + weights.body_size
        + weights.anomaly;
    assert!((sum - 1.0).abs() < 1e-12, "{sum}");
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextRow {
    json: String,
    text: Option<String>,
    /// Nothing that may say something is left out.
    #[serde(default = "whole")]
    whole: bool,
}

const fn whole() -> bool {
    true
}

#[test]
fn json_is_flattened_to_lines() {
    for row in rows::<TextRow>("tests/decisions/intent-text.json") {
        let meant = row.text.map(|text| Flattened {
            text,
            whole: row.whole,
        });
        assert_eq!(intent_text(&row.json), meant, "{}", row.json);
    }
}

#[test]
fn a_flattened_text_does_not_grow_without_bounds() {
    let values = vec!["[1,{}]"; 10_000].join(",");
    let json = format!("{{\"{}\":[[{values}]]}}", "k".repeat(50_000));
    assert_eq!(intent_text(&json), None);
    let short = format!("{{\"k\":[[{values}]]}}");
    assert!(intent_text(&short).is_some());
}

/// Keys that are put together again for each property take work without becoming text.
#[test]
fn a_long_key_above_many_others_is_given_up() {
    for property in ["\"a\":null", "\"b\":{}", "\"c\":[]"] {
        for (open, close) in [("{", "}"), ("[{", "}]")] {
            let properties = vec![property; 50_000].join(",");
            let key = "k".repeat(500_000);
            let json = format!("{{\"{key}\":{open}{properties}{close}}}");
            assert!(json.len() > 800_000);
            assert_eq!(intent_text(&json), None, "{property} in {open}");
        }
    }
}

#[test]
fn the_path_factor_is_the_highest_of_all_ways_to_read_a_path() {
    for (path, normalised, expected) in [
        ("/users//all", "/users//all", 0.95),
        ("/admin;v=1/", "/admin;v=1/", 0.8),
        ("/pub//../%61dmin/", "/pub/admin/", 0.8),
        ("/pub/a/..;/../dump", "/pub/a/dump", 0.9),
        ("/a/..//api", "//api", 0.1),
    ] {
        let mut input = harmless();
        input.request.path = path.into();
        input.request.normalised_path = normalised.into();
        let Evaluation::Decided(decision) = evaluate(&input) else {
            panic!("not decided: {path}");
        };
        let mut factors = decision.risk.factors.iter();
        let factor = factors.find(|factor| factor.name == "path").unwrap();
        assert_eq!(factor.score, expected, "{path}");
    }
}
