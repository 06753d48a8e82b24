//! Circuits where many report and claim at once, and what their tables hold out.

use std::collections::BTreeMap;

use vectra_contract::fixtures::{after_noon, agent_id, entry, given_agent, is_recorded, query};
use vectra_domain::repository::{CircuitRepository, Ledger};
use vectra_domain::{
    CircuitRule, CircuitState, Entry, Errand, Fate, Origin, Probe, Query, Recorded, Report,
    Timestamp,
};
use vectra_persistence::Repositories;

use crate::concurrency::{ready, together};
use crate::database::{CALLERS, Engine, RECORD_V1};
use crate::sql::Sql;

const RULE: CircuitRule = CircuitRule {
    threshold: 4,
    window: 60,
    open: 30,
};

fn origin() -> Origin {
    Origin {
        scheme: "https".to_owned(),
        host: "example.com".to_owned(),
        port: 443,
    }
}

fn seconds(seconds: i64) -> Timestamp {
    after_noon(seconds * Timestamp::SECOND)
}

fn report(agent: u128, fate: Fate, errand: Errand, now: Timestamp) -> Report {
    Report {
        origin: origin(),
        agent_id: agent_id(agent),
        fate,
        errand,
        now,
    }
}

fn probe(number: u128, agent: u128, now: Timestamp) -> Entry {
    Entry {
        probe: Some(Probe {
            origin: origin(),
            lease_until: now.plus(20 * Timestamp::SECOND),
            own_until: now.plus(50 * Timestamp::SECOND),
        }),
        ..entry(number, agent_id(agent), now)
    }
}

/// Four failures of each of these agents: open for them and for all until 30.
fn open(repositories: &Repositories<Engine>, agents: impl Iterator<Item = u128>) {
    for agent in agents {
        let failure = report(agent, Fate::Failed, Errand::Ordinary, seconds(0));
        for _ in 0..4 {
            repositories.report(&failure, RULE).unwrap();
        }
    }
}

#[test]
fn one_of_64_claims_the_probe() {
    let (several, repositories) = ready();
    for agent in 0..64 {
        given_agent(&repositories, agent);
    }
    open(&repositories, 0..2);
    // The lease of the first one runs out, then there is another one.
    for (round, at) in [(0, 30), (1, 50)] {
        let outcomes = together(64, &several, |caller, repositories| {
            let number = round * 100 + caller;
            repositories.record(&probe(number, caller, seconds(at)))
        });
        let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
        let count = |wanted: Recorded| outcomes.iter().filter(|o| **o == wanted).count();
        // The first one waits longer than the others.
        let longer = usize::try_from(round).unwrap();
        assert_eq!(
            count(Recorded::CircuitOpen(20)),
            63 - longer,
            "{outcomes:?}"
        );
        assert_eq!(count(Recorded::CircuitOpen(30)), longer, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|o| is_recorded(o)).count(), 1);
        let audited = repositories
            .database()
            .integer("SELECT count(*) FROM AuditTrail");
        assert_eq!(u128::try_from(audited), Ok(round + 1));
    }
    let refused = "SELECT count(*) FROM AgentActivity WHERE Refused > 0";
    assert_eq!(repositories.database().integer(refused), 0);
}

#[test]
fn loses_no_failure_under_concurrency() {
    let (several, repositories) = ready();
    let rule = CircuitRule {
        threshold: 1_000,
        ..RULE
    };
    together(CALLERS, &several, |caller, repositories| {
        let failure = report(caller % 2, Fate::Failed, Errand::Ordinary, seconds(0));
        for _ in 0..8 {
            repositories.report(&failure, rule).unwrap();
        }
    });
    let rows = CircuitRepository::list(&repositories, None, 10).unwrap();
    let failures: Vec<_> = rows.iter().map(|row| u128::from(row.failures)).collect();
    assert_eq!(failures, [CALLERS * 4; 2]);
}

#[test]
fn opens_once_for_all_under_concurrency() {
    let (several, repositories) = ready();
    // The failure of each is needed: whoever comes last must see all the others'.
    let rule = CircuitRule {
        threshold: CALLERS.try_into().unwrap(),
        ..RULE
    };
    together(CALLERS, &several, |caller, repositories| {
        let failure = report(caller, Fate::Failed, Errand::Ordinary, seconds(0));
        repositories.report(&failure, rule).unwrap();
    });
    let changes = repositories.list_changes(None, 10).unwrap();
    let noted: Vec<_> = changes
        .iter()
        .map(|row| (row.agent_id, row.after))
        .collect();
    assert_eq!(noted, [(None, CircuitState::Open)]);
}

