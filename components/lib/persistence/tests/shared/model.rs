//! Held requests lead the life that the model says, and with many callers at once none of
//! them is sent twice.

use std::collections::BTreeMap;

use vectra_contract::fixtures::{after_noon, given_agent, held_status};
use vectra_contract::model::{Event, REQUESTS, Random, choose, happens, walk};
use vectra_domain::repository::{HeldRequestRepository, NotificationRepository};
use vectra_domain::{AgentId, HeldStatus, Timestamp};
use vectra_persistence::Repositories;

use crate::concurrency::{ready, together};
use crate::database::{Engine, WALKS};
use crate::sql::Sql;

#[test]
fn held_requests_live_as_the_model_says() {
    let (_several, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    for seed in 0..WALKS {
        walk(&repositories, agent, 10 * u128::from(seed), seed, 40);
    }
}

/// Whether one state may become the other in some steps, or is the other.
fn leads_to(from: HeldStatus, to: HeldStatus) -> bool {
    let next = HeldStatus::ALL
        .into_iter()
        .filter(|next| from.may_become(*next));
    from == to || next.into_iter().any(|next| leads_to(next, to))
}

/// One of many callers: random steps, and how often it was the one to send each request. What
/// it sees of a request from one look to the next must lie on a way of the states.
fn wander(
    repositories: &Repositories<Engine>,
    agent: AgentId,
    first: u128,
    seed: u64,
) -> Vec<u128> {
    let mut random = Random::new(seed);
    let mut seen: BTreeMap<u128, HeldStatus> = BTreeMap::new();
    let mut sent = Vec::new();
    let mut now = after_noon(0);
    for _ in 0..40 {
        now = now.plus(random.pick(&[1, 1, 1, Timestamp::MINUTE]));
        let event = choose(&mut random, first);
        match event {
            Event::Expire => assert!(repositories.expire(now, 1_000).is_ok()),
            Event::Tell => {
                let told = NotificationRepository::claim(repositories, now, 1_000).unwrap();
                for row in told {
                    let removed =
                        NotificationRepository::remove(repositories, row.held_id, row.status);
                    removed.unwrap();
                }
            }
            Event::Prune => {
                let before = now.plus(2 * Timestamp::HOUR);
                let pruned = HeldRequestRepository::prune(repositories, before, 1_000);
                assert!(pruned.is_ok(), "{pruned:?}");
            }
            _ => {
                if happens(repositories, agent, event, now)
                    && let Event::Claim(number) = event
                {
                    sent.push(number);
                }
            }
        }
        for number in first..first + REQUESTS {
            if let Some(status) = held_status(repositories, number) {
                let before = seen.insert(number, status).unwrap_or(HeldStatus::Pending);
                assert!(
                    leads_to(before, status),
                    "{number}: {before:?} to {status:?}"
                );
            }
        }
    }
    sent
}

#[test]
fn no_request_is_sent_twice_by_many_callers_at_once() {
    let (several, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    let mut all = 0;
    for round in 0..8 {
        let first = 100 + 10 * u128::from(round);
        let sent = together(8, &several, |caller, repositories| {
            let seed = 1_000 * round + u64::try_from(caller).unwrap();
            wander(&repositories, agent, first, seed)
        });
        let mut sent = sent.concat();
        sent.sort_unstable();
        let count = sent.len();
        sent.dedup();
        assert_eq!(sent.len(), count, "{sent:?}");
        all += count;
    }
    // Each has the audit row of its release, and none has another.
    let audited = "SELECT count(*) FROM AuditTrail WHERE DecisionType = 0";
    assert_eq!(
        repositories.database().integer(audited),
        i64::try_from(all).unwrap()
    );
    assert!(all > 3, "{all}");
}
