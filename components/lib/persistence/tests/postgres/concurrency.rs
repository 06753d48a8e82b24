//! Many callers at once, each with a connection of its own.

use std::sync::Barrier;
use std::thread;

use vectra_contract::fixtures::{
    after_noon, agent_id, entry, given_agent, held_entry, policy, trust,
};
use vectra_domain::repository::{Ledger, PolicyRepository, Schema};
use vectra_domain::{Entry, HeldLimits, PolicySource, Recorded, TrustRule};
use vectra_persistence::{Repositories, SCHEMA_VERSION};

use crate::database::{Postgres, fresh, ready};

/// Runs `work` on so many connections at the same time, and gives what each returned.
fn together<T: Send>(
    callers: u128,
    first: &Repositories<Postgres>,
    work: impl Fn(u128, Repositories<Postgres>) -> T + Sync,
) -> Vec<T> {
    let connections: Vec<_> = (0..callers).map(|_| first.database().another()).collect();
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
fn makes_the_tables_once_when_sixteen_callers_do_at_once() {
    for _ in 0..5 {
        let repositories = fresh();
        let results = together(16, &repositories, |_, repositories| repositories.ensure());
        assert!(
            results.iter().all(|result| *result == Ok(SCHEMA_VERSION)),
            "{results:?}"
        );
    }
}

#[test]
fn records_exactly_the_limit_under_64_callers() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    let outcomes = together(64, &repositories, |caller, repositories| {
        let numbers = caller * 100..caller * 100 + 3;
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
    assert_eq!(count(Recorded::Recorded), 100);
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
    let repositories = ready();
    for number in 0..8 {
        given_agent(&repositories, number);
    }
    // Two callers for each agent; the one bound is reached, then the other.
    for (base, per_agent, in_all, expected) in [(0, 2, 100, 16), (10_000, 100, 24, 8)] {
        let outcomes = together(16, &repositories, |caller, repositories| {
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
            .filter(|outcome| **outcome == Recorded::Recorded)
            .count();
        assert_eq!(recorded, expected);
        assert_eq!(outcomes.len(), 80);
    }
    let count = "SELECT count(*) FROM HeldRequest";
    assert_eq!(repositories.database().integer(count), 24);
}

#[test]
fn loses_no_move_of_trust_under_concurrency() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    together(8, &repositories, |caller, repositories| {
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
    let repositories = ready();
    let numbers = together(8, &repositories, |caller, repositories| {
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
    let repositories = ready();
    for name in ["a", "b", "c"] {
        repositories.put(&policy(name, "1")).unwrap();
    }
    let retired = together(8, &repositories, |_, repositories| {
        repositories.retire_missing(PolicySource::File, &[], after_noon(0))
    });
    let mut names: Vec<String> = retired.into_iter().flat_map(Result::unwrap).collect();
    names.sort_unstable();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn a_put_while_its_policy_is_retired_makes_the_next_revision() {
    let repositories = ready();
    repositories.put(&policy("p", "1")).unwrap();
    let other = repositories.database().another();
    other.database().run("BEGIN");
    let retired = other.retire_missing(PolicySource::File, &[], after_noon(0));
    assert_eq!(retired, Ok(vec!["p".to_owned()]));
    thread::scope(|scope| {
        let first = &repositories;
        let watcher = first.database().another();
        let put = {
            let putting = first.database().another();
            scope.spawn(move || putting.put(&policy("p", "2")))
        };
        // Until it waits for the other transaction.
        let waiting =
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'
           AND database IS NULL AND pid IN
             (SELECT pid FROM pg_stat_activity WHERE datname = current_database())";
        let begun = std::time::Instant::now();
        while watcher.database().integer(waiting) == 0 {
            assert!(begun.elapsed() < std::time::Duration::from_secs(30));
            thread::yield_now();
        }
        other.database().run("COMMIT");
        assert_eq!(put.join().unwrap().map(|put| put.revision), Ok(3));
    });
}

#[test]
fn loses_nothing_of_200_writers() {
    let repositories = ready();
    for number in 0..200 {
        given_agent(&repositories, number);
    }
    // The server takes fewer connections than that: eight writers on each of 25.
    together(25, &repositories, |caller, repositories| {
        for writer in 0..8 {
            let number = caller * 8 + writer;
            let entry = entry(number, agent_id(number), after_noon(0));
            assert_eq!(repositories.record(&entry), Ok(Recorded::Recorded));
        }
    });
    for table in ["AuditTrail", "AuditExplanation", "AgentHistory"] {
        let count = format!("SELECT count(*) FROM {table}");
        assert_eq!(repositories.database().integer(&count), 200, "{table}");
    }
}