/// Nobody waits for somebody who waits for them, and what is noted of each circuit is a
/// chain from closed to where it stands.
#[test]
fn claims_and_reports_of_all_kinds_get_along() {
    let (several, repositories) = ready();
    for agent in 0..4 {
        given_agent(&repositories, agent);
    }
    open(&repositories, 0..4);
    together(16, &several, |caller, repositories| {
        let agent = caller % 4;
        for round in 0..12_u8 {
            let now = seconds(30 + i64::from(round) * 10);
            let number = caller * 100 + u128::from(round);
            let outcome = repositories.record(&probe(number, agent, now)).unwrap();
            let (fate, errand) = match (caller + u128::from(round)) % 4 {
                0 => (Fate::Answered, Errand::Probe),
                1 => (Fate::Failed, Errand::Ordinary),
                2 => (Fate::Answered, Errand::Ordinary),
                _ => (Fate::Failed, Errand::Probe),
            };
            let mine = is_recorded(&outcome);
            let errand = if mine { errand } else { Errand::Ordinary };
            repositories
                .report(&report(agent, fate, errand, now), RULE)
                .unwrap();
        }
    });
    let mut states = BTreeMap::new();
    let mut changes = repositories.list_changes(None, 1_000).unwrap();
    changes.reverse();
    for change in changes {
        let state = states
            .entry(change.agent_id)
            .or_insert(CircuitState::Closed);
        assert_eq!(*state, change.before, "{change:?}");
        assert_ne!(change.before, change.after);
        *state = change.after;
    }
    for row in CircuitRepository::list(&repositories, None, 10).unwrap() {
        let noted = states.remove(&row.agent_id);
        assert_eq!(noted.unwrap_or(CircuitState::Closed), row.state, "{row:?}");
    }
    assert!(states.values().all(|state| *state == CircuitState::Closed));
}

/// A gateway of the version before goes on beside one of this.
#[test]
fn counts_with_a_gateway_of_an_earlier_version() {
    let (_, repositories) = ready();
    let agent = given_agent(&repositories, 1).id;
    repositories.database().run(RECORD_V1);
    let next = Entry {
        rate_limit: Some(2),
        ..entry(2, agent, after_noon(0))
    };
    assert_eq!(repositories.record(&next), Ok(Recorded::Recorded(2)));
}

#[test]
fn refuses_values_that_no_circuit_may_hold() {
    let (_, repositories) = ready();
    open(&repositories, 0..1);
    for statement in [
        "UPDATE UpstreamCircuit SET State = 3",
        "UPDATE UpstreamCircuit SET State = 0",
        "UPDATE UpstreamCircuit SET OpensAt = NULL",
        "UPDATE UpstreamCircuit SET Failures = -1",
        "UPDATE UpstreamCircuit SET Origin = ''",
        "UPDATE UpstreamCircuit SET WindowStart = NULL",
        "UPDATE UpstreamCircuit SET ClaimedBy = AgentId",
        "UPDATE UpstreamCircuit SET State = 2, AgentId = '00000000-0000-0000-0000-000000000000'",
        "UPDATE UpstreamCircuitChange SET Before = 3",
        "UPDATE UpstreamCircuitChange SET After = -1",
    ] {
        let refusal = repositories.database().refusal(statement);
        assert!(refusal.contains("constraint"), "{statement}: {refusal}");
    }
    let query = Query {
        origin: Some(origin()),
        ..query(agent_id(0), seconds(0))
    };
    let circuit = repositories.load(&query).unwrap().circuit.unwrap();
    assert_eq!(circuit.state, CircuitState::Open);
}

/// Whoever changes a row, by whatever statement.
#[test]
fn keeps_a_change_that_was_made_by_hand() {
    let (_, repositories) = ready();
    open(&repositories, 0..1);
    let database = repositories.database();
    database.run("UPDATE UpstreamCircuit SET State = 2");
    database.run("UPDATE UpstreamCircuit SET State = 2, Failures = 0");
    database.run("UPDATE UpstreamCircuit SET State = 0, OpensAt = NULL");
    let changes = repositories.list_changes(None, 10).unwrap();
    let noted: Vec<_> = changes.iter().map(|row| (row.before, row.after)).collect();
    let [closed, open, half_open] = [
        CircuitState::Closed,
        CircuitState::Open,
        CircuitState::HalfOpen,
    ];
    assert_eq!(
        noted,
        [(half_open, closed), (open, half_open), (closed, open)]
    );
}
