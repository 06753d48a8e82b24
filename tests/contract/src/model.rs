//! The life of held requests as a plain model, written apart from every implementation, and
//! random walks that keep both in step.

mod requests;

use std::collections::BTreeSet;

use vectra_domain::repository::{Expiry, HeldRequestRepository, HeldStep, NotificationRepository};
use vectra_domain::{AgentId, HeldStatus, PersistenceError, Timestamp};

use crate::Ports;
use crate::fixtures::{
    after_noon, answer, approval, claim, held_entry, held_id, held_status, no_answer, operator_id,
    step,
};
use requests::Model;

/// Requests of a walk, operators, and approvals that a request needs: few, so that steps meet.
pub const REQUESTS: u128 = 3;
const OPERATORS: u128 = 3;
const NEEDED: u32 = 2;

/// Numbers that look random and are the same for the same seed (splitmix64).
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let end = u64::try_from(of.len()).unwrap();
        of[usize::try_from(mixed % end).unwrap()]
    }

    /// A number from 0 to below `end`.
    fn below(&mut self, end: u128) -> u128 {
        let numbers: Vec<u128> = (0..end).collect();
        self.pick(&numbers)
    }
}

/// Something that happens to one of the requests, or to all.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    Create(u128),
    Approve(u128, u128),
    Deny(u128),
    /// Begins to send. If no `Finish` follows, the sender has crashed.
    Claim(u128),
    Finish(u128, HeldStatus),
    /// An operator looks at what is uncertain and decides.
    Settle(u128, HeldStatus),
    /// Any step at all, as somebody who knows no better might want it.
    Force(u128, HeldStatus),
    Poll(u128),
    Tell,
    Expire,
    Prune,
}

/// Chooses what happens next; the requests are those from `first` on.
pub fn choose(random: &mut Random, first: u128) -> Event {
    use HeldStatus::{Denied, Released, Uncertain};
    let number = first + random.below(REQUESTS);
    let operator = random.below(OPERATORS);
    match random.below(24) {
        0..=3 => Event::Create(number),
        4..=9 => Event::Approve(number, operator),
        10 => Event::Deny(number),
        11..=14 => Event::Claim(number),
        15..=17 => Event::Finish(number, random.pick(&[Released, Released, Uncertain])),
        18 => Event::Settle(number, random.pick(&[Released, Denied])),
        19 => Event::Force(number, random.pick(&HeldStatus::ALL)),
        20 => Event::Poll(number),
        21 => Event::Tell,
        22 => Event::Expire,
        _ => Event::Prune,
    }
}

/// Makes it happen; whether it did anything. A request that is not there, or is past the
/// state that an event needs, is no failure.
pub fn happens(ports: &impl Ports, agent: AgentId, event: Event, now: Timestamp) -> bool {
    let result = match event {
        Event::Create(number) => ports.record(&held_entry(number, agent, now)).map(drop),
        Event::Approve(number, operator) => ports.approve(&approval(number, operator, now), NEEDED),
        Event::Deny(number) => {
            let deny = HeldStep {
                expiry: Expiry::Refuses,
                ..step(number, &[HeldStatus::Pending], HeldStatus::Denied, now)
            };
            ports.advance(&deny).map(drop)
        }
        Event::Claim(number) => HeldRequestRepository::claim(ports, &claim(number, agent, now)),
        Event::Finish(number, HeldStatus::Released) => {
            ports.finish(held_id(number), HeldStatus::Released, &answer(now))
        }
        Event::Finish(number, to) => ports.finish(held_id(number), to, &no_answer(now)),
        Event::Settle(number, to) => {
            let settled = step(number, &[HeldStatus::Uncertain], to, now);
            ports.advance(&settled).map(drop)
        }
        Event::Force(number, to) => {
            let forced = step(number, &HeldStatus::ALL, to, now);
            ports.advance(&forced).map(drop)
        }
        Event::Poll(_) | Event::Tell | Event::Expire | Event::Prune => Ok(()),
    };
    match result {
        Ok(()) => true,
        Err(PersistenceError::Conflict(_) | PersistenceError::NotFound) => false,
        Err(error) => panic!("{event:?}: {error}"),
    }
}

