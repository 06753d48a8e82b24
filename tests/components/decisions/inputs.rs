//! Inputs of decisions, with everything at its limits.

use vectra_decision::{
    Activity, Agent, Body, DecisionType, Input, IntentAnswer, LookedAt, PathMark, PolicyAnswer,
    Request, RiskWeights, SemanticSettings, Settings, Shown, TrustRates, Verdict,
};

use super::dice::Dice;
use super::request::{LABELS, intent};

/// Any input.
pub fn roll(dice: &mut Dice) -> Input {
    let text = |dice: &mut Dice| {
        const PARTS: [&str; 14] = [
            "/",
            "a",
            "GET",
            "delete",
            "/admin/",
            "%61",
            "\u{0}",
            "ä",
            "😀",
            "/v1/",
            "/export",
            "/users/42/",
            " ",
            "\"",
        ];
        let length = dice.below(6);
        (0..length).map(|_| dice.pick(&PARTS)).collect::<String>()
    };
    let optional = |dice: &mut Dice| dice.maybe(2, text);
    let trusted = dice.below(8) > 0;
    Input {
        now: moment(dice),
        request: Request {
            method: dice.pick(&["GET", "delete", "POST", "X"]).to_owned(),
            path: text(dice),
            normalised_path: text(dice),
            target_url: text(dice),
            body: body(dice),
            target_refusal: (dice.once_in(12)).then(|| text(dice)),
        },
        agent: Agent {
            id: text(dice),
            trust_score: if trusted { part(dice) } else { number(dice) },
            policy_name: optional(dice),
        },
        activity: Activity {
            recent_total: count(dice),
            recent_violations: count(dice),
            baseline_total: count(dice),
            baseline_since: dice.maybe(2, moment),
        },
        policy: match dice.below(8) {
            0 => PolicyAnswer::Unassigned,
            1 => PolicyAnswer::Pending,
            2 => PolicyAnswer::Unusable(text(dice)),
            _ => PolicyAnswer::Answered(Verdict {
                effect: outcome(dice),
                rule: optional(dice),
                reason: optional(dice),
                looked_at: looked_at(dice),
                shadow: dice.once_in(3),
            }),
        },
        intent: if dice.once_in(2) {
            IntentAnswer::Pending
        } else {
            IntentAnswer::Answered(intent(dice))
        },
        settings: settings(dice),
    }
}

/// What a policy looked at decides nothing; it only has to get there.
fn looked_at(dice: &mut Dice) -> Vec<LookedAt> {
    let kinds = [
        Shown::Absent,
        Shown::Plain("1e308".to_owned()),
        Shown::Digest("00".to_owned()),
        Shown::Unreadable("why".to_owned()),
    ];
    let length = dice.below(3);
    (0..length)
        .map(|_| LookedAt {
            field: "body.n".to_owned(),
            value: dice.pick(&kinds),
        })
        .collect()
}

fn settings(dice: &mut Dice) -> Settings {
    let hostile = dice.once_in(6);
    let mut value = |usual: f64| match hostile {
        true => number(dice),
        false => usual,
    };
    let risk_weights = RiskWeights {
        path: value(0.25),
        anomaly: value(0.2),
        ..RiskWeights::default()
    };
    let trust_rates = TrustRates {
        deny: value(0.05),
        ..TrustRates::default()
    };
    Settings {
        unassigned: outcome(dice),
        undecodable_body: outcome(dice),
        risk_weights,
        risk_paths: dice.maybe(3, |dice| {
            let mark = |dice: &mut Dice| PathMark {
                pattern: dice
                    .pick(&["/v#/", "/users/*/", "admin", "#", "*"])
                    .to_owned(),
                score: part(dice),
            };
            vec![mark(dice), mark(dice)]
        }),
        risk_threshold: dice.pick(&[0.8, 0.5, 0.3, 1.0, 0.0]),
        semantic: dice.maybe(2, |dice| SemanticSettings {
            confidence_threshold: dice.pick(&[0.0, 0.7, 1.0]),
            low_confidence: outcome(dice),
            on_failure: outcome(dice),
            deny_labels: vec![dice.pick(&LABELS).to_owned()],
            hold_labels: vec![dice.pick(&LABELS).to_owned()],
        }),
        trust_rates,
        shadow: dice.once_in(4),
    }
}

fn outcome(dice: &mut Dice) -> DecisionType {
    dice.pick(&[
        DecisionType::Allow,
        DecisionType::Allow,
        DecisionType::Deny,
        DecisionType::Hitl,
    ])
}

/// A number from 0 to 1.
fn part(dice: &mut Dice) -> f64 {
    (dice.bits() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Any number, or none. There is one NaN, since a component may be given another.
fn number(dice: &mut Dice) -> f64 {
    let number = match dice.below(2) {
        0 => f64::from_bits(dice.bits()),
        _ => dice.pick(&[0.0, -0.0, 1.0, f64::INFINITY, -1.0, 1.0 + f64::EPSILON]),
    };
    if number.is_nan() { f64::NAN } else { number }
}

fn count(dice: &mut Dice) -> u32 {
    let bits = dice.pick(&[32, 48, 60]);
    u32::try_from(dice.bits() >> bits).unwrap()
}

fn moment(dice: &mut Dice) -> i64 {
    match dice.below(4) {
        0 => dice.bits().cast_signed(),
        1 => dice.pick(&[i64::MIN, i64::MAX, 0, -1]),
        _ => 1_769_601_600_000_000 + i64::try_from(dice.below(1 << 39)).unwrap(),
    }
}

fn body(dice: &mut Dice) -> Body {
    let size = dice.bits() >> dice.pick(&[0, 40, 50]);
    match dice.below(6) {
        0 => Body::None,
        1 => Body::Uninspected(size),
        2 => Body::Undecodable("why".to_owned()),
        _ => Body::Inspected(size),
    }
}
