//! Many callers at once, each with an instance of its own, as a host gives them.

use std::sync::Barrier;
use std::thread;

use vectra_contract::fixtures::{after_noon, agent_id, entry, given_agent};
use vectra_domain::repository::{AgentRepository, AuditPage, AuditRepository, Ledger, Schema};
use vectra_domain::{Entry, Recorded};

use crate::guest::Shared;

/// Runs `work` in so many threads at the same time.
fn together<T: Send>(
    callers: u128,
    database: &Shared,
    work: impl Fn(u128, &crate::persistence::Repositories) -> T + Sync,
) -> Vec<T> {
    let barrier = Barrier::new(usize::try_from(callers).unwrap());
    thread::scope(|scope| {
        let running: Vec<_> = (0..callers)
            .map(|caller| {
                let (barrier, work) = (&barrier, &work);
                scope.spawn(move || {
                    let repositories = database.repositories();
                    barrier.wait();
                    work(caller, &repositories)
                })
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

fn both() -> [(&'static str, Shared); 2] {
    [
        ("sqlite", Shared::sqlite()),
        ("postgres", Shared::postgres()),
    ]
}

#[test]
fn many_gateways_make_the_tables_at_once() {
    for (name, database) in both() {
        let versions = together(16, &database, |_, repositories| repositories.ensure());
        assert!(versions.iter().all(Result::is_ok), "{name}: {versions:?}");
    }
}

#[test]
fn exactly_the_limit_passes_of_64_callers() {
    for (name, database) in both() {
        let repositories = database.repositories();
        repositories.ensure().unwrap();
        let agent = given_agent(&repositories, 1).id;
        let outcomes = together(64, &database, |caller, repositories| {
            let limited = |number| Entry {
                rate_limit: Some(100),
                ..entry(caller * 10 + number, agent, after_noon(0))
            };
            [0, 1, 2].map(|number| repositories.record(&limited(number)).unwrap())
        });
        let outcomes = outcomes.as_flattened();
        let passed = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Recorded::Recorded(_)));
        assert_eq!((outcomes.len(), passed.count()), (192, 100), "{name}");
    }
}

#[test]
fn nothing_of_200_writers_is_lost() {
    for (name, database) in both() {
        let repositories = database.repositories();
        repositories.ensure().unwrap();
        for number in 0..200 {
            given_agent(&repositories, number);
        }
        together(200, &database, |caller, repositories| {
            let entry = entry(caller, agent_id(caller), after_noon(0));
            assert_eq!(
                repositories.record(&entry),
                Ok(Recorded::Recorded(1)),
                "{name}"
            );
        });
        let page = AuditPage {
            agent_id: None,
            after: None,
            limit: 1_000,
        };
        let rows = AuditRepository::list(&repositories, &page).unwrap();
        assert_eq!(rows.len(), 200, "{name}");
        for number in 0..200 {
            let found = AgentRepository::find(&repositories, agent_id(number));
            assert!(found.unwrap().is_some(), "{name}: {number}");
        }
    }
}
