//! Ids, a type each.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Timestamp;

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a GUID of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")]
pub struct IdError(String);

/// Longest part of a wrong id that is repeated in its error.
const QUOTED: usize = 64;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID as it is.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The smallest UUIDv7 of a time, so that those made before it are smaller;
            /// the smallest of all before 1970.
            #[must_use]
            pub fn first_at(time: Timestamp) -> Self {
                let millis = u64::try_from(time.micros() / 1_000).unwrap_or(0);
                let version = 0x7 << 76;
                Self(Uuid::from_u128((u128::from(millis) << 80) | version))
            }

            /// The UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        /// Lower-case hyphenated.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        /// Only the hyphenated form of 36 characters, in either case.
        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let wrong = || IdError(text.chars().take(QUOTED).collect());
                if text.len() != 36 {
                    return Err(wrong());
                }
                Uuid::try_parse(text).map(Self).map_err(|_| wrong())
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

id!(
    /// Id of an [`Agent`](crate::Agent).
    AgentId
);
id!(
    /// Id of an [`AuditTrail`](crate::AuditTrail) row.
    AuditId
);
id!(
    /// Id of an [`AgentHistory`](crate::AgentHistory) row.
    HistoryId
);
id!(
    /// Id of a [`HeldRequest`](crate::HeldRequest).
    HeldRequestId
);
id!(
    /// Id of an [`Operator`](crate::Operator).
    OperatorId
);
id!(
    /// Id of an [`Act`](crate::Act).
    ActId
);
id!(
    /// Id of a [`Credential`](crate::Credential).
    CredentialId
);

#[cfg(test)]
mod tests {
    use super::*;

    const LOWER: &str = "018f4d2e-7c1b-7a3d-9e5f-0123456789ab";

    #[test]
    fn reads_either_case_and_writes_lower_case() {
        let id: AgentId = LOWER.to_uppercase().parse().unwrap();
        assert_eq!(id.to_string(), LOWER);
    }

    #[test]
    fn the_first_id_of_a_time_lies_between_those_before_and_after() {
        let at = |micros| Timestamp::from_micros(micros).unwrap();
        let id: HistoryId = "018f4d2e-7c1b-7000-8000-000000000000".parse().unwrap();
        let millis = 0x018f_4d2e_7c1b_i64 * 1_000;
        assert!(HistoryId::first_at(at(millis)) <= id);
        assert!(HistoryId::first_at(at(millis + 999)) <= id);
        assert!(HistoryId::first_at(at(millis + 1_000)) > id);
        assert_eq!(HistoryId::first_at(at(-1)), HistoryId::first_at(at(0)));
    }

    #[test]
    fn refuses_what_is_no_hyphenated_guid() {
        let cases = [
            "",
            "x",
            "018f4d2e7c1b7a3d9e5f0123456789ab",
            "{018f4d2e-7c1b-7a3d-9e5f-0123456789ab}",
            "urn:uuid:018f4d2e-7c1b-7a3d-9e5f-0123456789ab",
            "018f4d2e-7c1b-7a3d-9e5f-0123456789ag",
        ];
        for case in cases {
            assert!(case.parse::<AgentId>().is_err(), "{case}");
        }
    }
}
