//! How an agent's trust moves with each decision.
//!
//! Each decision moves trust a fixed part of the way to a target:
//! `trust + rate × (target − trust)`. Since `rate` and both ends lie in \[0, 1\],
//! so does the result: trust is **bounded** without clamping. It is **recovering**
//! since no step reaches its target: whatever was denied, allowed requests lift
//! trust again, and whatever was allowed, a denial lowers it.
//!
//! What the rates mean, from the initial 0.5: ten denials in a row bring trust to
//! 0.30, about 170 allowed requests bring it back; a held request costs two fifths
//! of a denial, since a hold is a doubt and not an offence. The rule travels to the
//! database and is applied there, so that concurrent decisions lose nothing.

use crate::{DecisionType, TrustRule};

/// After an allowed request: slowly up.
pub const AFTER_ALLOW: TrustRule = TrustRule {
    target: 1.0,
    rate: 0.002,
};

/// After a held request: down.
pub const AFTER_HITL: TrustRule = TrustRule {
    target: 0.0,
    rate: 0.02,
};

/// After a denied request: down faster.
pub const AFTER_DENY: TrustRule = TrustRule {
    target: 0.0,
    rate: 0.05,
};

/// The rule that follows a decision.
#[must_use]
pub const fn after(outcome: DecisionType) -> TrustRule {
    match outcome {
        DecisionType::Allow => AFTER_ALLOW,
        DecisionType::Hitl => AFTER_HITL,
        DecisionType::Deny => AFTER_DENY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(rule: TrustRule, trust: f64) -> f64 {
        trust + rule.rate * (rule.target - trust)
    }

    #[test]
    fn trust_stays_between_zero_and_one() {
        for rule in [AFTER_ALLOW, AFTER_HITL, AFTER_DENY] {
            for start in [0.0, 1e-300, 0.3, 0.5, 0.999_999_999, 1.0] {
                let mut trust = start;
                for _ in 0..20_000 {
                    trust = apply(rule, trust);
                    assert!(
                        (0.0..=1.0).contains(&trust),
                        "{rule:?} from {start}: {trust}"
                    );
                }
            }
        }
    }

    #[test]
    fn trust_falls_quickly_and_recovers() {
        let mut trust = 0.5;
        for _ in 0..10 {
            trust = apply(AFTER_DENY, trust);
        }
        assert!((0.29..0.30).contains(&trust), "{trust}");
        let mut steps = 0;
        while trust < 0.5 {
            trust = apply(AFTER_ALLOW, trust);
            steps += 1;
        }
        assert!((160..180).contains(&steps), "{steps}");
    }

    #[test]
    fn a_hold_costs_less_than_a_denial() {
        assert!(apply(after(DecisionType::Hitl), 0.5) > apply(after(DecisionType::Deny), 0.5));
        assert!(apply(after(DecisionType::Hitl), 0.5) < 0.5);
        assert!(apply(after(DecisionType::Allow), 0.5) > 0.5);
    }
}
