//! `vectra:persistence/held-requests`: sending what was approved, once.

use vectra_domain::repository::{AuditRepository, HeldRequestRepository};
use vectra_domain::{
    AgentChange, AgentStatus, AuditId, Claim, DecisionType, HeldStatus, PersistenceError, Release,
    ReleaseOutcome, Timestamp,
};

use crate::Ports;
use crate::fixtures::{
    after_noon, answer, approval, assert_conflict, assert_invalid, audit_id, claim, given_agent,
    given_held, held_id, held_status, no_answer, step, undone,
};

fn send(ports: &impl Ports, claim: &Claim) -> Result<(), PersistenceError> {
    HeldRequestRepository::claim(ports, claim)
}

fn is_audited(ports: &impl Ports, id: AuditId) -> bool {
    AuditRepository::find(ports, id).unwrap().is_some()
}

fn outcome(ports: &impl Ports, number: u128) -> Option<ReleaseOutcome> {
    let release = ports.find_release(held_id(number)).unwrap();
    release.unwrap().outcome
}

pub fn a_claim_makes_it_releasing_and_writes_its_audit_row(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Approved);
    assert_eq!(ports.find_release(held_id(1)), Ok(None));
    let claim = claim(1, agent, after_noon(7));
    assert_eq!(send(ports, &claim), Ok(()));

    let row = HeldRequestRepository::find(ports, held_id(1)).unwrap();
    let row = row.unwrap();
    assert_eq!(row.status, HeldStatus::Releasing);
    assert_eq!(row.decided_by.as_deref(), Some("operator 1"));
    let release = Release {
        held_id: held_id(1),
        audit_id: claim.audit.id,
        started_at: after_noon(7),
        lease_until: after_noon(7 + Timestamp::MINUTE),
        outcome: None,
    };
    assert_eq!(ports.find_release(held_id(1)), Ok(Some(release)));
    let written = AuditRepository::find(ports, claim.audit.id);
    let expected = undone(claim.audit, &claim.explanation);
    assert_eq!(written, Ok(Some(expected)));
}

pub fn claims_nothing_that_is_not_approved(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    for (number, status) in (1..).zip(HeldStatus::ALL) {
        given_held(ports, number, agent, status);
        if status != HeldStatus::Approved {
            let claim = claim(number, agent, after_noon(1));
            assert_conflict(send(ports, &claim));
            assert_eq!(held_status(ports, number), Some(status));
            assert!(!is_audited(ports, claim.audit.id), "{status:?}");
        }
    }
    // One approval of two is none.
    given_held(ports, 20, agent, HeldStatus::Pending);
    ports.approve(&approval(20, 1, after_noon(0)), 2).unwrap();
    assert_conflict(send(ports, &claim(20, agent, after_noon(1))));
}

/// However soon after the last look at it its agent was stopped.
pub fn claims_nothing_of_an_agent_that_is_not_active(ports: &impl Ports) {
    use AgentStatus::{Active, Quarantined, Revoked};
    for (number, status) in (1..).zip([Revoked, Quarantined]) {
        let agent = given_agent(ports, number).id;
        given_held(ports, number, agent, HeldStatus::Approved);
        let to = |status| AgentChange {
            status: Some(status),
            ..AgentChange::at(after_noon(0))
        };
        ports.update(agent, &to(status)).unwrap();
        let claim = claim(number, agent, after_noon(1));
        assert_conflict(send(ports, &claim));
        assert_eq!(held_status(ports, number), Some(HeldStatus::Approved));
        assert!(!is_audited(ports, claim.audit.id), "{status:?}");
        ports.update(agent, &to(Active)).unwrap();
        assert_eq!(send(ports, &claim), Ok(()));
    }
}

