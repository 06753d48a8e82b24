//! `vectra:persistence/held-requests`.

use vectra_domain::repository::{Expiry, HeldPage, HeldRequestRepository, HeldStep};
use vectra_domain::{AgentId, HeldRequest, HeldStatus, Timestamp};

use crate::Ports;
use crate::fixtures::{
    after_noon, assert_conflict, assert_not_found, assert_recorded, given_agent, held, held_entry,
    held_id,
};

/// Holds a request and gives it back.
fn hold(ports: &impl Ports, number: u128, agent: AgentId, at: Timestamp) -> HeldRequest {
    let entry = held_entry(number, agent, at);
    assert_recorded(ports.record(&entry));
    entry.held.unwrap()
}

fn find(ports: &impl Ports, number: u128) -> Option<HeldRequest> {
    HeldRequestRepository::find(ports, held_id(number)).unwrap()
}

fn approve(number: u128, now: Timestamp, expiry: Expiry) -> HeldStep {
    HeldStep {
        id: held_id(number),
        from: vec![HeldStatus::Pending],
        to: HeldStatus::Approved,
        now,
        expiry,
        decided_by: Some("reviewer ä".to_owned()),
        comment: None,
    }
}

fn page(limit: u32) -> HeldPage {
    HeldPage {
        status: None,
        agent_id: None,
        after: None,
        limit,
    }
}

fn list(ports: &impl Ports, page: &HeldPage) -> Vec<HeldRequest> {
    HeldRequestRepository::list(ports, page).unwrap()
}

pub fn finds_what_was_recorded(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let made = hold(ports, 1, agent, after_noon(3));
    assert_eq!(made, held(1, agent, after_noon(3)));
    assert_eq!(find(ports, 1), Some(made));
    assert_eq!(find(ports, 2), None);
}

pub fn makes_a_step_from_a_named_state(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let made = hold(ports, 1, agent, after_noon(0));
    let now = after_noon(5);

    let approved = ports.advance(&approve(1, now, Expiry::Refuses)).unwrap();
    let expected = HeldRequest {
        status: HeldStatus::Approved,
        decided_by: Some("reviewer ä".to_owned()),
        decided_at: Some(now),
        ..made
    };
    assert_eq!(approved, expected);

    // A step that is no decision leaves who decided and when.
    let release = HeldStep {
        from: vec![HeldStatus::Uncertain, HeldStatus::Approved],
        to: HeldStatus::Releasing,
        decided_by: None,
        comment: Some("sent".to_owned()),
        ..approve(1, after_noon(9), Expiry::Ignored)
    };
    let releasing = ports.advance(&release).unwrap();
    let expected = HeldRequest {
        status: HeldStatus::Releasing,
        comment: Some("sent".to_owned()),
        ..expected
    };
    assert_eq!(releasing, expected);
    assert_eq!(find(ports, 1), Some(expected));
}

pub fn refuses_a_step_from_another_state(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    hold(ports, 1, agent, after_noon(0));
    let step = approve(1, after_noon(0), Expiry::Refuses);
    ports.advance(&step).unwrap();
    let before = find(ports, 1);

    // The row is where the step leads, but not where it begins.
    assert_conflict(ports.advance(&step));
    assert_conflict(ports.advance(&HeldStep {
        from: vec![],
        ..step.clone()
    }));
    let from = vec![HeldStatus::Denied, HeldStatus::Expired];
    assert_conflict(ports.advance(&HeldStep { from, ..step }));
    assert_eq!(find(ports, 1), before);
}

pub fn refuses_a_step_once_expired_unless_told_otherwise(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let expires_at = hold(ports, 1, agent, after_noon(0)).expires_at;
    hold(ports, 2, agent, after_noon(0));

    assert_conflict(ports.advance(&approve(1, expires_at, Expiry::Refuses)));
    assert_eq!(find(ports, 1).unwrap().status, HeldStatus::Pending);
    assert!(
        ports
            .advance(&approve(1, expires_at.plus(-1), Expiry::Refuses))
            .is_ok()
    );
    assert!(
        ports
            .advance(&approve(2, expires_at, Expiry::Ignored))
            .is_ok()
    );
}

