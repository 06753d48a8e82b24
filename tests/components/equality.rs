//! Both engines, and the repositories in memory, give the same answers to the same calls.

use vectra_contract::Ports;
use vectra_contract::fixtures::{
    after_noon, agent, agent_id, answer, approval, at, audit_id, claim, credential, entry,
    held_entry, held_id, history, outcome, policy, query, step,
};
use vectra_domain::repository::{
    AgentHistoryRepository, AgentPage, AgentRepository, AuditPage, AuditRange, AuditRepository,
    CredentialRepository, HeldPage, HeldRequestRepository, HeldStep, IntentCache,
    NotificationRepository, PolicyRepository,
};
use vectra_domain::{
    Agent, AgentChange, AgentId, AgentStatus, AuditTrail, DecisionType, Entry, HeldLimits,
    HeldStatus, Origin, PersistenceError, PolicySource, Query, RiskScore, TextChange, Timestamp,
    TrustRule, TrustScore,
};

use crate::guest::Shared;

/// What a call came to; an error by its case, since texts may differ.
fn said<T: std::fmt::Debug>(result: Result<T, PersistenceError>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => {
            let text = format!("{error:?}");
            text.split('(').next().unwrap_or_default().to_owned()
        }
    }
}

const SCORES: [f64; 7] = [
    0.0,
    1.0,
    5e-324,
    f64::MIN_POSITIVE,
    0.1 + 0.2,
    1.0 - f64::EPSILON / 2.0,
    1.0 / 3.0,
];

const TIMES: [&str; 6] = [
    "0001-01-01T00:00:00.000000Z",
    "1582-10-10T00:00:00.000001Z",
    "1969-12-31T23:59:59.999999Z",
    "2024-02-29T12:00:00+14:00",
    "2026-03-29T02:30:00.123456-00:00",
    "9999-12-31T23:59:59.999999Z",
];

/// Every call about a held request, as far as its number makes it go.
fn held_life(ports: &impl Ports, number: u128, agent: AgentId, note: &mut impl FnMut(String)) {
    let now = after_noon(1);
    for operator in 1..=number % 4 {
        note(said(ports.approve(&approval(number, operator, now), 2)));
    }
    note(said(ports.approve(&approval(number, 1, now), 2)));
    note(said(ports.approvals(held_id(number))));
    if number.is_multiple_of(2) {
        let deny = HeldStep {
            decided_by: Some("reviewer".into()),
            ..step(number, &[HeldStatus::Pending], HeldStatus::Denied, now)
        };
        note(said(ports.advance(&deny)));
        note(said(ports.advance(&deny)));
    }
    let claimed = claim(number, agent, now);
    for _ in 0..2 {
        note(said(HeldRequestRepository::claim(ports, &claimed)));
        note(said(AuditRepository::find(ports, claimed.audit.id)));
    }
    note(said(ports.find_release(held_id(number))));
    if number.is_multiple_of(3) {
        let to = HeldStatus::Released;
        note(said(ports.finish(held_id(number), to, &answer(now))));
        note(said(ports.finish(held_id(number), to, &answer(now))));
        note(said(ports.find_release(held_id(number))));
    }
    note(said(ports.find_sealed(held_id(number))));
}

/// The calls of a small life, with everything at its edges.
fn script(ports: &impl Ports) -> Vec<String> {
    let mut answers = Vec::new();
    let mut note = |answer: String| answers.push(answer);
    note(said(ports.version()));
    note(said(ports.ensure()));
    for (number, (score, time)) in (1_u128..).zip(SCORES.iter().zip(TIMES.iter().cycle())) {
        let made = Agent {
            name: ["b", "B", "ä", "a", "a", "Z", "🦀"][usize::try_from(number).unwrap() - 1].into(),
            trust_score: TrustScore::new(*score).unwrap(),
            created_at: at(time),
            updated_at: (number % 2 == 0).then(|| at(time)),
            owner_id: (number % 3 == 0).then(|| "owner".into()),
            policy_name: Some("p".into()),
            ..agent(number)
        };
        note(said(AgentRepository::insert(ports, &made)));
        note(said(AgentRepository::insert(ports, &made)));
        note(said(AgentRepository::find(ports, made.id)));
        let row = AuditTrail {
            risk_score: RiskScore::new(*score).unwrap(),
            timestamp: at(time),
            reason: (number % 2 == 0).then(String::new),
            ..entry(number, made.id, at(time)).audit
        };
        note(said(AuditRepository::append(
            ports,
            &row,
            "{\"a\": [1e400, \"\\u00e4\"]}",
        )));
        note(said(AuditRepository::find(ports, row.id)));
        let status = u16::try_from(number * 150).unwrap();
        for _ in 0..2 {
            let done = outcome(status, at(time));
            note(said(AuditRepository::complete(ports, row.id, &done)));
        }
        note(said(AuditRepository::find(ports, row.id)));
        let past = history(number, &made, at(time));
        note(said(AgentHistoryRepository::append(ports, &past)));
        note(said(ports.recent(made.id, at(time), 10)));
    }
    lists(ports, &mut note);
    decisions(ports, &mut note);
    policies(ports, &mut note);
    answers
}

