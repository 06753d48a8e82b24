//! The one form of an answer that counts.

use serde::Deserialize;

use crate::answer::object;
use crate::{Failure, LABELS, Nonce, RISK_TAGS, UNKNOWN};

/// Longest explanation, in bytes.
const MAX_EXPLANATION: usize = 1_000;

/// Methods that are there to change something (RFC 9110 §9.3, RFC 5789). POST is none: many
/// interfaces read with it.
const CHANGING: [&str; 3] = ["DELETE", "PATCH", "PUT"];

/// What the model was asked for: all of it, once, and nothing else.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verdict {
    nonce: String,
    pub intent: String,
    /// 0 to 1 once it is checked.
    pub confidence: f64,
    pub risk_tags: Vec<String>,
    pub explanation: String,
}

pub(crate) fn read(content: &str, nonce: &Nonce) -> Result<Verdict, Failure> {
    let verdict: Verdict = object(content.as_bytes()).ok_or(Failure::Form)?;
    if verdict.nonce != nonce.text() {
        return Err(Failure::Nonce);
    }
    Ok(verdict)
}

pub(crate) fn check(verdict: &Verdict, method: &str) -> Result<(), Failure> {
    if !LABELS.contains(&verdict.intent.as_str()) {
        return Err(Failure::Label);
    }
    if !(0.0..=1.0).contains(&verdict.confidence) {
        return Err(Failure::Confidence);
    }
    let mut seen: Vec<&str> = Vec::new();
    for tag in &verdict.risk_tags {
        if !RISK_TAGS.contains(&tag.as_str()) || seen.contains(&tag.as_str()) {
            return Err(Failure::RiskTag);
        }
        seen.push(tag);
    }
    if verdict.explanation.len() > MAX_EXPLANATION {
        return Err(Failure::Explanation);
    }
    // However sure it is: of what, it does not know.
    if verdict.intent == UNKNOWN {
        return Err(Failure::Unknown);
    }
    let changing = CHANGING
        .iter()
        .any(|changing| changing.eq_ignore_ascii_case(method));
    if verdict.intent == "read" && changing {
        return Err(Failure::Contradiction);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
