//! What many callers may not do twice, about who calls.

use std::collections::BTreeSet;

use vectra_contract::fixtures::{act, act_id, after_noon, given_agent, operator};
use vectra_domain::repository::{
    ActPage, ActRepository, AgentAccessRepository, AgentRepository, ExternalIssuerRepository,
    LockoutRepository, OperatorRepository,
};
use vectra_domain::{ActOutcome, LockoutSubject, Operator, PersistenceError, Rotation, Timestamp};

use crate::concurrency::{ready, together};
use crate::database::CALLERS;
use crate::sql::Sql;

#[test]
fn lets_exactly_one_of_many_fetch_an_issuers_keys() {
    let (several, _) = ready();
    for round in 0..5 {
        let now = after_noon(round * Timestamp::HOUR);
        let claims = together(CALLERS, &several, |_, repositories| {
            repositories.claim("https://id.example.com", now, now.plus(-Timestamp::MINUTE))
        });
        let claimed = claims.into_iter().filter(|claim| *claim == Ok(true));
        assert_eq!(claimed.count(), 1);
    }
}

#[test]
fn loses_no_failure_under_concurrency() {
    let (several, repositories) = ready();
    let subject = LockoutSubject::Address("192.0.2.1".to_owned());
    together(CALLERS, &several, |caller, repositories| {
        for micros in 0..192 / i64::try_from(CALLERS).unwrap() {
            let now = after_noon(micros + i64::try_from(caller).unwrap());
            LockoutRepository::fail(&repositories, &subject, now, after_noon(0)).unwrap();
        }
    });
    let failures = LockoutRepository::find(&repositories, &subject).unwrap();
    assert_eq!(failures.map(|failures| failures.count), Some(192));
}

#[test]
fn counts_no_further_than_a_u32() {
    let (_several, repositories) = ready();
    let subject = LockoutSubject::Address("192.0.2.1".to_owned());
    let fail = || {
        LockoutRepository::fail(&repositories, &subject, after_noon(0), after_noon(0)).unwrap();
        let failures = LockoutRepository::find(&repositories, &subject).unwrap();
        failures.map(|failures| failures.count)
    };
    assert_eq!(fail(), Some(1));
    let most = "UPDATE Lockout SET Failures = 4294967294";
    repositories.database().run(most);
    assert_eq!(fail(), Some(u32::MAX));
    assert_eq!(fail(), Some(u32::MAX));
}

#[test]
fn gives_a_name_and_an_outcome_to_one_of_many() {
    let (several, repositories) = ready();
    ActRepository::append(&repositories, &act(1, after_noon(0))).unwrap();
    let results = together(CALLERS, &several, |caller, repositories| {
        let same_name = Operator {
            name: "admin".to_owned(),
            ..operator(caller)
        };
        let outcome = ActOutcome {
            status: 200 + u16::try_from(caller).unwrap(),
            target: None,
            timestamp: after_noon(1),
        };
        (
            OperatorRepository::insert(&repositories, &same_name),
            repositories.complete(act_id(1), &outcome),
        )
    });
    for result in results.iter().flat_map(|(one, two)| [one, two]) {
        assert!(
            matches!(result, Ok(()) | Err(PersistenceError::Conflict(_))),
            "{result:?}"
        );
    }
    assert_eq!(results.iter().filter(|(one, _)| one.is_ok()).count(), 1);
    let winner = results.iter().position(|(_, completed)| completed.is_ok());
    assert_eq!(results.iter().filter(|(_, two)| two.is_ok()).count(), 1);
    let page = ActPage {
        operator_name: None,
        after: None,
        limit: 10,
    };
    let listed = ActRepository::list(&repositories, &page).unwrap();
    let [(_, Some(outcome))] = listed.as_slice() else {
        panic!("{listed:?}")
    };
    assert_eq!(winner.map(|at| at + 200), Some(usize::from(outcome.status)));
}

/// Each rotation makes the secret before it the former one: so of many at once every
/// secret but the last has been the former one, and none is both.
#[test]
fn rotates_one_after_another_under_concurrency() {
    let (several, repositories) = ready();
    let agent = given_agent(&repositories, 1);
    let until = Some(after_noon(Timestamp::HOUR));
    let hashes: BTreeSet<String> = (0..16).map(|caller| format!("hash {caller}")).collect();
    together(16, &several, |caller, repositories| {
        let rotation = Rotation {
            agent_id: agent.id,
            client_secret_hash: format!("hash {caller}"),
            former_until: until,
            now: after_noon(0),
        };
        repositories.rotate(&rotation).unwrap();
        repositories
            .limit(agent.id, Some(1), after_noon(0))
            .unwrap();
        let now = after_noon(i64::try_from(caller).unwrap());
        repositories.revoke_tokens(agent.id, now).unwrap();
    });
    let access = AgentAccessRepository::find(&repositories, agent.id).unwrap();
    let former = access.former_secret_hash.unwrap();
    let agent = AgentRepository::find(&repositories, agent.id).unwrap();
    let present = agent.unwrap().client_secret_hash;
    assert!(hashes.contains(&present) && hashes.contains(&former));
    assert_ne!(present, former);
    assert_eq!(access.requests_per_minute, Some(1));
    assert_eq!(access.tokens_not_before, Some(after_noon(15)));
}