fn lists(ports: &impl Ports, note: &mut impl FnMut(String)) {
    for (status, owner) in [
        (None, None),
        (Some(AgentStatus::Deleted), None),
        (None, Some("owner")),
    ] {
        let mut page = AgentPage {
            after: None,
            limit: 2,
            status,
            owner_id: owner.map(str::to_owned),
            policy_name: None,
            name: None,
        };
        for _ in 0..5 {
            let agents = AgentRepository::list(ports, &page);
            if let Some(last) = agents.as_ref().ok().and_then(|agents| agents.last()) {
                page.after = Some((last.name.clone(), last.id));
            }
            note(said(agents));
        }
    }
    let range = AuditRange {
        agent_id: None,
        since: at(TIMES[0]),
        until: at(TIMES[5]),
        after: None,
        limit: 1_000,
    };
    note(said(ports.range(&range)));
    let of_one = AuditRange {
        agent_id: Some(agent_id(1)),
        ..range
    };
    note(said(ports.range(&of_one)));
    let changes = AgentChange {
        name: Some("new".into()),
        owner_id: TextChange::Clear,
        policy_name: TextChange::Set(String::new()),
        status: Some(AgentStatus::Quarantined),
        ..AgentChange::at(at(TIMES[4]))
    };
    note(said(ports.update(agent_id(3), &changes)));
    note(said(ports.update(agent_id(99), &changes)));
    note(said(ports.delete(agent_id(4), at(TIMES[5]))));
    note(said(ports.delete(agent_id(4), at(TIMES[5]))));
}

fn decisions(ports: &impl Ports, note: &mut impl FnMut(String)) {
    let minute = Timestamp::MINUTE;
    for (number, at) in (100..).zip([0, 1, minute - 1, minute, 59 * minute, 60 * minute, -1]) {
        for (agent, target, rate) in [(1, 1.0, 0.1), (5, 0.0, 1.0), (3, 0.5, 0.5), (98, 1.0, 0.1)] {
            let id = number * 10 + agent;
            let decided = Entry {
                rate_limit: Some(2),
                trust: TrustRule { target, rate },
                trust_floor: TrustScore::new(0.01).ok(),
                counter: format!("outcome/{agent}"),
                ..entry(id, agent_id(agent), after_noon(at))
            };
            note(said(ports.record(&decided)));
            note(said(ports.load(&query(agent_id(agent), after_noon(at)))));
        }
    }
    for number in 500..506 {
        let mut held = Entry {
            held_limits: HeldLimits {
                per_agent: 2,
                in_all: 4,
            },
            ..held_entry(number, agent_id(number % 3 + 5), after_noon(0))
        };
        held.audit.decision_type = DecisionType::Hitl;
        note(said(ports.record(&held)));
        note(said(HeldRequestRepository::find(ports, held_id(number))));
        held_life(ports, number, agent_id(number % 3 + 5), note);
    }
    for number in 1..=3 {
        note(said(CredentialRepository::insert(
            ports,
            &credential(number),
        )));
        note(said(CredentialRepository::insert(
            ports,
            &credential(number),
        )));
    }
    note(said(ports.replace(&credential(4))));
    note(said(CredentialRepository::remove(ports, credential(2).id)));
    note(said(CredentialRepository::list(ports, None, 10)));
    let to_origin = Query {
        origin: Some(Origin {
            scheme: "https".into(),
            host: "1.example".into(),
            port: 443,
        }),
        ..query(agent_id(5), after_noon(0))
    };
    note(said(ports.load(&to_origin)));
    note(said(ports.expire(after_noon(Timestamp::MINUTE), 10)));
    note(said(NotificationRepository::claim(ports, after_noon(9), 5)));
    note(said(NotificationRepository::claim(
        ports,
        after_noon(9),
        50,
    )));
    note(said(HeldRequestRepository::prune(
        ports,
        after_noon(Timestamp::DAY),
        2,
    )));
    note(said(ports.count_pending(after_noon(0))));
    note(said(ports.counters()));
    let lift = AgentChange {
        status: Some(AgentStatus::Active),
        trust_at_least: TrustScore::new(0.25).ok(),
        ..AgentChange::at(after_noon(2))
    };
    for number in [1, 5, 98] {
        note(said(ports.update(agent_id(number), &lift)));
    }
    let held = HeldPage {
        status: None,
        agent_id: None,
        after: None,
        limit: 10,
    };
    note(said(HeldRequestRepository::list(ports, &held)));
    let audits = AuditPage {
        agent_id: None,
        after: Some((after_noon(0), audit_id(1_001))),
        limit: 50,
    };
    note(said(AuditRepository::list(ports, &audits)));
}

fn policies(ports: &impl Ports, note: &mut impl FnMut(String)) {
    for (name, content) in [("p", "1"), ("p", "1"), ("p", "2"), ("P", "1"), ("ä", "1")] {
        note(said(PolicyRepository::put(ports, &policy(name, content))));
        note(said(PolicyRepository::find(ports, name, None)));
    }
    note(said(PolicyRepository::list(ports, None, 10)));
    note(said(ports.revisions("p", Some(2), 10)));
    for (key, expires_at) in [("a", 1), ("b", 2), ("a", 3), ("", 1)] {
        let put = IntentCache::put(ports, key, "{ }", after_noon(expires_at));
        note(said(put));
        note(said(IntentCache::find(ports, key, after_noon(1))));
    }
    note(said(IntentCache::prune(ports, after_noon(2), 10)));
    let keep = ["P".to_owned()];
    note(said(ports.retire_missing(
        PolicySource::File,
        &keep,
        after_noon(0),
    )));
    note(said(PolicyRepository::list(ports, Some("P"), 10)));
    note(said(ports.load(&query(agent_id(1), after_noon(0)))));
}

#[test]
fn the_same_calls_get_the_same_answers() {
    let memory = script(&vectra_persistence::memory::Memory::bare());
    assert!(memory.len() > 150, "{}", memory.len());
    for (name, database) in [
        ("sqlite", Shared::sqlite()),
        ("postgres", Shared::postgres()),
    ] {
        let answers = script(&database.repositories());
        for (number, (answer, expected)) in answers.iter().zip(&memory).enumerate() {
            assert_eq!(answer, expected, "{name}, call {number}");
        }
        assert_eq!(answers.len(), memory.len(), "{name}");
    }
}
