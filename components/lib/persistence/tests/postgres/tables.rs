//! The tables as stock tools see them, their versions, and what they hold out.

use vectra_contract::fixtures::{after_noon, agent_id, entry, given_agent, query, trust};
use vectra_domain::repository::{AgentRepository, Ledger, Schema};
use vectra_domain::{Entry, PersistenceError, TrustRule, TrustScore};
use vectra_persistence::{SCHEMA_VERSION, Value};

use crate::database::{fresh, ready};
use crate::sql::Sql;

fn text(statement: &str) -> Vec<String> {
    let rows = ready().database().run(statement);
    rows.into_iter()
        .map(|mut row| match row.pop() {
            Some(Value::Text(text)) => text,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn has_exactly_the_columns_of_the_seed() {
    let seed: [(&str, &[&str]); 3] = [
        (
            "agent",
            &[
                "id uuid NO",
                "name text NO",
                "ownerid text YES",
                "status integer NO",
                "policyname text YES",
                "clientsecrethash text NO",
                "trustscore double precision NO",
                "createdat timestamp with time zone NO",
                "updatedat timestamp with time zone YES",
            ],
        ),
        (
            "agenthistory",
            &[
                "id uuid NO",
                "agentid uuid NO",
                "method text NO",
                "path text NO",
                "timestamp timestamp with time zone NO",
                "decisiontype integer NO",
            ],
        ),
        (
            "audittrail",
            &[
                "id uuid NO",
                "agentid uuid NO",
                "decisiontype integer NO",
                "reason text YES",
                "method text NO",
                "path text NO",
                "targeturl text NO",
                "riskscore double precision NO",
                "timestamp timestamp with time zone NO",
            ],
        ),
    ];
    for (table, expected) in seed {
        let columns = text(&format!(
            "SELECT column_name || ' ' || data_type || ' ' || is_nullable
             FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
        ));
        assert_eq!(columns, expected, "{table}");
    }
}

#[test]
fn refuses_values_that_no_row_may_hold() {
    let repositories = ready();
    given_agent(&repositories, 1);
    for statement in [
        "UPDATE Agent SET Status = 4",
        "UPDATE Agent SET TrustScore = 1.1",
        "UPDATE Agent SET TrustScore = -0.1",
        "UPDATE Agent SET TrustScore = 'NaN'",
        "UPDATE Agent SET TrustScore = 'Infinity'",
        "UPDATE Agent SET Name = ''",
        "UPDATE Agent SET Name = repeat('x', 129)",
        "INSERT INTO AgentHistory SELECT gen_random_uuid(), gen_random_uuid(), '', '', now(), 0",
        "INSERT INTO AgentHistory SELECT gen_random_uuid(), Id, '', '', now(), 3 FROM Agent",
        "INSERT INTO AuditOutcome SELECT Id, 99, 0, 0, NULL, now() FROM Agent",
        "INSERT INTO AuditOutcome SELECT Id, 200, -1, 0, NULL, now() FROM Agent",
        "INSERT INTO AuditOutcome SELECT Id, 200, 0, -1, NULL, now() FROM Agent",
        "INSERT INTO DecisionCounter VALUES ('', 0, 1)",
        "INSERT INTO DecisionCounter VALUES (E'a\n', 0, 1)",
        "INSERT INTO DecisionCounter VALUES ('A', 0, 1)",
        "INSERT INTO DecisionCounter VALUES ('a', 64, 1)",
        "INSERT INTO DecisionCounter VALUES ('a', 0, 0)",
        "INSERT INTO IntentCache VALUES (1, '', '{}', now())",
        "INSERT INTO IntentCache VALUES (1, repeat('x', 129), '{}', now())",
        "INSERT INTO IntentCache VALUES (1, 'k', repeat('x', 16385), now())",
        "INSERT INTO IntentCache VALUES (16384, 'k', '{}', now())",
        "INSERT INTO Policy VALUES ('', 1, '', '', 0, NULL, 0, NULL, '', now())",
    ] {
        let refusal = repositories.database().refusal(statement);
        assert!(refusal.contains("SqlState(E23"), "{statement}: {refusal}");
    }
}

#[test]
fn a_session_in_another_zone_reads_and_writes_the_same_times() {
    let repositories = ready();
    repositories.database().run("SET TIME ZONE 'Asia/Kolkata'");
    repositories.database().run("SET datestyle = 'German'");
    let agent = given_agent(&repositories, 1);
    assert_eq!(
        AgentRepository::find(&repositories, agent.id),
        Ok(Some(agent.clone()))
    );
    repositories
        .record(&entry(1, agent.id, after_noon(1)))
        .unwrap();
    let start = "SELECT count(*) FROM AgentActivity WHERE Start = '2026-01-31T12:00:00Z'";
    assert_eq!(repositories.database().integer(start), 2);
}

#[test]
fn a_step_of_trust_too_small_for_a_double_is_none() {
    let repositories = ready();
    let agent = vectra_contract::fixtures::insert(
        &repositories,
        vectra_domain::Agent {
            trust_score: TrustScore::new(5e-324).unwrap(),
            ..vectra_contract::fixtures::agent(1)
        },
    );
    for (number, rate) in [(1, 0.1), (2, 5e-324), (3, 1.0)] {
        let rule = TrustRule { target: 0.0, rate };
        let entry = Entry {
            trust: rule,
            ..entry(number, agent.id, after_noon(0))
        };
        repositories.record(&entry).unwrap();
        assert!(trust(&repositories, agent.id) <= 5e-324, "{rate}");
    }
}

#[test]
fn a_newer_schema_is_refused_by_its_version() {
    let repositories = ready();
    let newer = SCHEMA_VERSION + 1;
    let statement = format!("INSERT INTO SchemaVersion VALUES ({newer})");
    repositories.database().run(&statement);
    let refused = PersistenceError::SchemaTooNew(newer);
    assert_eq!(repositories.version(), Err(refused.clone()));
    assert_eq!(repositories.ensure(), Err(refused.clone()));
    let query = query(agent_id(1), after_noon(0));
    assert_eq!(repositories.load(&query).map(drop), Err(refused));
}

#[test]
fn tables_are_made_in_the_isolation_that_they_count_on_or_not_at_all() {
    let repositories = fresh();
    let database = repositories.database();
    database.run("SET default_transaction_isolation = 'repeatable read'");
    let error = repositories.ensure().unwrap_err().to_string();
    assert!(error.contains("read committed"), "{error}");
    database.run("SET default_transaction_isolation = 'read committed'");
    assert_eq!(repositories.ensure(), Ok(SCHEMA_VERSION));
}

/// A decision is on the disk when it is answered, though the server may not care.
#[test]
fn records_a_decision_durably_where_commits_are_not_waited_for() {
    let repositories = ready();
    let database = repositories.database();
    let agent = given_agent(&repositories, 1).id;
    database.run("SET synchronous_commit = off");
    database.run("BEGIN");
    repositories
        .record(&entry(1, agent, after_noon(0)))
        .unwrap();
    let setting = database.run("SHOW synchronous_commit");
    database.run("COMMIT");
    assert_eq!(setting, [[Value::Text("on".to_owned())]]);
    // Only for that decision.
    let after = database.run("SHOW synchronous_commit");
    assert_eq!(after, [[Value::Text("off".to_owned())]]);
}

#[test]
fn a_version_is_made_whole_or_not_at_all() {
    let repositories = fresh();
    // In the way of what version 1 makes last.
    repositories
        .database()
        .run("CREATE PROCEDURE VectraPolicyPutV1() LANGUAGE sql AS 'SELECT 1'");
    repositories.database().run(
        "CREATE FUNCTION VectraTimeV1(pTime timestamptz) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    );
    assert!(repositories.ensure().is_err());
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
    assert_eq!(repositories.database().integer(tables), 0);
}
