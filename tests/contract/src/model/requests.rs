//! What is known of held requests without a database.

use std::collections::{BTreeMap, BTreeSet};

use vectra_domain::{HeldStatus, Timestamp};

use super::Event;

/// A request as the model knows it.
pub(super) struct Request {
    pub(super) status: HeldStatus,
    expires_at: Timestamp,
    pub(super) approvers: BTreeSet<u128>,
    pub(super) lease_until: Option<Timestamp>,
    pub(super) answered: bool,
    /// Which states are still to be told, by their integers.
    pub(super) untold: BTreeSet<i64>,
}

/// What is there, by number, and how often each was sent.
#[derive(Default)]
pub(super) struct Model {
    pub(super) requests: BTreeMap<u128, Request>,
    pub(super) sent: BTreeMap<u128, u32>,
    needed: usize,
    /// Numbers that were used: an id comes once.
    used: BTreeSet<u128>,
}

impl Request {
    fn new(now: Timestamp) -> Self {
        Self {
            status: HeldStatus::Pending,
            expires_at: now.plus(Timestamp::HOUR),
            approvers: BTreeSet::new(),
            lease_until: None,
            answered: false,
            untold: BTreeSet::from([HeldStatus::Pending.code()]),
        }
    }

    fn reach(&mut self, status: HeldStatus) {
        if status != self.status && status != HeldStatus::Releasing {
            self.untold.insert(status.code());
        }
        self.status = status;
    }
}

impl Model {
    /// Nothing is there; each request will need so many approvals.
    pub(super) fn new(needed: usize) -> Self {
        Self {
            needed,
            ..Self::default()
        }
    }

    /// Whether the event does anything, doing it.
    pub(super) fn happens(&mut self, event: Event, now: Timestamp) -> bool {
        use HeldStatus::{Approved, Denied, Expired, Pending, Released, Releasing, Uncertain};
        let (Event::Create(number)
        | Event::Approve(number, _)
        | Event::Deny(number)
        | Event::Claim(number)
        | Event::Finish(number, _)
        | Event::Settle(number, _)
        | Event::Force(number, _)) = event
        else {
            return true;
        };
        if let Event::Create(_) = event {
            let made = self.used.insert(number);
            if made {
                self.requests.insert(number, Request::new(now));
            }
            return made;
        }
        let Some(request) = self.requests.get_mut(&number) else {
            return false;
        };
        let in_time = request.expires_at > now;
        match (event, request.status) {
            (Event::Approve(_, operator), Pending) if in_time => {
                let first_word = request.approvers.insert(operator);
                if request.approvers.len() == self.needed {
                    request.reach(Approved);
                }
                first_word
            }
            (Event::Deny(_), Pending) if in_time => {
                request.reach(Denied);
                true
            }
            (Event::Claim(_), Approved) if in_time => {
                *self.sent.entry(number).or_default() += 1;
                request.lease_until = Some(now.plus(Timestamp::MINUTE));
                request.reach(Releasing);
                true
            }
            (Event::Finish(_, to), Releasing | Uncertain) if !request.answered => {
                request.answered = true;
                request.reach(to);
                true
            }
            (Event::Settle(_, to), Uncertain) => {
                request.reach(to);
                true
            }
            (Event::Force(_, to), Pending | Approved | Releasing | Uncertain) => {
                let allowed = match request.status {
                    Pending | Approved => matches!(to, Denied | Expired),
                    Releasing => matches!(to, Released | Uncertain),
                    _ => matches!(to, Released | Denied),
                };
                if allowed {
                    request.reach(to);
                }
                allowed
            }
            _ => false,
        }
    }

    pub(super) fn expire(&mut self, now: Timestamp) -> u32 {
        let mut count = 0;
        for request in self.requests.values_mut() {
            let to = match request.status {
                HeldStatus::Pending | HeldStatus::Approved if request.expires_at <= now => {
                    HeldStatus::Expired
                }
                HeldStatus::Releasing if request.lease_until.is_some_and(|end| end <= now) => {
                    HeldStatus::Uncertain
                }
                _ => continue,
            };
            request.reach(to);
            count += 1;
        }
        count
    }

    pub(super) fn prune(&mut self, before: Timestamp) -> u32 {
        let there = self.requests.len();
        self.requests.retain(|_, request| {
            let status = request.status;
            let last = matches!(
                status,
                HeldStatus::Released | HeldStatus::Denied | HeldStatus::Expired
            );
            !last || request.expires_at >= before
        });
        u32::try_from(there - self.requests.len()).unwrap()
    }
}
