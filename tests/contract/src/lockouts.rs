//! `vectra:persistence/lockouts`.

use vectra_domain::repository::LockoutRepository;
use vectra_domain::{Failures, LockoutSubject, Timestamp};

use crate::Ports;
use crate::fixtures::{after_noon, agent_id, assert_invalid};

fn address(text: &str) -> LockoutSubject {
    LockoutSubject::Address(text.to_owned())
}

fn agent_at(address: &str) -> LockoutSubject {
    LockoutSubject::Agent {
        id: agent_id(1),
        address: Some(address.to_owned()),
    }
}

fn find(ports: &impl Ports, subject: &LockoutSubject) -> Option<Failures> {
    LockoutRepository::find(ports, subject).unwrap()
}

fn fail(ports: &impl Ports, subject: &LockoutSubject, now: i64, forget_before: i64) {
    let (now, forget_before) = (after_noon(now), after_noon(forget_before));
    LockoutRepository::fail(ports, subject, now, forget_before).unwrap();
}

fn failures(count: u32, last: i64) -> Option<Failures> {
    let last = after_noon(last);
    Some(Failures { count, last })
}

pub fn counts_failures_in_a_row(ports: &impl Ports) {
    for subject in [
        LockoutSubject::agent(agent_id(1)),
        agent_at("192.0.2.1"),
        agent_at("2001:db8:ffff:ffff::"),
        address("192.0.2.1"),
        address("2001:db8:0:1::/64"),
    ] {
        assert_eq!(find(ports, &subject), None);
        for (count, now) in (1..).zip([0, 5, 5, 9]) {
            fail(ports, &subject, now, 0);
            assert_eq!(find(ports, &subject), failures(count, now));
        }
        LockoutRepository::clear(ports, &subject).unwrap();
        assert_eq!(find(ports, &subject), None);
        fail(ports, &subject, 10, 0);
        assert_eq!(find(ports, &subject), failures(1, 10));
    }
}

pub fn begins_again_when_the_last_failure_is_forgotten(ports: &impl Ports) {
    let subject = address("192.0.2.1");
    fail(ports, &subject, 0, -10);
    fail(ports, &subject, 10, 0);
    assert_eq!(find(ports, &subject), failures(2, 10));
    fail(ports, &subject, 21, 11);
    assert_eq!(find(ports, &subject), failures(1, 21));
}

/// A report of a clock that is behind counts, but does not make the last one earlier.
pub fn does_not_move_the_last_failure_back(ports: &impl Ports) {
    let subject = LockoutSubject::agent(agent_id(1));
    fail(ports, &subject, 10, 0);
    fail(ports, &subject, 4, -6);
    assert_eq!(find(ports, &subject), failures(2, 10));
}

/// What a clock far ahead reported neither counts nor stays.
pub fn forgets_a_failure_of_a_clock_that_was_wrong(ports: &impl Ports) {
    let subject = agent_at("192.0.2.1");
    fail(ports, &subject, 10, 0);
    fail(ports, &subject, 10 + Timestamp::MINUTE, 0);
    // A minute ahead may be.
    fail(ports, &subject, 10, 0);
    assert_eq!(find(ports, &subject), failures(3, 10 + Timestamp::MINUTE));
    fail(ports, &subject, 9, 0);
    assert_eq!(find(ports, &subject), failures(1, 9));
    fail(ports, &subject, 11, 0);
    assert_eq!(find(ports, &subject), failures(2, 11));
}

pub fn counts_an_agent_at_each_address_by_itself(ports: &impl Ports) {
    let (here, there) = (agent_at("192.0.2.1"), agent_at("192.0.2.2"));
    let anywhere = LockoutSubject::agent(agent_id(1));
    fail(ports, &here, 1, 0);
    fail(ports, &here, 2, 0);
    fail(ports, &there, 3, 0);
    assert_eq!(find(ports, &anywhere), None);
    assert_eq!(find(ports, &address("192.0.2.1")), None);
    fail(ports, &anywhere, 4, 0);
    LockoutRepository::clear(ports, &there).unwrap();
    assert_eq!(find(ports, &here), failures(2, 2));
    assert_eq!(find(ports, &there), None);
    assert_eq!(find(ports, &anywhere), failures(1, 4));
}

pub fn counts_each_subject_by_itself(ports: &impl Ports) {
    let agent = LockoutSubject::agent(agent_id(1));
    // An address of the same text is another subject, at another place.
    let same_text = address(&agent_id(1).to_string());
    let other = LockoutSubject::agent(agent_id(2));
    fail(ports, &agent, 1, 0);
    fail(ports, &same_text, 2, 0);
    fail(ports, &same_text, 3, 0);
    assert_eq!(find(ports, &other), None);
    LockoutRepository::clear(ports, &other).unwrap();
    assert_eq!(find(ports, &agent), failures(1, 1));
    assert_eq!(find(ports, &same_text), failures(2, 3));
    LockoutRepository::clear(ports, &same_text).unwrap();
    assert_eq!(find(ports, &agent), failures(1, 1));
}

/// Two addresses of the same place, by their SHA-256.
pub fn gives_a_place_to_the_one_that_fails_last(ports: &impl Ports) {
    let (first, second) = (address("10.0.0.156"), address("10.0.0.197"));
    fail(ports, &first, 1, 0);
    fail(ports, &first, 9, 0);
    fail(ports, &second, 2, 0);
    assert_eq!(find(ports, &second), failures(1, 2));
    assert_eq!(find(ports, &first), None);
    // What is another's is not forgotten with it.
    LockoutRepository::clear(ports, &first).unwrap();
    assert_eq!(find(ports, &second), failures(1, 2));
    fail(ports, &first, 10, 0);
    assert_eq!(find(ports, &first), failures(1, 10));
}

pub fn refuses_what_is_no_subject(ports: &impl Ports) {
    let now = after_noon(Timestamp::DAY);
    for text in ["", &"x".repeat(65), "a\0b"] {
        for subject in [address(text), agent_at(text)] {
            assert_invalid(LockoutRepository::find(ports, &subject));
            assert_invalid(LockoutRepository::fail(ports, &subject, now, now));
            assert_invalid(LockoutRepository::clear(ports, &subject));
        }
    }
    assert_invalid(LockoutRepository::find(ports, &agent_at(&"x".repeat(28))));
    for longest in [address(&"ä".repeat(64)), agent_at(&"ä".repeat(27))] {
        fail(ports, &longest, 1, 0);
        assert_eq!(find(ports, &longest), failures(1, 1));
    }
}
