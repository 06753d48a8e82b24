//! `vectra:persistence/held-requests`: who has said that a request may be sent.

use vectra_domain::repository::{HeldRequestRepository, MAX_APPROVALS};
use vectra_domain::{Approval, HeldStatus, OperatorId, Timestamp};

use crate::Ports;
use crate::fixtures::{
    after_noon, approval, assert_conflict, assert_invalid, assert_recorded, given_agent,
    given_held, held_entry, held_id, held_status,
};

/// How many approvals a request has.
fn count(ports: &impl Ports, number: u128) -> usize {
    ports.approvals(held_id(number)).unwrap().len()
}

pub fn the_last_approval_that_is_needed_approves(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    for (number, needed) in (1..).zip([1, 2, 3, MAX_APPROVALS]) {
        assert_recorded(ports.record(&held_entry(number, agent, after_noon(0))));
        for operator in 1..=u128::from(needed) {
            assert_eq!(held_status(ports, number), Some(HeldStatus::Pending));
            let word = approval(number, operator, after_noon(5));
            assert_eq!(
                ports.approve(&word, needed),
                Ok(()),
                "{operator} of {needed}"
            );
        }
        let row = HeldRequestRepository::find(ports, held_id(number)).unwrap();
        let row = row.unwrap();
        assert_eq!(row.status, HeldStatus::Approved);
        assert_eq!(row.decided_by, Some(format!("operator {needed}")));
        assert_eq!(row.decided_at, Some(after_noon(5)));
        assert_conflict(ports.approve(&approval(number, 99, after_noon(5)), needed));
        assert_eq!(u32::try_from(count(ports, number)), Ok(needed));
    }
}

pub fn an_operator_has_one_word(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Pending);
    let word = approval(1, 1, after_noon(1));
    ports.approve(&word, 2).unwrap();
    let again = Approval {
        operator_name: "another name".to_owned(),
        ..approval(1, 1, after_noon(2))
    };
    for needed in [1, 2] {
        assert_conflict(ports.approve(&again, needed));
    }
    assert_eq!(ports.approvals(held_id(1)), Ok(vec![word]));
    assert_eq!(held_status(ports, 1), Some(HeldStatus::Pending));
    // Of another request it is another word.
    given_held(ports, 2, agent, HeldStatus::Pending);
    assert_eq!(ports.approve(&approval(2, 1, after_noon(2)), 1), Ok(()));
}

pub fn refuses_an_approval_of_what_does_not_wait(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    for (number, status) in (1..).zip(HeldStatus::ALL).skip(1) {
        given_held(ports, number, agent, status);
        let before = count(ports, number);
        assert_conflict(ports.approve(&approval(number, 7, after_noon(1)), 1));
        assert_eq!(held_status(ports, number), Some(status));
        assert_eq!(count(ports, number), before, "{status:?}");
    }
}

pub fn refuses_an_approval_after_expiry(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Pending);
    let expires_at = after_noon(Timestamp::HOUR);
    assert_conflict(ports.approve(&approval(1, 1, expires_at), 1));
    assert_eq!(held_status(ports, 1), Some(HeldStatus::Pending));
    assert_eq!(count(ports, 1), 0);
    assert_eq!(
        ports.approve(&approval(1, 1, expires_at.plus(-1)), 1),
        Ok(())
    );
}

/// Who needs fewer later does not make less of what was needed before.
pub fn what_was_needed_once_is_needed_still(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Pending);
    ports.approve(&approval(1, 1, after_noon(1)), 3).unwrap();
    ports.approve(&approval(1, 2, after_noon(1)), 1).unwrap();
    assert_eq!(held_status(ports, 1), Some(HeldStatus::Pending));
    ports.approve(&approval(1, 3, after_noon(1)), 1).unwrap();
    assert_eq!(held_status(ports, 1), Some(HeldStatus::Approved));
}

pub fn counts_for_the_most_that_was_needed(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Pending);
    ports.approve(&approval(1, 1, after_noon(1)), 2).unwrap();
    ports.approve(&approval(1, 2, after_noon(1)), 3).unwrap();
    assert_eq!(held_status(ports, 1), Some(HeldStatus::Pending));
    ports.approve(&approval(1, 3, after_noon(1)), 2).unwrap();
    assert_eq!(held_status(ports, 1), Some(HeldStatus::Approved));
}

pub fn gives_approvals_in_the_order_in_which_they_were_given(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Pending);
    given_held(ports, 2, agent, HeldStatus::Pending);
    for (operator, micros) in [(4, 2), (3, 1), (2, 2), (1, 3)] {
        let word = approval(1, operator, after_noon(micros));
        ports.approve(&word, 9).unwrap();
    }
    ports.approve(&approval(2, 9, after_noon(0)), 9).unwrap();
    let expected = [(3, 1), (2, 2), (4, 2), (1, 3)];
    let expected = expected.map(|(operator, micros)| approval(1, operator, after_noon(micros)));
    assert_eq!(ports.approvals(held_id(1)), Ok(expected.to_vec()));
}

pub fn keeps_every_word_as_it_is(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Pending);
    let word = Approval {
        // The first key is an operator without a row.
        operator_id: OperatorId::new(uuid::Uuid::nil()),
        operator_name: "'; DROP TABLE HeldApproval; -- ä🦀".to_owned(),
        comment: Some("line\r\nbreak \u{202e}\u{1}".to_owned()),
        seal: "\"seal\"".to_owned(),
        ..approval(1, 1, after_noon(-1))
    };
    ports.approve(&word, 1).unwrap();
    assert_eq!(ports.approvals(held_id(1)), Ok(vec![word.clone()]));
    let row = HeldRequestRepository::find(ports, held_id(1)).unwrap();
    let row = row.unwrap();
    assert_eq!(row.decided_by, Some(word.operator_name));
    assert_eq!(row.comment, word.comment);
}

pub fn refuses_what_is_no_approval(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Pending);
    for needed in [0, MAX_APPROVALS + 1, u32::MAX] {
        assert_invalid(ports.approve(&approval(1, 1, after_noon(1)), needed));
    }
    let changes: [fn(&mut Approval); 5] = [
        |word| word.operator_name = String::new(),
        |word| word.operator_name = "x".repeat(129),
        |word| word.operator_name = "a\0b".to_owned(),
        |word| word.comment = Some("a\0b".to_owned()),
        |word| word.seal = "a\0b".to_owned(),
    ];
    for change in changes {
        let mut word = approval(1, 1, after_noon(1));
        change(&mut word);
        assert_invalid(ports.approve(&word, 1));
    }
    assert_eq!(count(ports, 1), 0);
}