/// Every way on from a first claim.
pub fn claims_once_whatever_has_become_of_it(ports: &impl Ports) {
    use HeldStatus::{Denied, Released, Uncertain};
    let agent = given_agent(ports, 1).id;
    let lease_ends = after_noon(Timestamp::MINUTE);
    let ways: [&[HeldStatus]; 6] = [
        &[],
        &[Released],
        &[Uncertain],
        &[Uncertain, Released],
        &[Uncertain, Denied],
        &[Uncertain],
    ];
    for (number, way) in (1..).zip(ways) {
        given_held(ports, number, agent, HeldStatus::Approved);
        send(ports, &claim(number, agent, after_noon(0))).unwrap();
        if number == 6 {
            // With it the first one, which nobody has finished.
            assert_eq!(ports.expire(lease_ends, 9), Ok(2));
        } else {
            for to in way {
                let moved = ports.advance(&step(number, &HeldStatus::ALL, *to, lease_ends));
                assert_eq!(moved.map(|row| row.status), Ok(*to));
            }
        }
        let again = claim(number, agent, lease_ends);
        assert_conflict(send(ports, &again));
        assert!(!is_audited(ports, again.audit.id));
        let release = ports.find_release(held_id(number)).unwrap().unwrap();
        assert_eq!(release.started_at, after_noon(0), "{way:?}");
    }
}

pub fn claims_nothing_that_has_expired(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Approved);
    let expires_at = after_noon(Timestamp::HOUR);
    let late = claim(1, agent, expires_at);
    assert_conflict(send(ports, &late));
    assert!(!is_audited(ports, late.audit.id));
    assert_eq!(held_status(ports, 1), Some(HeldStatus::Approved));
    assert_eq!(send(ports, &claim(1, agent, expires_at.plus(-1))), Ok(()));
}

pub fn a_claim_whose_audit_row_is_taken_changes_nothing(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Approved);
    let mut taken = claim(1, agent, after_noon(1));
    taken.audit.id = audit_id(1);
    let before = AuditRepository::find(ports, audit_id(1));
    assert_conflict(send(ports, &taken));
    assert_eq!(AuditRepository::find(ports, audit_id(1)), before);
    assert_eq!(held_status(ports, 1), Some(HeldStatus::Approved));
    assert_eq!(ports.find_release(held_id(1)), Ok(None));
    assert_eq!(send(ports, &claim(1, agent, after_noon(1))), Ok(()));
}

pub fn refuses_what_is_no_claim(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Approved);
    let changes: [fn(&mut Claim); 6] = [
        |claim| claim.lease_until = claim.now,
        |claim| claim.explanation = "{".to_owned(),
        |claim| claim.explanation = "\"a\0b\"".to_owned(),
        |claim| claim.audit.path = "a\0b".to_owned(),
        |claim| claim.audit.decision_type = DecisionType::Deny,
        |claim| claim.audit.decision_type = DecisionType::Hitl,
    ];
    for change in changes {
        let mut wrong = claim(1, agent, after_noon(1));
        change(&mut wrong);
        assert_invalid(send(ports, &wrong));
        assert!(!is_audited(ports, wrong.audit.id));
    }
    assert_eq!(held_status(ports, 1), Some(HeldStatus::Approved));
}

pub fn writes_down_what_came_of_it_once(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let cases = [
        (HeldStatus::Released, answer(after_noon(2))),
        (HeldStatus::Released, no_answer(after_noon(2))),
        (HeldStatus::Uncertain, no_answer(after_noon(2))),
    ];
    for (number, (to, written)) in (1..).zip(cases) {
        given_held(ports, number, agent, HeldStatus::Releasing);
        assert_eq!(ports.finish(held_id(number), to, &written), Ok(()));
        assert_eq!(held_status(ports, number), Some(to));
        for again in [HeldStatus::Released, HeldStatus::Uncertain] {
            let other = answer(after_noon(3));
            assert_conflict(ports.finish(held_id(number), again, &other));
        }
        assert_eq!(held_status(ports, number), Some(to));
        assert_eq!(outcome(ports, number), Some(written));
    }
}

