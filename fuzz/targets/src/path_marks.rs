//! What an operator looks for in paths, and paths. An input is a path, a normalised path
//! and patterns, a line each.
//!
//! * Nothing panics, and a risk is always one.
//! * The score is the highest of what a plain matcher finds; no less where servers
//!   read a path in different ways, which it does not.

use crate::text;
use vectra_decision::{
    Activity, Agent, Body, DecisionType, Evaluation, Input, IntentAnswer, PathMark, PolicyAnswer,
    Request, RiskWeights, Settings, TrustRates, evaluate,
};

/// The score of a path in which nothing is found.
const BASE: f64 = 0.1;
/// Longest pattern that is looked for, in bytes.
const LONGEST: usize = 100;

/// What must hold of one input; of one that is not text, of its beginning that is.
pub fn run(input: &[u8]) {
    let input = text(input);
    let mut lines = input.split('\n');
    let path = lines.next().unwrap_or_default();
    let normalised = lines.next().unwrap_or_default();
    let marks: Vec<PathMark> = lines
        .take(8)
        .zip(2_u32..)
        .map(|(pattern, score)| PathMark {
            pattern: pattern.to_owned(),
            score: f64::from(score) / 10.0,
        })
        .collect();
    let expected = marks
        .iter()
        .filter(|mark| {
            let pattern = mark.pattern.as_bytes();
            (1..=LONGEST).contains(&pattern.len())
                && (is_found(path.as_bytes(), pattern) || is_found(normalised.as_bytes(), pattern))
        })
        .fold(BASE, |highest, mark| highest.max(mark.score));
    let score = path_score(path, normalised, marks);
    let is_plain = |path: &str| !path.contains("//") && !path.contains(';');
    if is_plain(path) && is_plain(normalised) {
        assert!((score - expected).abs() < 1e-9, "{score} is not {expected}");
    } else {
        assert!(score > expected - 1e-9, "{score} is less than {expected}");
    }
}

/// Whether a pattern is found anywhere: `#` one digit or more, `*` anything but `/`.
fn is_found(path: &[u8], pattern: &[u8]) -> bool {
    (0..=path.len()).any(|start| {
        let mut ends = vec![start];
        for wanted in pattern {
            ends = ends
                .into_iter()
                .flat_map(|end| after(path, end, *wanted))
                .collect();
            ends.sort_unstable();
            ends.dedup();
        }
        !ends.is_empty()
    })
}

/// Where one character of a pattern may end that begins at `start`.
fn after(path: &[u8], start: usize, wanted: u8) -> Vec<usize> {
    let run = |holds: fn(&u8) -> bool| {
        let rest = path.get(start..).unwrap_or_default();
        start + rest.iter().take_while(|byte| holds(byte)).count()
    };
    match wanted {
        b'*' => (start..=run(|byte| *byte != b'/')).collect(),
        b'#' => (start + 1..=run(u8::is_ascii_digit)).collect(),
        _ => path
            .get(start)
            .filter(|byte| byte.eq_ignore_ascii_case(&wanted))
            .map(|_| start + 1)
            .into_iter()
            .collect(),
    }
}

fn path_score(path: &str, normalised: &str, marks: Vec<PathMark>) -> f64 {
    let evaluation = evaluate(&Input {
        now: 1_769_601_600_000_000,
        request: Request {
            method: "GET".to_owned(),
            path: path.to_owned(),
            normalised_path: normalised.to_owned(),
            target_url: format!("http://h{path}"),
            body: Body::None,
            target_refusal: None,
        },
        agent: Agent {
            id: "a".to_owned(),
            trust_score: 0.5,
            policy_name: None,
        },
        activity: Activity::default(),
        policy: PolicyAnswer::Unassigned,
        intent: IntentAnswer::Pending,
        settings: Settings {
            unassigned: DecisionType::Allow,
            undecodable_body: DecisionType::Deny,
            risk_weights: RiskWeights::default(),
            risk_paths: Some(marks),
            risk_threshold: 0.8,
            semantic: None,
            trust_rates: TrustRates::default(),
            shadow: false,
        },
    });
    let Evaluation::Decided(decision) = evaluation else {
        panic!("there is nothing to ask");
    };
    assert!((0.0..=1.0).contains(&decision.risk.score));
    let mut factors = decision.risk.factors.iter();
    let path = factors.find(|factor| factor.name == "path");
    path.expect("a factor of the path").score
}
