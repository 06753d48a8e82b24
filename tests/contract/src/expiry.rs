//! `vectra:persistence/held-requests`: what time does to them.

use vectra_domain::repository::{
    AuditRepository, Expiry, HeldRequestRepository, HeldStep, NotificationRepository,
};
use vectra_domain::{AgentId, HeldRequestId, HeldStatus, Timestamp};

use crate::Ports;
use crate::fixtures::{
    after_noon, assert_invalid, assert_recorded, audit_id, claim, given_agent, given_held, held,
    held_entry, held_id, held_status, step,
};

fn hold(ports: &impl Ports, number: u128, agent: AgentId, at: Timestamp) {
    assert_recorded(ports.record(&held_entry(number, agent, at)));
}

/// A reviewer's decision against a request that waits.
fn deny(number: u128, now: Timestamp) -> HeldStep {
    HeldStep {
        expiry: Expiry::Refuses,
        ..step(number, &[HeldStatus::Pending], HeldStatus::Denied, now)
    }
}

pub fn expires_the_oldest_first_up_to_the_limit(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    for (number, micros) in [(1, 2), (2, 0), (3, 1), (4, 3)] {
        hold(ports, number, agent, after_noon(micros));
    }
    ports.advance(&deny(4, after_noon(9))).unwrap();
    let end = after_noon(Timestamp::HOUR);
    let expired = || -> Vec<u128> {
        (1..=4)
            .filter(|n| held_status(ports, *n) == Some(HeldStatus::Expired))
            .collect()
    };

    assert_eq!(ports.expire(end.plus(-1), 10), Ok(0));
    assert_eq!(ports.expire(end, 10), Ok(1));
    assert_eq!(expired(), [2]);
    assert_eq!(ports.expire(end.plus(9), 1), Ok(1));
    assert_eq!(expired(), [2, 3]);
    assert_eq!(ports.expire(end.plus(9), 0), Ok(0));
    assert_eq!(ports.expire(end.plus(9), u32::MAX), Ok(1));
    assert_eq!(expired(), [1, 2, 3]);
    assert_eq!(ports.expire(end.plus(9), 10), Ok(0));
}

pub fn expires_what_is_approved_and_gives_up_what_outlives_its_lease(ports: &impl Ports) {
    use HeldStatus::{Denied, Expired, Released, Uncertain};
    let agent = given_agent(ports, 1).id;
    for (number, status) in (1..).zip(HeldStatus::ALL) {
        given_held(ports, number, agent, status);
    }
    let lease_ends = claim(3, agent, after_noon(0)).lease_until;
    assert_eq!(ports.expire(lease_ends.plus(-1), 10), Ok(0));
    assert_eq!(ports.expire(lease_ends, 10), Ok(1));
    assert_eq!(held_status(ports, 3), Some(HeldStatus::Uncertain));

    // What is uncertain stays so, however long.
    assert_eq!(ports.expire(after_noon(Timestamp::HOUR), 10), Ok(2));
    assert_eq!(ports.expire(after_noon(Timestamp::DAY), 10), Ok(0));
    let now: Vec<_> = (1..=7).filter_map(|n| held_status(ports, n)).collect();
    assert_eq!(
        now,
        [
            Expired, Expired, Uncertain, Released, Denied, Expired, Uncertain
        ]
    );

    // Each kind has a limit of its own.
    for (number, status) in (11..).zip([HeldStatus::Pending, HeldStatus::Releasing].repeat(2)) {
        given_held(ports, number, agent, status);
    }
    assert_eq!(ports.expire(after_noon(Timestamp::DAY), 1), Ok(2));
    assert_eq!(ports.expire(after_noon(Timestamp::DAY), 1), Ok(2));
}

/// As many as like may be held and left to expire: their contents do not add up.
pub fn keeps_nothing_sealed_of_what_has_expired(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Pending);
    given_held(ports, 2, agent, HeldStatus::Releasing);
    let sealed = |number| {
        let row = ports.find_sealed(held_id(number)).unwrap();
        !row.unwrap().sealed.is_empty()
    };
    assert!(sealed(1) && sealed(2));
    assert_eq!(ports.expire(after_noon(Timestamp::DAY), 10), Ok(2));
    assert_eq!(held_status(ports, 1), Some(HeldStatus::Expired));
    assert_eq!((sealed(1), sealed(2)), (false, true));
}

pub fn prunes_only_what_is_final_and_old_and_all_that_belongs_to_it(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    for (number, status) in (1..).zip(HeldStatus::ALL) {
        given_held(ports, number, agent, status);
    }
    let expires_at = held(1, agent, after_noon(0)).expires_at;
    let prune = |before| HeldRequestRepository::prune(ports, before, 100);
    assert_eq!(prune(expires_at), Ok(0));
    assert_eq!(prune(expires_at.plus(1)), Ok(3));
    for (number, status) in (1..).zip(HeldStatus::ALL) {
        let kept = (!status.is_final()).then_some(status);
        assert_eq!(held_status(ports, number), kept);
        let id = held_id(number);
        let released = ports.find_release(id).unwrap().is_some();
        let was_sent = matches!(status, HeldStatus::Releasing | HeldStatus::Uncertain);
        assert_eq!(released, was_sent, "{status:?}");
        let approved = !ports.approvals(id).unwrap().is_empty();
        assert_eq!(approved, was_sent || status == HeldStatus::Approved);
        let row = AuditRepository::find(ports, audit_id(number));
        assert!(row.unwrap().is_some(), "the audit stays");
    }
    let told = NotificationRepository::claim(ports, after_noon(0), 100).unwrap();
    assert!(told.iter().all(|row| is_there(ports, row.held_id)));
    assert!(!told.is_empty());
    assert_invalid(HeldRequestRepository::prune(ports, expires_at, 0));
}

/// Whether the held request is there.
fn is_there(ports: &impl Ports, id: HeldRequestId) -> bool {
    HeldRequestRepository::find(ports, id).unwrap().is_some()
}

pub fn prunes_the_oldest_up_to_the_limit(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    for (number, micros) in [(1, 2), (2, 0), (3, 1)] {
        hold(ports, number, agent, after_noon(micros));
        let denied = deny(number, after_noon(9));
        ports.advance(&denied).unwrap();
    }
    let end = after_noon(Timestamp::DAY);
    let left = || -> Vec<u128> {
        (1..=3)
            .filter(|n| held_status(ports, *n).is_some())
            .collect()
    };
    assert_eq!(HeldRequestRepository::prune(ports, end, 1), Ok(1));
    assert_eq!(left(), [1, 3]);
    assert_eq!(HeldRequestRepository::prune(ports, end, 9), Ok(2));
    assert_eq!(left(), [] as [u128; 0]);
}
