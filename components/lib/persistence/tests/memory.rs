//! The contract against the repositories in memory.

mod contract {
    use vectra_persistence::memory::Memory;

    vectra_contract::contract!(Memory::bare);
}

use vectra_contract::fixtures::{after_noon, entry, given_agent, query};
use vectra_contract::model::walk;
use vectra_domain::repository::Ledger;
use vectra_domain::{Entry, PersistenceError, Recorded};
use vectra_persistence::memory::Memory;

#[test]
fn held_requests_live_as_the_model_says() {
    let memory = Memory::new();
    let agent = given_agent(&memory, 1).id;
    for seed in 0..1_000 {
        walk(&memory, agent, 10 * u128::from(seed), seed, 40);
    }
}

#[test]
fn keeps_the_count_of_refusals() {
    let memory = Memory::new();
    let agent = given_agent(&memory, 1).id;
    for number in 1..=5 {
        let limited = Entry {
            rate_limit: Some(2),
            ..entry(number, agent, after_noon(0))
        };
        memory.record(&limited).unwrap();
    }
    assert_eq!(memory.refused(agent, after_noon(1)), 3);
}

#[test]
fn fails_when_told_to_and_changes_nothing() {
    let memory = Memory::new();
    let agent = given_agent(&memory, 1).id;
    let busy = PersistenceError::Unavailable("busy".to_owned());
    memory.fail(Some(busy.clone()));
    assert_eq!(memory.load(&query(agent, after_noon(0))), Err(busy.clone()));
    assert_eq!(memory.record(&entry(1, agent, after_noon(0))), Err(busy));

    memory.fail(None);
    assert_eq!(
        memory.record(&entry(1, agent, after_noon(0))),
        Ok(Recorded::Recorded(1))
    );
    assert_eq!(memory.calls(), 4);
}
