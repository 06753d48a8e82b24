//! How long failures to get a token lock out whom.
//!
//! An agent and an address are counted each for itself. From a number of failures in a
//! row on, the subject is locked for a second, and for twice as long after each further
//! failure. An agent is never locked for more than a minute, however long an address may
//! be: whoever knows an agent's id can fail in its name, and must not be able to keep
//! the agent itself out for long. A minute still leaves a guesser 1,440 attempts a day
//! at a secret of at least 16 characters.

use std::net::{IpAddr, Ipv6Addr};

use vectra_domain::{AgentId, Failures, LockoutSubject, Timestamp};

use crate::settings::LockoutSettings;

/// Failures older than this, in microseconds, are forgotten.
const FORGOTTEN: i64 = 15 * Timestamp::MINUTE;
/// Longest lock of an agent, in seconds.
const LONGEST_FOR_AGENT: u32 = 60;

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
    let (threshold, longest) = match subject {
        LockoutSubject::Agent(_) => (settings.per_agent, settings.longest.min(LONGEST_FOR_AGENT)),
        LockoutSubject::Address(_) => (settings.per_address, settings.longest),
    };
    let seconds = match failures.count.checked_sub(threshold) {
        None => return false,
        Some(further) => 1_u32.checked_shl(further).unwrap_or(u32::MAX).min(longest),
    };
    let remembered = failures.last >= forget_before(now);
    let ends = failures.last.plus(i64::from(seconds) * Timestamp::SECOND);
    remembered && now < ends
}

/// Whose failures are counted for an agent.
pub(super) const fn agent(id: AgentId) -> LockoutSubject {
    LockoutSubject::Agent(id)
}

/// Whose failures are counted for an address. One customer has at least 64 bits of IPv6
/// addresses for himself.
pub(super) fn address(address: IpAddr) -> LockoutSubject {
    LockoutSubject::Address(match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
    })
}

/// Whose failures are written where there is nothing to count, so that every failure
/// takes as long. An address, since addresses never push an agent out.
pub(super) fn nobody() -> LockoutSubject {
    LockoutSubject::Address("nobody".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: LockoutSettings = LockoutSettings {
        per_agent: 3,
        per_address: 5,
        longest: 300,
    };

    #[test]
    fn a_lock_doubles_with_each_failure_up_to_its_bound() {
        let agent = LockoutSubject::Agent(AgentId::new(uuid::Uuid::nil()));
        let address = LockoutSubject::Address("192.0.2.1".to_owned());
        // subject, failures, seconds of the lock
        let cases = [
            (&agent, 0, 0),
            (&agent, 2, 0),
            (&agent, 3, 1),
            (&agent, 4, 2),
            (&agent, 8, 32),
            (&agent, 9, 60),
            (&agent, 34, 60),
            (&agent, 35, 60),
            (&agent, u32::MAX, 60),
            (&address, 4, 0),
            (&address, 5, 1),
            (&address, 13, 256),
            (&address, 14, 300),
            (&address, u32::MAX, 300),
        ];
        let last = Timestamp::EPOCH.plus(Timestamp::DAY);
        for (subject, count, seconds) in cases {
            let failures = Failures { count, last };
            let ends = last.plus(seconds * Timestamp::SECOND);
            let locked = |now| is_locked(subject, failures, &SETTINGS, now);
            assert_eq!(locked(ends.plus(-1)), seconds > 0, "{subject:?} {count}");
            assert!(!locked(ends), "{subject:?} {count}");
            assert!(!locked(last.plus(FORGOTTEN + 1)), "{subject:?} {count}");
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
            let subject = address(text.parse().unwrap());
            assert_eq!(subject, LockoutSubject::Address(expected.to_owned()));
        }
    }
}
