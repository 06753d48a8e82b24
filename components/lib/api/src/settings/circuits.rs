//! When circuits open (OB §11.2, §17).

use vectra_domain::CircuitRule;

use super::tree::Tree;

/// Seconds for what comes after the answer: the report.
const REPORTING: u32 = 5;

/// Circuits of upstreams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitSettings {
    /// When they open, and for how long.
    pub rule: CircuitRule,
    /// How long a probe may take before another may try, in seconds, 1 to 3,700. By
    /// default longer than an upstream has to answer, so that there is one at a time.
    pub probe_lease: u32,
}

/// None if they are switched off. `patience` is how long an upstream may take to answer.
pub(super) fn circuits(tree: &mut Tree, patience: u32) -> Option<CircuitSettings> {
    let enabled = tree.flag("System.CircuitBreaker.Enabled", true);
    let seconds = 1..=86_400;
    let settings = CircuitSettings {
        rule: CircuitRule {
            threshold: tree.number("System.CircuitBreaker.FailureThreshold", 1..=1_000, 5),
            window: tree.number(
                "System.CircuitBreaker.SamplingWindowSeconds",
                seconds.clone(),
                60,
            ),
            open: tree.number("System.CircuitBreaker.OpenDurationSeconds", seconds, 30),
        },
        probe_lease: tree.number(
            "System.CircuitBreaker.ProbeLeaseSeconds",
            1..=3_700,
            patience.saturating_add(REPORTING),
        ),
    };
    enabled.then_some(settings)
}
