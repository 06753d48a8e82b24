//! What became of requests, in `vectra:persistence/audit-trail`.

use vectra_domain::repository::{AuditRange, AuditRepository};
use vectra_domain::{AuditId, AuditOutcome, AuditRecord};

use crate::Ports;
use crate::fixtures::{
    after_noon, agent_id, assert_conflict, assert_invalid, assert_not_found, assert_recorded, at,
    audit, audit_id, entry, given_agent, outcome,
};

fn append(ports: &impl Ports, number: u128) -> AuditId {
    let row = audit(number, agent_id(1), after_noon(0));
    AuditRepository::append(ports, &row, "{}").unwrap();
    row.id
}

fn complete(ports: &impl Ports, id: AuditId, outcome: &AuditOutcome) {
    AuditRepository::complete(ports, id, outcome).unwrap();
}

fn found(ports: &impl Ports, id: AuditId) -> AuditRecord {
    AuditRepository::find(ports, id).unwrap().unwrap()
}

pub fn completes_a_decision_once(ports: &impl Ports) {
    let agent = given_agent(ports, 1).id;
    let decided = entry(1, agent, after_noon(0));
    assert_recorded(ports.record(&decided));
    let id = decided.audit.id;
    let other = append(ports, 2);
    let answered = outcome(200, after_noon(9));
    complete(ports, id, &answered);
    let expected = AuditRecord {
        entry: decided.audit,
        explanation: decided.explanation,
        outcome: Some(answered.clone()),
    };
    assert_eq!(found(ports, id), expected);

    for again in [answered, outcome(500, after_noon(10))] {
        assert_conflict(AuditRepository::complete(ports, id, &again));
    }
    assert_eq!(found(ports, id), expected);
    assert_eq!(found(ports, other).outcome, None);
}

pub fn completes_no_unknown_decision(ports: &impl Ports) {
    let unknown = AuditRepository::complete(ports, audit_id(1), &outcome(200, after_noon(0)));
    assert_not_found(unknown);
    // Nor is its outcome there when it comes.
    let id = append(ports, 1);
    assert_eq!(found(ports, id).outcome, None);
}

pub fn keeps_every_outcome_as_it_is(ports: &impl Ports) {
    let largest = u64::try_from(i64::MAX).unwrap();
    let plain = outcome(204, after_noon(0));
    let outcomes = [
        plain.clone(),
        outcome(100, at("0001-01-01T00:00:00Z")),
        outcome(999, at("9999-12-31T23:59:59.999999Z")),
        AuditOutcome {
            status: None,
            failure: Some("the upstream did not answer".to_owned()),
            ..plain.clone()
        },
        AuditOutcome {
            failure: Some(String::new()),
            response_bytes: 0,
            duration: 0,
            ..plain.clone()
        },
        AuditOutcome {
            response_bytes: largest,
            duration: largest,
            ..plain
        },
    ];
    for (number, outcome) in (1..).zip(outcomes) {
        let id = append(ports, number);
        complete(ports, id, &outcome);
        assert_eq!(found(ports, id).outcome, Some(outcome));
    }
}

pub fn refuses_what_is_no_outcome(ports: &impl Ports) {
    let id = append(ports, 1);
    let plain = outcome(200, after_noon(0));
    for bad in [
        outcome(0, after_noon(0)),
        outcome(99, after_noon(0)),
        outcome(1_000, after_noon(0)),
        AuditOutcome {
            response_bytes: u64::MAX,
            ..plain.clone()
        },
        AuditOutcome {
            duration: 1 << 63,
            ..plain.clone()
        },
        AuditOutcome {
            failure: Some("a\0b".to_owned()),
            ..plain
        },
    ] {
        assert_invalid(AuditRepository::complete(ports, id, &bad));
    }
    assert_eq!(found(ports, id).outcome, None);
}

pub fn changes_no_list(ports: &impl Ports) {
    let id = append(ports, 1);
    let range = AuditRange {
        agent_id: None,
        since: after_noon(0),
        until: after_noon(1),
        after: None,
        limit: 10,
    };
    let before = ports.range(&range);
    complete(ports, id, &outcome(200, after_noon(0)));
    assert_eq!(ports.range(&range), before);
}
