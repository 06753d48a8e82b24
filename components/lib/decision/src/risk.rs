//! How risky a request is (OB §13).
//!
//! Six factors of 0 to 1, weighted: `Σ(score·weight) / Σweight`. Same input, same
//! score, on wasm and native alike: additions, multiplications and divisions only.

mod activity;
mod path;
mod request;

use crate::path::readings;
use crate::{Input, Risk, RiskFactor, RiskWeights};

/// Why a risk cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RiskError {
    /// A number of the input is NaN, infinite or out of its range.
    #[error("`{0}` is not a usable number")]
    Unusable(&'static str),
}

impl Default for RiskWeights {
    /// The documented weights (OB §13, column [D]); their sum is 1.
    fn default() -> Self {
        Self {
            method: 0.20,
            path: 0.25,
            agent_history: 0.15,
            time_of_day: 0.10,
            body_size: 0.10,
            anomaly: 0.20,
        }
    }
}

/// The risk of a request.
pub(crate) fn assess(input: &Input) -> Result<Risk, RiskError> {
    check(input)?;
    let factors = factors(input);
    let total: f64 = factors.iter().map(|factor| factor.weight).sum();
    let weighted: f64 = factors
        .iter()
        .map(|factor| factor.score * factor.weight)
        .sum();
    if !total.is_finite() || !weighted.is_finite() {
        return Err(RiskError::Unusable("settings.risk_weights"));
    }
    // A total of zero means that the operator wants no risk at all (OB §13).
    let score = if total == 0.0 { 0.0 } else { weighted / total };
    Ok(Risk {
        score: score.clamp(0.0, 1.0),
        factors,
    })
}

/// What is recorded when the risk cannot be computed: the highest there is.
pub(crate) fn unknown(weights: &RiskWeights) -> Risk {
    let factors = named(weights)
        .into_iter()
        .map(|(name, weight)| RiskFactor {
            name: name.to_owned(),
            score: 1.0,
            weight: if weight.is_finite() {
                weight.max(0.0)
            } else {
                0.0
            },
        })
        .collect();
    Risk {
        score: 1.0,
        factors,
    }
}

fn factors(input: &Input) -> Vec<RiskFactor> {
    let request = &input.request;
    let scores = [
        request::method(&request.method),
        path(input),
        activity::history(&input.activity, input.agent.trust_score),
        request::time_of_day(input.now),
        request::body_size(&request.body),
        activity::anomaly(&input.activity, input.now),
    ];
    named(&input.settings.risk_weights)
        .into_iter()
        .zip(scores)
        .map(|((name, weight), score)| RiskFactor {
            name: name.to_owned(),
            score,
            weight,
        })
        .collect()
}

/// The highest score of all the ways to read the path.
fn path(input: &Input) -> f64 {
    let request = &input.request;
    readings(&request.path, &request.normalised_path)
        .iter()
        .map(|path| path::score(&input.settings.risk_paths, path))
        .fold(0.0, f64::max)
}

fn named(weights: &RiskWeights) -> [(&'static str, f64); 6] {
    [
        ("method", weights.method),
        ("path", weights.path),
        ("agent_history", weights.agent_history),
        ("time_of_day", weights.time_of_day),
        ("body_size", weights.body_size),
        ("anomaly", weights.anomaly),
    ]
}

fn check(input: &Input) -> Result<(), RiskError> {
    if !input.agent.trust_score.is_finite() {
        return Err(RiskError::Unusable("agent.trust_score"));
    }
    let usable = |weight: f64| weight.is_finite() && weight >= 0.0;
    if !named(&input.settings.risk_weights)
        .iter()
        .all(|(_, weight)| usable(*weight))
    {
        return Err(RiskError::Unusable("settings.risk_weights"));
    }
    let marks = input.settings.risk_paths.iter().flatten();
    let mut usable =
        marks.map(|mark| mark.pattern.len() <= path::LONGEST && (0.0..=1.0).contains(&mark.score));
    if !usable.all(|usable| usable) {
        return Err(RiskError::Unusable("settings.risk_paths"));
    }
    if !(0.0..=1.0).contains(&input.settings.risk_threshold) {
        return Err(RiskError::Unusable("settings.risk_threshold"));
    }
    Ok(())
}
