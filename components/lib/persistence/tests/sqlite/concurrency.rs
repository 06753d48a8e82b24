//! Many callers at once, each with a connection of its own.

use std::sync::Barrier;
use std::thread;

use vectra_contract::fixtures::{
    after_noon, agent_id, entry, given_agent, held_entry, policy, trust,
};
use vectra_domain::repository::{Ledger, PolicyRepository, Schema};
use vectra_domain::{Entry, HeldLimits, Recorded, TrustRule};
use vectra_persistence::{Repositories, SCHEMA_VERSION};

use crate::database::{File, Sqlite};

/// Runs `work` on so many threads at the same time, and gives what each returned.
fn together<T: Send>(
    threads: u128,
    file: &File,
    work: impl Fn(u128, Repositories<Sqlite>) -> T + Sync,
) -> Vec<T> {
    let connections: Vec<_> = (0..threads).map(|_| file.connect()).collect();
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

#[test]
fn makes_the_tables_once_when_eight_callers_do_at_once() {
    for _ in 0..5 {
        let file = File::new();
        let results = together(8, &file, |_, repositories| repositories.ensure());
        assert!(
            results.iter().all(|result| *result == Ok(SCHEMA_VERSION)),
            "{results:?}"
        );
    }
}

#[test]
fn records_exactly_the_limit_under_concurrency() {
    let file = File::new();
    let repositories = file.connect();
    repositories.ensure().unwrap();
    let agent = given_agent(&repositories, 1).id;
    let outcomes = together(4, &file, |thread, repositories| {
        let numbers = thread * 100..thread * 100 + 50;
        let entries = numbers.map(|number| Entry {
            rate_limit: Some(60),
            ..entry(number, agent, after_noon(0))
        });
        entries
            .map(|entry| repositories.record(&entry).unwrap())
            .collect::<Vec<_>>()
    });
    let outcomes = outcomes.concat();
    let recorded = outcomes
        .iter()
        .filter(|outcome| **outcome == Recorded::Recorded)
        .count();
    let limited = outcomes
        .iter()
        .filter(|outcome| **outcome == Recorded::Limited(60))
        .count();
    assert_eq!((recorded, limited), (60, 140));
    let count = |what: &str| repositories.database().integer(&format!("SELECT {what}"));
    assert_eq!(count("COUNT(*) FROM AuditTrail"), 60);
    assert_eq!(count("COUNT(*) FROM AgentHistory"), 60);
    assert_eq!(count("Requests FROM AgentActivity WHERE Span = 60"), 60);
    assert_eq!(count("Requests FROM AgentActivity WHERE Span = 3600"), 60);
    assert_eq!(count("Refused FROM AgentActivity WHERE Span = 60"), 140);
}

#[test]
fn holds_exactly_as_many_under_concurrency() {
    let file = File::new();
    let repositories = file.connect();
    repositories.ensure().unwrap();
    for number in 0..4 {
        given_agent(&repositories, number);
    }
    let outcomes = together(4, &file, |thread, repositories| {
        let numbers = thread * 100..thread * 100 + 10;
        let entries = numbers.map(|number| Entry {
            held_limits: HeldLimits {
                per_agent: 5,
                in_all: 12,
            },
            ..held_entry(number, agent_id(thread), after_noon(0))
        });
        entries
            .map(|entry| repositories.record(&entry).unwrap())
            .collect::<Vec<_>>()
    });
    let recorded = outcomes
        .concat()
        .iter()
        .filter(|outcome| **outcome == Recorded::Recorded)
        .count();
    assert_eq!(recorded, 12);
    assert_eq!(
        repositories
            .database()
            .integer("SELECT COUNT(*) FROM HeldRequest"),
        12
    );
}

#[test]
fn loses_no_move_of_trust_under_concurrency() {
    let file = File::new();
    let repositories = file.connect();
    repositories.ensure().unwrap();
    let agent = given_agent(&repositories, 1).id;
    together(4, &file, |thread, repositories| {
        for number in thread * 100..thread * 100 + 25 {
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
    let expected = (0..100).fold(0.5, |trust, _| trust + 0.01 * (0.0 - trust));
    assert!((trust(&repositories, agent) - expected).abs() < 1e-12);
}

#[test]
fn gives_each_revision_its_own_number_under_concurrency() {
    let file = File::new();
    file.connect().ensure().unwrap();
    let numbers = together(4, &file, |thread, repositories| {
        let put = |n| {
            repositories
                .put(&policy("p", &format!("{thread} {n}")))
                .unwrap()
                .revision
        };
        (0..10).map(put).collect::<Vec<_>>()
    });
    let mut numbers = numbers.concat();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
}
