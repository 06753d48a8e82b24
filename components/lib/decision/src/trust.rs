//! How an agent's trust moves with each decision.
//!
//! Each decision moves trust a fixed part of the way to a target:
//! `trust + rate × (target − trust)`. Since `rate` and both ends lie in \[0, 1\],
//! so does the result: trust is **bounded** without clamping. It is **recovering**
//! since no step reaches its target: whatever was denied, allowed requests lift
//! trust again, and whatever was allowed, a denial lowers it.
//!
//! What the rates ([`TrustRates`], configurable as `Trust`) mean by default, from the initial 0.5: ten denials in a row bring trust to
//! 0.30, about 170 allowed requests bring it back; a held request costs two fifths
//! of a denial, since a hold is a doubt and not an offence. The rule travels to the
//! database and is applied there, so that concurrent decisions lose nothing.

use crate::{DecisionType, TrustRates, TrustRule};

/// Trust stays where it is.
pub const UNMOVED: TrustRule = TrustRule {
    target: 0.0,
    rate: 0.0,
};

impl Default for TrustRates {
    /// The rates described above.
    fn default() -> Self {
        Self {
            allow: 0.002,
            hitl: 0.02,
            deny: 0.05,
        }
    }
}

/// How trust moves after a decision. With rates that are none it stays.
#[must_use]
pub fn after(outcome: DecisionType, rates: &TrustRates) -> TrustRule {
    let (target, rate) = match outcome {
        DecisionType::Allow => (1.0, rates.allow),
        DecisionType::Hitl => (0.0, rates.hitl),
        DecisionType::Deny => (0.0, rates.deny),
    };
    if is_usable(rate) {
        TrustRule { target, rate }
    } else {
        UNMOVED
    }
}

/// Which of the rates cannot be used, if one cannot.
pub(crate) fn unusable(rates: &TrustRates) -> Option<&'static str> {
    [
        ("settings.trust_rates.allow", rates.allow),
        ("settings.trust_rates.hitl", rates.hitl),
        ("settings.trust_rates.deny", rates.deny),
    ]
    .into_iter()
    .find_map(|(name, rate)| (!is_usable(rate)).then_some(name))
}

fn is_usable(rate: f64) -> bool {
    (0.0..=1.0).contains(&rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(outcome: DecisionType) -> TrustRule {
        after(outcome, &TrustRates::default())
    }

    fn rules() -> [TrustRule; 3] {
        [DecisionType::Allow, DecisionType::Hitl, DecisionType::Deny].map(of)
    }

    #[test]
    fn rates_that_are_none_move_nothing() {
        for rate in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
            let rates = TrustRates {
                deny: rate,
                ..TrustRates::default()
            };
            assert_eq!(after(DecisionType::Deny, &rates), UNMOVED);
            assert_eq!(unusable(&rates), Some("settings.trust_rates.deny"));
        }
        assert_eq!(unusable(&TrustRates::default()), None);
    }

    fn apply(rule: TrustRule, trust: f64) -> f64 {
        trust + rule.rate * (rule.target - trust)
    }

    #[test]
    fn trust_stays_between_zero_and_one() {
        for rule in rules() {
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
            trust = apply(of(DecisionType::Deny), trust);
        }
        assert!((0.29..0.30).contains(&trust), "{trust}");
        let mut steps = 0;
        while trust < 0.5 {
            trust = apply(of(DecisionType::Allow), trust);
            steps += 1;
        }
        assert!((160..180).contains(&steps), "{steps}");
    }

    #[test]
    fn a_hold_costs_less_than_a_denial() {
        assert!(apply(of(DecisionType::Hitl), 0.5) > apply(of(DecisionType::Deny), 0.5));
        assert!(apply(of(DecisionType::Hitl), 0.5) < 0.5);
        assert!(apply(of(DecisionType::Allow), 0.5) > 0.5);
    }
}
