//! Many callers at once, each with a connection of its own.

use std::sync::Barrier;
use std::thread;

use vectra_contract::fixtures::{
    after_noon, agent_id, audit, audit_id, entry, given_agent, held_entry, is_recorded,
    make_tables, outcome, policy, trust,
};
use vectra_domain::repository::{
    AgentRepository, AuditRepository, Ledger, PolicyRepository, Schema,
};
use vectra_domain::{
    AgentStatus, Entry, HeldLimits, PolicySource, Recorded, TrustRule, TrustScore,
};
use vectra_persistence::{Repositories, SCHEMA_VERSION};

use crate::database::{CALLERS, Engine, Several};
use crate::sql::Sql;

/// Runs `work` on so many connections at the same time, and gives what each returned.
pub fn together<T: Send>(
    callers: u128,
    several: &Several,
    work: impl Fn(u128, Repositories<Engine>) -> T + Sync,
) -> Vec<T> {
    let connections: Vec<_> = (0..callers).map(|_| several.connect()).collect();
    let barrier = Barrier::new(connections.len());
    thread::scope(|scope| {
        let running: Vec<_> = (0..)
            .zip(connections)
            .map(|(number, connection)| {
                let (barrier, work) = (&barrier, &work);
                scope.spawn(move || {
                    barrier.wait();
                    work(number, connection)
                })
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

/// A database with tables, and one connection to it.
pub fn ready() -> (Several, Repositories<Engine>) {
    let several = Several::new();
    let repositories = several.connect();
    make_tables(&repositories);
    (several, repositories)
}

#[test]
fn makes_the_tables_once_when_sixteen_callers_do_at_once() {
    for _ in 0..5 {
        let results = together(16, &Several::new(), |_, repositories| repositories.ensure());
        assert!(
            results.iter().all(|result| *result == Ok(SCHEMA_VERSION)),
            "{results:?}"
        );
    }
}

#[test]
fn records_exactly_the_limit_under_concurrency() {
    let (several, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    let outcomes = together(CALLERS, &several, |caller, repositories| {
        let numbers = caller * 100..caller * 100 + 192 / CALLERS;
        let entries = numbers.map(|number| Entry {
            rate_limit: Some(100),
            ..entry(number, agent, after_noon(0))
        });
        entries
            .map(|entry| repositories.record(&entry).unwrap())
            .collect::<Vec<_>>()
    });
    let outcomes = outcomes.concat();
    let count = |wanted| {
        outcomes
            .iter()
            .filter(|outcome| **outcome == wanted)
            .count()
    };
    // Each is told another number.
    for number in 1..=100 {
        assert_eq!(count(Recorded::Recorded(number)), 1, "{number}");
    }
    assert_eq!(count(Recorded::Limited(60)), 92);
    let count = |what: &str| repositories.database().integer(&format!("SELECT {what}"));
    assert_eq!(count("count(*) FROM AuditTrail"), 100);
    assert_eq!(count("count(*) FROM AgentHistory"), 100);
    assert_eq!(count("Requests FROM AgentActivity WHERE Span = 60"), 100);
    assert_eq!(count("Requests FROM AgentActivity WHERE Span = 3600"), 100);
    assert_eq!(count("Refused FROM AgentActivity WHERE Span = 60"), 92);
}

#[test]
fn holds_exactly_as_many_under_concurrency() {
    let (several, repositories) = ready();
    for number in 0..8 {
        given_agent(&repositories, number);
    }
    // Two callers for each agent; the one bound is reached, then the other.
    for (base, per_agent, in_all, expected) in [(0, 2, 100, 16), (10_000, 100, 24, 8)] {
        let outcomes = together(16, &several, |caller, repositories| {
            let numbers = base + caller * 100..base + caller * 100 + 5;
            let entries = numbers.map(|number| Entry {
                held_limits: HeldLimits { per_agent, in_all },
                ..held_entry(number, agent_id(caller % 8), after_noon(0))
            });
            entries
                .map(|entry| repositories.record(&entry).unwrap())
                .collect::<Vec<_>>()
        });
        let outcomes = outcomes.concat();
        let recorded = outcomes
            .iter()
            .filter(|outcome| is_recorded(outcome))
            .count();
        assert_eq!(recorded, expected);
        assert_eq!(outcomes.len(), 80);
    }
    let count = "SELECT count(*) FROM HeldRequest";
    assert_eq!(repositories.database().integer(count), 24);
}

#[test]
fn loses_no_move_of_trust_under_concurrency() {
    let (several, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    together(8, &several, |caller, repositories| {
        for number in caller * 100..caller * 100 + 25 {
            let rule = TrustRule {
                target: 0.0,
                rate: 0.01,
            };
            let entry = Entry {
                trust: rule,
                ..entry(number, agent, after_noon(0))
            };
            repositories.record(&entry).unwrap();
        }
    });
    let expected = (0..200).fold(0.5, |trust, _| trust + 0.01 * (0.0 - trust));
    assert!((trust(&repositories, agent) - expected).abs() < 1e-12);
}

#[test]
fn gives_each_revision_its_own_number_under_concurrency() {
    let (several, _) = ready();
    let numbers = together(8, &several, |caller, repositories| {
        let put = |n| {
            repositories
                .put(&policy("p", &format!("{caller} {n}")))
                .unwrap()
                .revision
        };
        (0..10).map(put).collect::<Vec<_>>()
    });
    let mut numbers = numbers.concat();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=80).collect::<Vec<_>>());
}

#[test]
fn retires_once_when_many_do_at_once() {
    let (several, repositories) = ready();
    for name in ["a", "b", "c"] {
        repositories.put(&policy(name, "1")).unwrap();
    }
    let retired = together(8, &several, |_, repositories| {
        repositories.retire_missing(PolicySource::File, &[], after_noon(0))
    });
    let mut names: Vec<String> = retired.into_iter().flat_map(Result::unwrap).collect();
    names.sort_unstable();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn counts_exactly_under_concurrency() {
    let (several, repositories) = ready();
    let writers = CALLERS.min(32);
    for number in 0..writers {
        given_agent(&repositories, number);
    }
    let each: u128 = 20;
    together(writers, &several, |caller, repositories| {
        for number in 0..each {
            let name = if number % 4 == 0 {
                "deny/policy"
            } else {
                "allow/none"
            };
            let decided = Entry {
                counter: name.to_owned(),
                // The last five of each are too many.
                rate_limit: Some(15),
                ..entry(caller * 100 + number, agent_id(caller), after_noon(0))
            };
            repositories.record(&decided).unwrap();
        }
    });
    let writers = u64::try_from(writers).unwrap();
    let counted = repositories.counters().unwrap().into_iter();
    let counted: Vec<_> = counted
        .map(|counter| (counter.name, counter.count))
        .collect();
    let expected = [("allow/none", 11), ("deny/policy", 4), ("limited", 5)];
    let expected = expected.map(|(name, count)| (name.to_owned(), count * writers));
    assert_eq!(counted, expected);
}

/// Many decisions pull an agent below the floor at once: one does it, those after it find
/// the agent gone, and each is counted as what it was.
#[test]
fn quarantines_once_under_concurrency() {
    let (several, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    let outcomes = together(CALLERS.min(32), &several, |caller, repositories| {
        let denied = Entry {
            trust: TrustRule {
                target: 0.0,
                rate: 0.5,
            },
            trust_floor: TrustScore::new(0.1).ok(),
            ..entry(caller, agent, after_noon(0))
        };
        repositories.record(&denied).unwrap()
    });
    let recorded = outcomes.iter().filter(|outcome| is_recorded(outcome));
    // 0.5, 0.25, 0.125, 0.0625: the third is below.
    assert_eq!(recorded.count(), 3);
    let gone = outcomes
        .iter()
        .filter(|outcome| **outcome == Recorded::AgentGone);
    assert_eq!(gone.count() + 3, outcomes.len());
    let found = AgentRepository::find(&repositories, agent)
        .unwrap()
        .unwrap();
    assert_eq!(found.status, AgentStatus::Quarantined);
    assert!((found.trust_score.get() - 0.0625).abs() < 1e-12);
    let counted = repositories.counters().unwrap();
    assert_eq!(counted.first().map(|counter| counter.count), Some(3));
}

#[test]
fn completes_once_when_many_do_at_once() {
    let (several, repositories) = ready();
    let row = audit(1, agent_id(1), after_noon(0));
    AuditRepository::append(&repositories, &row, "{}").unwrap();
    let completed = together(8, &several, |caller, repositories| {
        let status = 200 + u16::try_from(caller).unwrap();
        let done = outcome(status, after_noon(0));
        let completed = AuditRepository::complete(&repositories, audit_id(1), &done);
        completed.ok().map(|()| done)
    });
    let mut won = completed.into_iter().flatten();
    let found = AuditRepository::find(&repositories, audit_id(1)).unwrap();
    assert_eq!(found.and_then(|record| record.outcome), won.next());
    assert_eq!(won.next(), None);
}