/// Compares all that can be seen of a request.
fn compare(ports: &impl Ports, model: &Model, number: u128) {
    let id = held_id(number);
    let request = model.requests.get(&number);
    let status = held_status(ports, number);
    assert_eq!(status, request.map(|request| request.status), "{number}");
    let approvals = ports.approvals(id).unwrap();
    let approvers: BTreeSet<_> = approvals.iter().map(|word| word.operator_id).collect();
    let expected = request.into_iter().flat_map(|request| &request.approvers);
    let expected: BTreeSet<_> = expected.map(|operator| operator_id(*operator)).collect();
    assert_eq!(approvers, expected, "{number}");
    let release = ports.find_release(id).unwrap();
    let sent = request.is_some_and(|request| request.lease_until.is_some());
    assert_eq!(release.is_some(), sent, "{number}");
    let answered = release.is_some_and(|release| release.outcome.is_some());
    assert_eq!(answered, request.is_some_and(|request| request.answered));
}

/// Tells all that is to be told: each state once, and none is lost.
fn tell(ports: &impl Ports, model: &mut Model, now: Timestamp) {
    let due = NotificationRepository::claim(ports, now, 1_000).unwrap();
    let mut told: Vec<_> = due
        .iter()
        .map(|row| (row.held_id, row.status.code()))
        .collect();
    told.sort_unstable();
    let mut expected = Vec::new();
    for (number, request) in &mut model.requests {
        let untold = std::mem::take(&mut request.untold);
        expected.extend(untold.into_iter().map(|status| (held_id(*number), status)));
    }
    expected.sort_unstable();
    assert_eq!(told, expected);
    for row in due {
        NotificationRepository::remove(ports, row.held_id, row.status).unwrap();
    }
}

/// Walks `steps` random steps from this seed over requests numbered from `first` on. Panics
/// where the implementation and the model part. All requests are gone afterwards.
pub fn walk(ports: &impl Ports, agent: AgentId, first: u128, seed: u64, steps: u32) {
    let mut random = Random::new(seed);
    let mut model = Model::new(usize::try_from(NEEDED).unwrap());
    let mut now = after_noon(0);
    for _ in 0..steps {
        // Mostly little time passes; now and then a lease, or a request's own time, is over.
        let minute = Timestamp::MINUTE;
        now = now.plus(random.pick(&[1, 1, 1, 1, minute, 20 * minute]));
        let event = choose(&mut random, first);
        match event {
            Event::Expire => {
                let expired = ports.expire(now, 1_000);
                assert_eq!(expired, Ok(model.expire(now)), "seed {seed}");
            }
            Event::Prune => {
                let pruned = HeldRequestRepository::prune(ports, now, 1_000);
                assert_eq!(pruned, Ok(model.prune(now)), "seed {seed}");
            }
            Event::Tell => tell(ports, &mut model, now),
            Event::Poll(number) => compare(ports, &model, number),
            _ => {
                let expected = model.happens(event, now);
                let happened = happens(ports, agent, event, now);
                assert_eq!(happened, expected, "seed {seed}: {event:?}");
            }
        }
        for number in first..first + REQUESTS {
            let expected = model.requests.get(&number).map(|request| request.status);
            let status = held_status(ports, number);
            assert_eq!(status, expected, "seed {seed}: {number} after {event:?}");
        }
    }
    for number in first..first + REQUESTS {
        compare(ports, &model, number);
    }
    assert!(model.sent.values().all(|times| *times == 1), "seed {seed}");
    let end = now.plus(Timestamp::DAY);
    tell(ports, &mut model, end);
    assert_eq!(ports.expire(end, 1_000), Ok(model.expire(end)));
    for number in first..first + REQUESTS {
        let settle = Event::Settle(number, HeldStatus::Denied);
        let expected = model.happens(settle, end);
        assert_eq!(happens(ports, agent, settle, end), expected);
    }
    let pruned = HeldRequestRepository::prune(ports, end, 1_000);
    assert_eq!(pruned, Ok(model.prune(end)));
    assert_eq!(model.requests.len(), 0);
}
