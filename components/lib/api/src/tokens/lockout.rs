//! How long failures to get a token lock out whom.
//!
//! An agent at an address and the address alone are counted each for itself. From a
//! number of failures in a row on, the subject is locked for a second, and for twice as
//! long after each further failure. Whoever knows an agent's id can fail in its name, and
//! must not be able to keep the agent itself out: so a lock of the agent is one at that
//! address, and where addresses are not known it ends after a minute, which still leaves
//! a guesser only 1,440 attempts a day at a secret of at least 16 characters. That of an
//! address, which others may share, ends after a minute too.

use std::net::{IpAddr, Ipv6Addr};

use vectra_domain::{Failures, LockoutSubject, Timestamp};

use crate::settings::LockoutSettings;

/// Failures older than this, in microseconds, are forgotten.
const FORGOTTEN: i64 = 15 * Timestamp::MINUTE;
/// How far clocks may differ, in microseconds: a failure further ahead is none.
const AHEAD: i64 = Timestamp::MINUTE;
/// Longest lock of what others than the guesser may need, in seconds.
const LONGEST_FOR_MANY: u32 = 60;

/// Failures before this time do not count any more.
pub(super) fn forget_before(now: Timestamp) -> Timestamp {
    now.plus(-FORGOTTEN)
}

/// Whether these failures lock their subject at `now`.
pub(super) fn is_locked(
    subject: &LockoutSubject,
    failures: Failures,
    settings: &LockoutSettings,
    now: Timestamp,
) -> bool {
    let for_many = settings.longest.min(LONGEST_FOR_MANY);
    let (threshold, longest) = match subject {
        LockoutSubject::Agent { address, .. } => match address {
            Some(_) => (settings.per_agent, settings.longest),
            None => (settings.per_agent, for_many),
        },
        LockoutSubject::Address(_) => (settings.per_address, for_many),
    };
    let seconds = match failures.count.checked_sub(threshold) {
        None => return false,
        Some(further) => 1_u32.checked_shl(further).unwrap_or(u32::MAX).min(longest),
    };
    let remembered = (forget_before(now)..=now.plus(AHEAD)).contains(&failures.last);
    let ends = failures.last.plus(i64::from(seconds) * Timestamp::SECOND);
    remembered && now < ends
}

/// What is counted as one address. One customer has at least 64 bits of IPv6 addresses
/// for himself.
pub(super) fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
    }
}

/// Whose failures are written where there is nothing to count, so that every failure
/// takes as long. An address, since addresses never push an agent out.
pub(super) fn nobody() -> LockoutSubject {
    LockoutSubject::Address("nobody".to_owned())
}

#[cfg(test)]
mod tests {
    use vectra_domain::AgentId;

    use super::*;

    const SETTINGS: LockoutSettings = LockoutSettings {
        per_agent: 3,
        per_address: 5,
        longest: 300,
    };

    #[test]
    fn a_lock_doubles_with_each_failure_up_to_its_bound() {
        let id = AgentId::new(uuid::Uuid::nil());
        let pair = LockoutSubject::Agent {
            id,
            address: Some("192.0.2.1".to_owned()),
        };
        let agent = LockoutSubject::agent(id);
        let address = LockoutSubject::Address("192.0.2.1".to_owned());
        // subject, failures, seconds of the lock
        let cases = [
            (&pair, 0, 0),
            (&pair, 2, 0),
            (&pair, 3, 1),
            (&pair, 4, 2),
            (&pair, 11, 256),
            (&pair, 12, 300),
            (&pair, 34, 300),
            (&pair, 35, 300),
            (&pair, u32::MAX, 300),
            (&agent, 2, 0),
            (&agent, 3, 1),
            (&agent, 8, 32),
            (&agent, 9, 60),
            (&agent, u32::MAX, 60),
            (&address, 4, 0),
            (&address, 5, 1),
            (&address, 10, 32),
            (&address, 11, 60),
            (&address, u32::MAX, 60),
        ];
        let last = Timestamp::EPOCH.plus(Timestamp::DAY);
        for (subject, count, seconds) in cases {
            let failures = Failures { count, last };
            let ends = last.plus(seconds * Timestamp::SECOND);
            let locked = |now| is_locked(subject, failures, &SETTINGS, now);
            assert_eq!(locked(ends.plus(-1)), seconds > 0, "{subject:?} {count}");
            assert!(!locked(ends), "{subject:?} {count}");
            assert!(!locked(last.plus(FORGOTTEN + 1)), "{subject:?} {count}");
            // Of a clock that is a little ahead, and of one that was wrong.
            let ahead = last.plus(-Timestamp::MINUTE);
            assert_eq!(locked(ahead), seconds > 0, "{subject:?} {count}");
            assert!(!locked(ahead.plus(-1)), "{subject:?} {count}");
        }
    }

    #[test]
    fn addresses_of_one_64_bit_network_are_one() {
        let cases = [
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::1", "2001:db8:1:2::"),
            ("2001:db8:1:3::1", "2001:db8:1:3::"),
            ("::1", "::"),
        ];
        for (text, expected) in cases {
            assert_eq!(network(text.parse().unwrap()), expected);
        }
    }
}
