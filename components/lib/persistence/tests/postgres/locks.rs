//! What only several connections to PostgreSQL can show.

use std::thread;
use std::time::{Duration, Instant};

use vectra_contract::fixtures::{after_noon, agent_id, entry, given_agent, policy};
use vectra_domain::repository::{CircuitRepository, Ledger, PolicyRepository};
use vectra_domain::{CircuitRule, Errand, Fate, Origin, PolicySource, Recorded, Report};
use vectra_persistence::Repositories;

use crate::concurrency::{ready, together};
use crate::database::Postgres;
use crate::sql::Sql;

/// Until somebody waits for another transaction of this database.
fn until_somebody_waits(watcher: &Repositories<Postgres>) {
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN
      (SELECT pid FROM pg_stat_activity WHERE datname = current_database())";
    let begun = Instant::now();
    while watcher.database().integer(waiting) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(30));
        thread::yield_now();
    }
}

#[test]
fn a_put_while_its_policy_is_retired_makes_the_next_revision() {
    let (several, repositories) = ready();
    repositories.put(&policy("p", "1")).unwrap();
    let other = several.connect();
    other.database().run("BEGIN");
    let retired = other.retire_missing(PolicySource::File, &[], after_noon(0));
    assert_eq!(retired, Ok(vec!["p".to_owned()]));
    thread::scope(|scope| {
        let watcher = several.connect();
        let put = {
            let putting = several.connect();
            scope.spawn(move || putting.put(&policy("p", "2")))
        };
        until_somebody_waits(&watcher);
        other.database().run("COMMIT");
        assert_eq!(put.join().unwrap().map(|put| put.revision), Ok(3));
    });
}

/// Together they open the circuit for all, though neither alone would.
#[test]
fn a_report_waits_for_another_of_its_origin_and_sees_it() {
    let (several, repositories) = ready();
    let rule = CircuitRule {
        threshold: 2,
        window: 60,
        open: 30,
    };
    let failure = |agent, host: &str| Report {
        origin: Origin {
            scheme: "https".to_owned(),
            host: host.to_owned(),
            port: 443,
        },
        agent_id: agent_id(agent),
        fate: Fate::Failed,
        errand: Errand::Ordinary,
        now: after_noon(0),
    };
    let other = several.connect();
    other.database().run("BEGIN");
    other.report(&failure(1, "a"), rule).unwrap();
    // Another origin waits for nobody.
    repositories.report(&failure(2, "b"), rule).unwrap();
    thread::scope(|scope| {
        let watcher = several.connect();
        let reported = {
            let reporting = several.connect();
            scope.spawn(move || reporting.report(&failure(2, "a"), rule))
        };
        until_somebody_waits(&watcher);
        other.database().run("COMMIT");
        assert_eq!(reported.join().unwrap(), Ok(()));
    });
    let changes = repositories.list_changes(None, 10).unwrap();
    let opened: Vec<_> = changes.iter().map(|row| row.agent_id).collect();
    assert_eq!(opened, [None]);
}

/// Sessions next to each other raise different shards of a counter, so one does not wait for
/// the commit of another.
#[test]
fn a_decision_does_not_wait_for_another_agents_to_be_counted() {
    let (several, repositories) = ready();
    for number in 1..=2 {
        given_agent(&repositories, number);
    }
    let shard = |connection: &Repositories<Postgres>| {
        let statement = "SELECT (pg_backend_pid() & 63)::bigint";
        connection.database().integer(statement)
    };
    let own = shard(&repositories);
    let mut connections = (0..10).map(|_| several.connect());
    let other = connections.find(|other| shard(other) != own).unwrap();
    other.database().run("BEGIN");
    let record = |by: &Repositories<Postgres>, number| {
        by.record(&entry(number, agent_id(number), after_noon(0)))
    };
    assert_eq!(record(&other, 1), Ok(Recorded::Recorded(1)));
    // It would fail, not hang.
    repositories.database().run("SET lock_timeout = '5s'");
    assert_eq!(record(&repositories, 2), Ok(Recorded::Recorded(1)));
    let count = || {
        repositories
            .counters()
            .unwrap()
            .first()
            .map(|counter| counter.count)
    };
    assert_eq!(count(), Some(1));
    other.database().run("COMMIT");
    assert_eq!(count(), Some(2));
}

#[test]
fn loses_nothing_of_200_writers() {
    let (several, repositories) = ready();
    for number in 0..200 {
        given_agent(&repositories, number);
    }
    // The server takes fewer connections than that: eight writers on each of 25.
    together(25, &several, |caller, repositories| {
        for writer in 0..8 {
            let number = caller * 8 + writer;
            let entry = entry(number, agent_id(number), after_noon(0));
            assert_eq!(repositories.record(&entry), Ok(Recorded::Recorded(1)));
        }
    });
    for table in ["AuditTrail", "AuditExplanation", "AgentHistory"] {
        let count = format!("SELECT count(*) FROM {table}");
        assert_eq!(repositories.database().integer(&count), 200, "{table}");
    }
}
