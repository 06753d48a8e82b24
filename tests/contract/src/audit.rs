//! `vectra:persistence/audit-trail`.

use vectra_domain::repository::{AuditPage, AuditRange, AuditRepository};
use vectra_domain::{AuditTrail, DecisionType, RiskScore, Timestamp};

use crate::Ports;
use crate::fixtures::{
    after_noon, agent_id, assert_conflict, assert_invalid, at, audit, audit_id, undone,
};

fn append(ports: &impl Ports, entry: AuditTrail) -> AuditTrail {
    AuditRepository::append(ports, &entry, "{}").unwrap();
    entry
}

fn list(ports: &impl Ports, page: &AuditPage) -> Vec<AuditTrail> {
    AuditRepository::list(ports, page).unwrap()
}

fn page(limit: u32) -> AuditPage {
    AuditPage {
        agent_id: None,
        after: None,
        limit,
    }
}

pub fn finds_what_was_appended_with_its_explanation(ports: &impl Ports) {
    let decisions = [DecisionType::Allow, DecisionType::Deny, DecisionType::Hitl];
    for (number, decision_type) in (1..).zip(decisions) {
        let entry = AuditTrail {
            decision_type,
            reason: Some("High risk score: 0.87".to_owned()),
            risk_score: RiskScore::new(0.1 + 0.2).unwrap(),
            ..audit(number, agent_id(1), after_noon(1))
        };
        let explanation = format!(r#"{{"number": {number}, "list": [null, 1.5, "ä"]}}"#);
        AuditRepository::append(ports, &entry, &explanation).unwrap();
        assert_eq!(
            AuditRepository::find(ports, entry.id),
            Ok(Some(undone(entry, &explanation)))
        );
    }
}

pub fn finds_nothing_for_an_unknown_id(ports: &impl Ports) {
    append(ports, audit(1, agent_id(1), after_noon(0)));
    assert_eq!(AuditRepository::find(ports, audit_id(2)), Ok(None));
}

pub fn refuses_a_second_row_of_the_same_id(ports: &impl Ports) {
    let first = append(ports, audit(1, agent_id(1), after_noon(0)));
    let second = AuditTrail {
        reason: Some("forged".to_owned()),
        ..first.clone()
    };
    assert_conflict(AuditRepository::append(
        ports,
        &second,
        r#"{"forged":true}"#,
    ));
    assert_eq!(
        AuditRepository::find(ports, first.id),
        Ok(Some(undone(first, "{}")))
    );
}

pub fn takes_a_row_of_an_unknown_agent(ports: &impl Ports) {
    let entry = append(ports, audit(1, agent_id(404), after_noon(0)));
    assert_eq!(list(ports, &page(10)), [entry]);
}

pub fn refuses_an_explanation_that_is_no_json(ports: &impl Ports) {
    for bad in ["", "{", "{} {}", "rule"] {
        assert_invalid(AuditRepository::append(
            ports,
            &audit(1, agent_id(1), after_noon(0)),
            bad,
        ));
    }
    assert_eq!(list(ports, &page(10)), []);
}

pub fn lists_the_newest_first_and_breaks_ties_by_id(ports: &impl Ports) {
    let rows = [(4, 1), (2, 0), (5, 0), (1, 2), (3, 0)];
    for (number, micros) in rows {
        append(ports, audit(number, agent_id(1), after_noon(micros)));
    }
    let ids: Vec<_> = list(ports, &page(10))
        .into_iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(ids, [1, 4, 5, 3, 2].map(audit_id));
}

pub fn pages_without_gap_or_repetition(ports: &impl Ports) {
    for number in 1..=12 {
        let micros = i64::try_from(number / 4).unwrap();
        append(
            ports,
            audit(number, agent_id(number % 2), after_noon(micros)),
        );
    }
    for agent_id in [None, Some(agent_id(1))] {
        let whole = list(
            ports,
            &AuditPage {
                agent_id,
                ..page(1_000)
            },
        );
        assert_eq!(whole.len(), if agent_id.is_some() { 6 } else { 12 });
        for size in [1, 3, 5] {
            let (mut after, mut paged) = (None, Vec::new());
            loop {
                let next = list(
                    ports,
                    &AuditPage {
                        agent_id,
                        after,
                        limit: size,
                    },
                );
                let Some(last) = next.last() else { break };
                after = Some((last.timestamp, last.id));
                paged.extend(next);
            }
            assert_eq!(paged, whole, "pages of {size}");
        }
    }
}

pub fn lists_only_the_rows_of_an_agent(ports: &impl Ports) {
    append(ports, audit(1, agent_id(1), after_noon(0)));
    let of_two = append(ports, audit(2, agent_id(2), after_noon(0)));
    let listed = |agent| {
        list(
            ports,
            &AuditPage {
                agent_id: Some(agent_id(agent)),
                ..page(10)
            },
        )
    };
    assert_eq!(listed(2), [of_two]);
    assert_eq!(listed(3), []);
}

pub fn keeps_times_to_the_microsecond_from_year_1_to_9999(ports: &impl Ports) {
    let times: [Timestamp; 6] = [
        at("9999-12-31T23:59:59.999999Z"),
        at("2026-01-31T12:00:00.000001Z"),
        at("2026-01-31T12:00:00Z"),
        at("1970-01-01T00:00:00Z"),
        at("1969-12-31T23:59:59.999999Z"),
        at("0001-01-01T00:00:00Z"),
    ];
    for (number, time) in (1..).zip(times) {
        append(ports, audit(number, agent_id(1), time));
    }
    let listed: Vec<_> = list(ports, &page(10))
        .into_iter()
        .map(|row| row.timestamp)
        .collect();
    assert_eq!(listed, times);
}

fn stretch(since: i64, until: i64, limit: u32) -> AuditRange {
    AuditRange {
        agent_id: None,
        since: after_noon(since),
        until: after_noon(until),
        after: None,
        limit,
    }
}

pub fn gives_a_stretch_of_time_oldest_first_with_explanations(ports: &impl Ports) {
    for (number, at) in [(4, 3), (1, 1), (3, 2), (2, 2), (5, 0)] {
        let explanation = format!("{{\"n\":{number}}}");
        let row = audit(number, agent_id(number), after_noon(at));
        AuditRepository::append(ports, &row, &explanation).unwrap();
    }
    let rows = ports.range(&stretch(1, 3, 10)).unwrap();
    let found: Vec<_> = rows
        .iter()
        .map(|(row, explanation)| (row.id, explanation.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (audit_id(1), "{\"n\":1}"),
            (audit_id(2), "{\"n\":2}"),
            (audit_id(3), "{\"n\":3}")
        ]
    );
    assert_eq!(ports.range(&stretch(3, 3, 10)), Ok(vec![]));
    assert_eq!(ports.range(&stretch(3, 1, 10)), Ok(vec![]));
    assert_invalid(ports.range(&stretch(1, 3, 0)));
    assert_invalid(ports.range(&stretch(1, 3, 1_001)));
}

pub fn pages_a_stretch_without_gap_or_repetition(ports: &impl Ports) {
    // Three rows of each time, of two agents.
    for number in 0..21 {
        let time = after_noon(i64::try_from(number / 3).unwrap());
        let row = audit(number, agent_id(number % 2), time);
        AuditRepository::append(ports, &row, "{}").unwrap();
    }
    let of_one = (0..18).filter(|number| number % 2 == 1).collect();
    for (agent_id, expected) in [
        (None, (0..18).collect::<Vec<_>>()),
        (Some(agent_id(1)), of_one),
    ] {
        let mut range = AuditRange {
            agent_id,
            ..stretch(0, 6, 4)
        };
        let mut seen = Vec::new();
        loop {
            let rows = ports.range(&range).unwrap();
            let Some((last, _)) = rows.last() else { break };
            range.after = Some((last.timestamp, last.id));
            seen.extend(rows.iter().map(|(row, _)| row.id));
        }
        let expected: Vec<_> = expected.into_iter().map(audit_id).collect();
        assert_eq!(seen, expected);
    }
}
