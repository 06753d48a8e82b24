//! What many callers may not do twice to a held request.

use vectra_contract::fixtures::{
    after_noon, answer, approval, claim, given_agent, given_held, held_id, held_status, no_answer,
    step,
};
use vectra_domain::repository::{HeldRequestRepository, NotificationRepository};
use vectra_domain::{HeldStatus, PersistenceError, Timestamp};

use crate::concurrency::{ready, together};
use crate::database::CALLERS;
use crate::sql::Sql;

#[test]
fn one_of_a_thousand_approvals_approves() {
    let (several, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    for (number, needed) in [(1, 1), (2, 16)] {
        given_held(&repositories, number, agent, HeldStatus::Pending);
        let words = together(CALLERS, &several, |caller, repositories| {
            let operators = 1_000 * caller..1_000 * caller + 1_000 / CALLERS;
            let approve = |operator| {
                let word = approval(number, operator, after_noon(1));
                repositories.approve(&word, needed)
            };
            operators.map(approve).collect::<Vec<_>>()
        });
        let words = words.concat();
        assert!(words.len() > 900, "{}", words.len());
        for word in &words {
            assert!(
                matches!(word, Ok(()) | Err(PersistenceError::Conflict(_))),
                "{word:?}"
            );
        }
        let counted = words.iter().filter(|word| word.is_ok()).count();
        assert_eq!(u32::try_from(counted), Ok(needed));
        assert_eq!(
            held_status(&repositories, number),
            Some(HeldStatus::Approved)
        );
    }
    let told = "SELECT count(*) FROM HeldNotification WHERE Status = 1";
    assert_eq!(repositories.database().integer(told), 2);
}

#[test]
fn one_of_many_claims_sends() {
    let (several, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    given_held(&repositories, 1, agent, HeldStatus::Approved);
    let claims = together(64, &several, |caller, repositories| {
        let now = after_noon(i64::try_from(caller).unwrap());
        let claim = claim(1, agent, now);
        let claimed = HeldRequestRepository::claim(&repositories, &claim);
        if let Err(error) = &claimed {
            assert!(matches!(error, PersistenceError::Conflict(_)), "{error}");
        }
        claimed.ok().map(|()| claim.audit.id)
    });
    let mut won = claims.into_iter().flatten();
    let release = repositories.find_release(held_id(1)).unwrap();
    assert_eq!(release.map(|release| release.audit_id), won.next());
    assert_eq!(won.next(), None);
    let audited = "SELECT count(*) FROM AuditTrail WHERE DecisionType = 0";
    assert_eq!(repositories.database().integer(audited), 1);
}

/// A reviewer denies while another's approval is the last one, and the sender and the clock
/// come in between: there is one end.
#[test]
fn approval_denial_claim_and_expiry_at_once_come_to_one_end() {
    let (several, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    for number in 1..=10 {
        given_held(&repositories, number, agent, HeldStatus::Pending);
        together(8, &several, |caller, repositories| {
            let now = after_noon(1);
            let deny = step(number, &[HeldStatus::Pending], HeldStatus::Denied, now);
            match caller % 4 {
                0 => drop(repositories.approve(&approval(number, caller, now), 1)),
                1 => drop(repositories.advance(&deny)),
                2 => drop(HeldRequestRepository::claim(
                    &repositories,
                    &claim(number, agent, now),
                )),
                _ => drop(repositories.expire(after_noon(Timestamp::HOUR), 100)),
            }
        });
        let status = held_status(&repositories, number).unwrap();
        let approved = !repositories.approvals(held_id(number)).unwrap().is_empty();
        let sent = repositories
            .find_release(held_id(number))
            .unwrap()
            .is_some();
        match status {
            HeldStatus::Denied => assert!(!approved && !sent),
            HeldStatus::Approved => assert!(approved && !sent),
            HeldStatus::Releasing | HeldStatus::Uncertain => assert!(approved && sent),
            HeldStatus::Expired => assert!(!sent),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn one_of_many_outcomes_is_kept() {
    let (several, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    given_held(&repositories, 1, agent, HeldStatus::Releasing);
    let finished = together(8, &several, |caller, repositories| {
        let at = after_noon(i64::try_from(caller).unwrap());
        let (to, outcome) = if caller % 2 == 0 {
            (HeldStatus::Released, answer(at))
        } else {
            (HeldStatus::Uncertain, no_answer(at))
        };
        let finished = repositories.finish(held_id(1), to, &outcome);
        finished.ok().map(|()| (to, outcome))
    });
    let mut won = finished.into_iter().flatten();
    let (to, outcome) = won.next().unwrap();
    assert_eq!(won.next(), None);
    assert_eq!(held_status(&repositories, 1), Some(to));
    let release = repositories.find_release(held_id(1)).unwrap().unwrap();
    assert_eq!(release.outcome, Some(outcome));
}

#[test]
fn tells_each_once_though_many_tell_at_once() {
    let (several, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    for number in 1..=40 {
        given_held(&repositories, number, agent, HeldStatus::Pending);
    }
    let claimed = together(8, &several, |_, repositories| {
        let mut all = Vec::new();
        loop {
            let some = NotificationRepository::claim(&repositories, after_noon(1), 3).unwrap();
            if some.is_empty() {
                break all;
            }
            all.extend(some);
        }
    });
    let mut ids: Vec<_> = claimed.concat().iter().map(|row| row.held_id).collect();
    ids.sort_unstable();
    let expected: Vec<_> = (1..=40).map(held_id).collect();
    assert_eq!(ids, expected);
}
