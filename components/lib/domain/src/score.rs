//! Scores: finite numbers from 0 to 1.

use serde::{Deserialize, Serialize};

/// A number that is no score.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is not a number from 0 to 1")]
pub struct ScoreError(f64);

macro_rules! score {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(try_from = "f64", into = "f64")]
        pub struct $name(f64);

        impl $name {
            /// Checks that `value` is finite and from 0 to 1.
            ///
            /// # Errors
            /// [`ScoreError`] if it is not.
            pub fn new(value: f64) -> Result<Self, ScoreError> {
                if (0.0..=1.0).contains(&value) { Ok(Self(value)) } else { Err(ScoreError(value)) }
            }

            /// The number, from 0 to 1.
            #[must_use]
            pub const fn get(self) -> f64 {
                self.0
            }
        }

        impl TryFrom<f64> for $name {
            type Error = ScoreError;

            fn try_from(value: f64) -> Result<Self, ScoreError> {
                Self::new(value)
            }
        }

        impl From<$name> for f64 {
            fn from(score: $name) -> Self {
                score.0
            }
        }
    };
}

score!(
    /// How far an agent is trusted, 0 to 1.
    TrustScore
);
score!(
    /// How risky a request is, 0 to 1.
    RiskScore
);

impl RiskScore {
    /// The highest.
    pub const MAX: Self = Self(1.0);
}

impl TrustScore {
    /// What a new agent starts with (OB §6).
    pub const INITIAL: Self = Self(0.5);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_only_finite_numbers_from_0_to_1() {
        for good in [0.0, 0.5, 1.0] {
            assert_eq!(TrustScore::new(good).unwrap().get(), good);
        }
        for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(TrustScore::new(bad).is_err(), "{bad}");
        }
    }
}