/// The lease was over before the answer came.
pub fn writes_down_an_answer_that_came_after_all(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let lease_ends = after_noon(Timestamp::MINUTE);
    for (number, to) in (1..).zip([HeldStatus::Released, HeldStatus::Uncertain]) {
        given_held(ports, number, agent, HeldStatus::Releasing);
        assert_eq!(ports.expire(lease_ends, 9), Ok(1));
        assert_eq!(held_status(ports, number), Some(HeldStatus::Uncertain));
        assert_eq!(outcome(ports, number), None);
        let late = answer(lease_ends.plus(5));
        assert_eq!(ports.finish(held_id(number), to, &late), Ok(()));
        assert_eq!(held_status(ports, number), Some(to));
        assert_eq!(outcome(ports, number), Some(late.clone()));
        assert_conflict(ports.finish(held_id(number), to, &late));
    }
}

pub fn what_an_operator_has_settled_takes_no_answer(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    for (number, to) in (1..).zip([HeldStatus::Released, HeldStatus::Denied]) {
        given_held(ports, number, agent, HeldStatus::Releasing);
        ports.expire(after_noon(Timestamp::MINUTE), 9).unwrap();
        let settled = step(number, &[HeldStatus::Uncertain], to, after_noon(1));
        ports.advance(&settled).unwrap();
        let finished = ports.finish(
            held_id(number),
            HeldStatus::Released,
            &answer(after_noon(2)),
        );
        assert_conflict(finished);
        assert_eq!(held_status(ports, number), Some(to));
        assert_eq!(outcome(ports, number), None);
    }
}

pub fn finishes_nothing_that_was_not_sent(ports: &impl Ports) {
    use HeldStatus::{Approved, Denied, Expired, Pending};
    let agent = given_agent(ports, 1).id;
    for (number, status) in (1..).zip([Pending, Approved, Denied, Expired]) {
        given_held(ports, number, agent, status);
        for to in [HeldStatus::Released, HeldStatus::Uncertain] {
            assert_conflict(ports.finish(held_id(number), to, &answer(after_noon(1))));
        }
        assert_eq!(held_status(ports, number), Some(status));
        assert_eq!(ports.find_release(held_id(number)), Ok(None));
    }
}

pub fn keeps_every_outcome_as_it_is(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let outcomes = [
        ReleaseOutcome {
            status: Some(100),
            sealed: (0..=255).collect::<Vec<u8>>().repeat(4_096),
            ..answer(after_noon(-1))
        },
        ReleaseOutcome {
            status: Some(999),
            failure: Some("'too large'; -- ä🦀\r\n".to_owned()),
            key_id: "\"k\"".to_owned(),
            sealed: Vec::new(),
            ..answer(after_noon(1))
        },
    ];
    for (number, written) in (1..).zip(outcomes) {
        given_held(ports, number, agent, HeldStatus::Releasing);
        let finished = ports.finish(held_id(number), HeldStatus::Released, &written);
        assert_eq!(finished, Ok(()));
        assert_eq!(outcome(ports, number), Some(written));
    }
}

pub fn refuses_what_is_no_outcome(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    given_held(ports, 1, agent, HeldStatus::Releasing);
    for to in HeldStatus::ALL {
        if !matches!(to, HeldStatus::Released | HeldStatus::Uncertain) {
            assert_invalid(ports.finish(held_id(1), to, &answer(after_noon(1))));
        }
    }
    let changes: [fn(&mut ReleaseOutcome); 4] = [
        |outcome| outcome.status = Some(99),
        |outcome| outcome.status = Some(1_000),
        |outcome| outcome.failure = Some("a\0b".to_owned()),
        |outcome| outcome.key_id = "a\0b".to_owned(),
    ];
    for change in changes {
        let mut wrong = answer(after_noon(1));
        change(&mut wrong);
        assert_invalid(ports.finish(held_id(1), HeldStatus::Released, &wrong));
    }
    assert_eq!(held_status(ports, 1), Some(HeldStatus::Releasing));
    assert_eq!(outcome(ports, 1), None);
}