pub fn does_not_know_an_unknown_id(ports: &impl Ports) {
    assert_not_found(ports.advance(&approve(1, after_noon(0), Expiry::Ignored)));
}

pub fn expires_the_oldest_first_up_to_the_limit(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    for (number, micros) in [(1, 2), (2, 0), (3, 1), (4, 3)] {
        hold(ports, number, agent, after_noon(micros));
    }
    ports
        .advance(&approve(4, after_noon(9), Expiry::Refuses))
        .unwrap();
    let end = after_noon(Timestamp::HOUR);
    let expired = || -> Vec<u128> {
        (1..=4)
            .filter(|n| find(ports, *n).unwrap().status == HeldStatus::Expired)
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

pub fn lists_the_oldest_first_without_the_sealed_request(ports: &impl Ports) {
    let (one, two) = (given_agent(ports, 1).id, given_agent(ports, 2).id);
    let rows = [(1, one, 5), (2, two, 1), (3, one, 1), (4, one, 3)];
    for (number, agent, micros) in rows {
        hold(ports, number, agent, after_noon(micros));
    }
    ports
        .advance(&approve(4, after_noon(9), Expiry::Refuses))
        .unwrap();
    let numbers = |page: &HeldPage| -> Vec<u128> {
        list(ports, page)
            .iter()
            .inspect(|row| assert_eq!(row.sealed, [] as [u8; 0]))
            .map(|row| (1..=4).find(|number| held_id(*number) == row.id).unwrap())
            .collect()
    };
    let pending = Some(HeldStatus::Pending);
    assert_eq!(numbers(&page(10)), [2, 3, 4, 1]);
    assert_eq!(numbers(&page(2)), [2, 3]);
    assert_eq!(
        numbers(&HeldPage {
            status: pending,
            ..page(10)
        }),
        [2, 3, 1]
    );
    assert_eq!(
        numbers(&HeldPage {
            agent_id: Some(one),
            ..page(10)
        }),
        [3, 4, 1]
    );
    assert_eq!(
        numbers(&HeldPage {
            agent_id: Some(one),
            status: pending,
            ..page(10)
        }),
        [3, 1]
    );
    assert_eq!(
        find(ports, 1).unwrap().sealed,
        held(1, one, after_noon(5)).sealed
    );
}

pub fn pages_without_gap_or_repetition(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    for number in 1..=9 {
        hold(
            ports,
            number,
            agent,
            after_noon(i64::try_from(number % 2).unwrap()),
        );
    }
    let whole = list(ports, &page(1_000));
    assert_eq!(whole.len(), 9);
    for size in [1, 2, 5] {
        let (mut after, mut paged) = (None, Vec::new());
        loop {
            let next = list(
                ports,
                &HeldPage {
                    after,
                    ..page(size)
                },
            );
            let Some(last) = next.last() else { break };
            after = Some((last.created_at, last.id));
            paged.extend(next);
        }
        assert_eq!(paged, whole, "pages of {size}");
    }
}

pub fn counts_what_waits_for_a_human(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    assert_eq!(ports.count_pending(), Ok(0));
    for number in 1..=4 {
        assert_recorded(ports.record(&held_entry(number, agent, after_noon(0))));
    }
    assert_eq!(ports.count_pending(), Ok(4));
    let deny = HeldStep {
        id: held_id(2),
        from: vec![HeldStatus::Pending],
        to: HeldStatus::Denied,
        now: after_noon(0),
        expiry: Expiry::Refuses,
        decided_by: None,
        comment: None,
    };
    ports.advance(&deny).unwrap();
    assert_eq!(ports.count_pending(), Ok(3));
    // What has expired waits until somebody says so.
    let end = after_noon(vectra_domain::Timestamp::HOUR);
    assert_eq!(ports.expire(end, 2), Ok(2));
    assert_eq!(ports.count_pending(), Ok(1));
}
