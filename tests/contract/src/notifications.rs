//! `vectra:persistence/notifications`.

use vectra_domain::repository::{HeldRequestRepository, NotificationRepository};
use vectra_domain::{HeldStatus, Notification, PersistenceError, Timestamp};

use crate::Ports;
use crate::fixtures::{
    after_noon, answer, approval, assert_invalid, assert_recorded, claim, given_agent, given_held,
    held_entry, held_id, step,
};

fn due(ports: &impl Ports, now: Timestamp, limit: u32) -> Vec<Notification> {
    NotificationRepository::claim(ports, now, limit).unwrap()
}

fn row(number: u128, status: HeldStatus, attempts: u32) -> Notification {
    Notification {
        held_id: held_id(number),
        status,
        attempts,
    }
}

/// Takes what is there away and gives its states.
fn told(ports: &impl Ports) -> Vec<HeldStatus> {
    let rows = due(ports, after_noon(Timestamp::DAY), 100);
    assert!(NotificationRepository::clear(ports, 100).is_ok());
    rows.iter().map(|row| row.status).collect()
}

pub fn tells_of_every_state_but_that_of_being_sent(ports: &impl Ports) {
    use HeldStatus::{Approved, Denied, Expired, Pending, Released, Releasing, Uncertain};
    let agent = given_agent(ports, 1).id;
    let now = after_noon(1);
    given_held(ports, 1, agent, Pending);
    assert_eq!(told(ports), [Pending]);
    // A word that is not the last changes no state.
    ports.approve(&approval(1, 1, now), 2).unwrap();
    assert_eq!(told(ports), []);
    ports.approve(&approval(1, 2, now), 2).unwrap();
    assert_eq!(told(ports), [Approved]);
    HeldRequestRepository::claim(ports, &claim(1, agent, now)).unwrap();
    assert_eq!(told(ports), []);
    ports.expire(after_noon(2 + Timestamp::MINUTE), 9).unwrap();
    assert_eq!(told(ports), [Uncertain]);
    ports.finish(held_id(1), Uncertain, &answer(now)).unwrap();
    assert_eq!(told(ports), []);
    let settled = step(1, &[Uncertain], Released, now);
    ports.advance(&settled).unwrap();
    assert_eq!(told(ports), [Released]);
    // What is refused is not told.
    assert!(ports.advance(&settled).is_err());
    assert_eq!(told(ports), []);

    for (number, status, expected) in [
        (2, Denied, vec![Pending, Denied]),
        (3, Expired, vec![Pending, Expired]),
        (4, Released, vec![Pending, Approved, Released]),
        (5, Releasing, vec![Pending, Approved]),
    ] {
        given_held(ports, number, agent, status);
        assert_eq!(told(ports), expected);
    }
    given_held(ports, 6, agent, Approved);
    ports.expire(after_noon(Timestamp::HOUR), 9).unwrap();
    // That of number 5, whose lease was over, too.
    let mut rest = told(ports);
    rest.sort_by_key(|status| status.code());
    assert_eq!(rest, [Pending, Approved, Expired, Uncertain]);
}

pub fn claims_what_is_due_and_backs_off(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Pending);
    assert_eq!(due(ports, after_noon(-1), 10), []);
    let seconds = [
        10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600, 3_600,
    ];
    let mut now = after_noon(0);
    for (attempts, seconds) in (1..).zip(seconds) {
        let expected = row(1, HeldStatus::Pending, attempts);
        assert_eq!(due(ports, now, 10), [expected], "attempt {attempts}");
        assert_eq!(due(ports, now, 10), []);
        now = now.plus(seconds * Timestamp::SECOND);
        assert_eq!(due(ports, now.plus(-1), 10), []);
    }
}

pub fn claims_the_first_due_up_to_the_limit(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let pending = HeldStatus::Pending;
    for (number, micros) in [(1, 3), (2, 1), (3, 1), (4, 2)] {
        let entry = held_entry(number, agent, after_noon(micros));
        assert_recorded(ports.record(&entry));
    }
    let now = after_noon(3);
    assert_eq!(due(ports, now, 1), [row(2, pending, 1)]);
    assert_eq!(due(ports, now, 2), [row(3, pending, 1), row(4, pending, 1)]);
    assert_eq!(due(ports, now, 10), [row(1, pending, 1)]);
    // Those that were due first are due again together.
    let again = now.plus(10 * Timestamp::SECOND);
    let expected = [1, 2, 3, 4].map(|number| row(number, pending, 2));
    assert_eq!(due(ports, again, 1_000), expected);
}

pub fn removes_one_and_no_other(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Approved);
    given_held(ports, 2, agent, HeldStatus::Pending);
    let remove = |number, status| -> Result<(), PersistenceError> {
        NotificationRepository::remove(ports, held_id(number), status)
    };
    for _ in 0..2 {
        assert_eq!(remove(1, HeldStatus::Pending), Ok(()));
        assert_eq!(remove(1, HeldStatus::Releasing), Ok(()));
        assert_eq!(remove(3, HeldStatus::Pending), Ok(()));
    }
    let left = [
        row(1, HeldStatus::Approved, 1),
        row(2, HeldStatus::Pending, 1),
    ];
    assert_eq!(due(ports, after_noon(0), 10), left);
}

pub fn clears_up_to_the_limit(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    for number in 1..=3 {
        given_held(ports, number, agent, HeldStatus::Pending);
    }
    assert_eq!(NotificationRepository::clear(ports, 2), Ok(2));
    assert_eq!(due(ports, after_noon(0), 10).len(), 1);
    assert_eq!(NotificationRepository::clear(ports, 2), Ok(1));
    assert_eq!(NotificationRepository::clear(ports, 2), Ok(0));
    assert_eq!(due(ports, after_noon(Timestamp::DAY), 10), []);
}

pub fn refuses_no_or_too_many(ports: &impl Ports) {
    for limit in [0, 1_001] {
        assert_invalid(NotificationRepository::claim(ports, after_noon(0), limit));
        assert_invalid(NotificationRepository::clear(ports, limit));
    }
}
