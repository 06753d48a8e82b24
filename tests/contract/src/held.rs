//! `vectra:persistence/held-requests`.

use vectra_domain::repository::{
    AuditRepository, Expiry, HeldPage, HeldRequestRepository, HeldStep,
};
use vectra_domain::{AgentId, HeldRequest, HeldStatus, Timestamp};

use crate::Ports;
use crate::fixtures::{
    after_noon, answer, approval, assert_conflict, assert_not_found, assert_recorded, claim,
    given_agent, given_held, held, held_entry, held_id, held_status, step,
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

/// A reviewer's decision against a request that waits.
fn deny(number: u128, now: Timestamp, expiry: Expiry) -> HeldStep {
    HeldStep {
        expiry,
        decided_by: Some("reviewer ä".to_owned()),
        ..step(number, &[HeldStatus::Pending], HeldStatus::Denied, now)
    }
}

/// What is given where the sealed request is not asked for.
fn unsealed(row: &HeldRequest) -> HeldRequest {
    HeldRequest {
        sealed: Vec::new(),
        ..row.clone()
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
    assert_eq!(find(ports, 1), Some(unsealed(&made)));
    assert_eq!(ports.find_sealed(held_id(1)), Ok(Some(made)));
    assert_eq!(find(ports, 2), None);
    assert_eq!(ports.find_sealed(held_id(2)), Ok(None));
}

pub fn makes_a_step_from_a_named_state(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Uncertain);
    let now = after_noon(5);

    // A step that is no decision leaves who decided and when.
    let from = [HeldStatus::Approved, HeldStatus::Uncertain];
    let settled = HeldStep {
        comment: Some("it arrived".to_owned()),
        ..step(1, &from, HeldStatus::Released, now)
    };
    let expected = HeldRequest {
        status: HeldStatus::Released,
        decided_by: Some("operator 1".to_owned()),
        decided_at: Some(after_noon(0)),
        comment: Some("it arrived".to_owned()),
        ..unsealed(&held(1, agent, after_noon(0)))
    };
    assert_eq!(ports.advance(&settled), Ok(expected.clone()));
    assert_eq!(find(ports, 1), Some(expected));

    let made = hold(ports, 2, agent, after_noon(0));
    let denied = ports.advance(&deny(2, now, Expiry::Refuses)).unwrap();
    let expected = HeldRequest {
        status: HeldStatus::Denied,
        decided_by: Some("reviewer ä".to_owned()),
        decided_at: Some(now),
        ..unsealed(&made)
    };
    assert_eq!(denied, expected);
    assert_eq!(find(ports, 2), Some(expected));
}

pub fn refuses_a_step_from_another_state(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    hold(ports, 1, agent, after_noon(0));
    let step = deny(1, after_noon(0), Expiry::Refuses);
    for from in [vec![], vec![HeldStatus::Approved, HeldStatus::Expired]] {
        assert_conflict(ports.advance(&HeldStep {
            from,
            ..step.clone()
        }));
    }
    ports.advance(&step).unwrap();
    let before = find(ports, 1);
    // The row is where the step leads, but not where it begins.
    assert_conflict(ports.advance(&step));
    let from = vec![HeldStatus::Denied, HeldStatus::Expired];
    assert_conflict(ports.advance(&HeldStep { from, ..step }));
    assert_eq!(find(ports, 1), before);
}

/// Every pair of states. The two steps that need more than the wish have calls of their own.
pub fn makes_no_step_that_no_held_request_may_make(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let mut number = 0;
    for from in HeldStatus::ALL {
        for to in HeldStatus::ALL {
            number += 1;
            given_held(ports, number, agent, from);
            let before = find(ports, number);
            let has_its_own_call = matches!(to, HeldStatus::Approved | HeldStatus::Releasing);
            let moved = ports.advance(&step(number, &HeldStatus::ALL, to, after_noon(1)));
            if from.may_become(to) && !has_its_own_call {
                assert_eq!(moved.map(|row| row.status), Ok(to), "{from:?} to {to:?}");
                assert_eq!(held_status(ports, number), Some(to));
            } else {
                assert_conflict(moved);
                assert_eq!(find(ports, number), before, "{from:?} to {to:?}");
            }
        }
    }
}

pub fn refuses_a_step_once_expired_unless_told_otherwise(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let expires_at = hold(ports, 1, agent, after_noon(0)).expires_at;
    hold(ports, 2, agent, after_noon(0));

    assert_conflict(ports.advance(&deny(1, expires_at, Expiry::Refuses)));
    assert_eq!(held_status(ports, 1), Some(HeldStatus::Pending));
    let in_time = deny(1, expires_at.plus(-1), Expiry::Refuses);
    assert!(ports.advance(&in_time).is_ok());
    let late = deny(2, expires_at, Expiry::Ignored);
    assert!(ports.advance(&late).is_ok());
}

pub fn does_not_know_an_unknown_id(ports: &impl Ports) {
    let now = after_noon(0);
    assert_not_found(ports.advance(&deny(1, now, Expiry::Ignored)));
    assert_not_found(ports.approve(&approval(1, 1, now), 1));
    let agent = given_agent(ports, 1).id;
    let claimed = claim(1, agent, now);
    assert_not_found(HeldRequestRepository::claim(ports, &claimed));
    assert_eq!(AuditRepository::find(ports, claimed.audit.id), Ok(None));
    let finished = ports.finish(held_id(1), HeldStatus::Released, &answer(now));
    assert_not_found(finished);
    assert_eq!(ports.find_release(held_id(1)), Ok(None));
    assert_eq!(ports.approvals(held_id(1)), Ok(vec![]));
}

pub fn lists_the_oldest_first_without_the_sealed_request(ports: &impl Ports) {
    let (one, two) = (given_agent(ports, 1).id, given_agent(ports, 2).id);
    let rows = [(1, one, 5), (2, two, 1), (3, one, 1), (4, one, 3)];
    for (number, agent, micros) in rows {
        hold(ports, number, agent, after_noon(micros));
    }
    ports
        .advance(&deny(4, after_noon(9), Expiry::Refuses))
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
    let now = after_noon(9);
    assert_eq!(ports.count_pending(now), Ok(0));
    for number in 1..=4 {
        let at = after_noon(i64::try_from(number).unwrap());
        assert_recorded(ports.record(&held_entry(number, agent, at)));
    }
    assert_eq!(ports.count_pending(now), Ok(4));
    ports.advance(&deny(2, now, Expiry::Refuses)).unwrap();
    ports.approve(&approval(3, 1, now), 2).unwrap();
    assert_eq!(ports.count_pending(now), Ok(3));
    // What has expired waits no longer, whether or not somebody has said so.
    let end = after_noon(1 + Timestamp::HOUR);
    assert_eq!(ports.count_pending(end.plus(-1)), Ok(3));
    assert_eq!(ports.count_pending(end), Ok(2));
    assert_eq!(ports.expire(end, 1), Ok(1));
    assert_eq!(ports.count_pending(now), Ok(2));
    ports.approve(&approval(3, 2, now), 2).unwrap();
    assert_eq!(ports.count_pending(now), Ok(1));
}
