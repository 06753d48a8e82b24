//! The tables as stock tools see them, and what they hold out.

use vectra_contract::fixtures::{
    after_noon, agent_id, entry, given_agent, history, history_id, query,
};
use vectra_domain::PersistenceError;
use vectra_domain::repository::{AgentHistoryRepository, Ledger, Schema};
use vectra_persistence::{SCHEMA_VERSION, Value};

use crate::database::{fresh, fresh_with_foreign_keys, ready};
use crate::sql::Sql;

/// `name type not-null key` of each column.
fn columns(table: &str) -> Vec<String> {
    let info = format!("SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}')");
    let rows = ready().database().run(&info);
    rows.into_iter()
        .map(|row| {
            let words = row.into_iter().map(|value| match value {
                Value::Text(text) => text,
                Value::Integer(integer) => integer.to_string(),
                other => panic!("{other:?}"),
            });
            words.collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[test]
fn has_exactly_the_columns_of_the_seed() {
    let seed: [(&str, &[&str]); 3] = [
        (
            "Agent",
            &[
                "Id TEXT 1 1",
                "Name TEXT 1 0",
                "OwnerId TEXT 0 0",
                "Status INTEGER 1 0",
                "PolicyName TEXT 0 0",
                "ClientSecretHash TEXT 1 0",
                "TrustScore REAL 1 0",
                "CreatedAt TEXT 1 0",
                "UpdatedAt TEXT 0 0",
            ],
        ),
        (
            "AgentHistory",
            &[
                "Id TEXT 1 1",
                "AgentId TEXT 1 0",
                "Method TEXT 1 0",
                "Path TEXT 1 0",
                "Timestamp TEXT 1 0",
                "DecisionType INTEGER 1 0",
            ],
        ),
        (
            "AuditTrail",
            &[
                "Id TEXT 1 1",
                "AgentId TEXT 1 0",
                "DecisionType INTEGER 1 0",
                "Reason TEXT 0 0",
                "Method TEXT 1 0",
                "Path TEXT 1 0",
                "TargetUrl TEXT 1 0",
                "RiskScore REAL 1 0",
                "Timestamp TEXT 1 0",
            ],
        ),
    ];
    for (table, expected) in seed {
        assert_eq!(columns(table), expected, "{table}");
    }
}

#[test]
fn stores_ids_times_and_enums_as_the_design_says() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    repositories
        .record(&entry(1, agent, after_noon(7)))
        .unwrap();
    let row = repositories.database().run(
        "SELECT Id, Timestamp, DecisionType, typeof(RiskScore), typeof(DecisionType) FROM AuditTrail",
    );
    let expected = vec![
        Value::Text("018fabcd-7c1b-7a3d-9e5f-000200000001".to_owned()),
        Value::Text("2026-01-31T12:00:00.000007Z".to_owned()),
        Value::Integer(0),
        Value::Text("real".to_owned()),
        Value::Text("integer".to_owned()),
    ];
    assert_eq!(row, [expected]);
}

#[test]
fn refuses_values_that_no_row_may_hold() {
    let repositories = ready();
    given_agent(&repositories, 1);
    AgentHistoryRepository::append(
        &repositories,
        &history(1, &vectra_contract::fixtures::agent(1), after_noon(0)),
    )
    .unwrap();
    let statements = [
        "UPDATE Agent SET Status = 4",
        "UPDATE Agent SET Status = 1.5",
        "UPDATE Agent SET Status = 'Active'",
        "UPDATE Agent SET TrustScore = 1.1",
        "UPDATE Agent SET TrustScore = -0.1",
        "UPDATE Agent SET TrustScore = 9e999",
        "UPDATE Agent SET TrustScore = 'high'",
        "UPDATE Agent SET TrustScore = 9e999 - 9e999",
        "UPDATE Agent SET Name = ''",
        "UPDATE Agent SET Id = upper(Id)",
        "UPDATE Agent SET Id = replace(Id, '-', '')",
        "UPDATE Agent SET CreatedAt = '2026-01-31 12:00:00'",
        "UPDATE Agent SET UpdatedAt = ''",
        "UPDATE AgentHistory SET DecisionType = 3",
        "UPDATE AgentHistory SET Timestamp = 0",
        "INSERT INTO SchemaVersion VALUES (0)",
        "INSERT INTO AuditOutcome SELECT Id, 99, 0, 0, NULL, CreatedAt FROM Agent",
        "INSERT INTO AuditOutcome SELECT Id, 200, -1, 0, NULL, CreatedAt FROM Agent",
        "INSERT INTO AuditOutcome SELECT Id, 200, 0, -1, NULL, CreatedAt FROM Agent",
        "INSERT INTO AuditOutcome SELECT Id, 200, 0, 0, NULL, '' FROM Agent",
        "INSERT INTO DecisionCounter VALUES ('', 0, 1)",
        "INSERT INTO DecisionCounter VALUES ('A', 0, 1)",
        "INSERT INTO DecisionCounter VALUES ('a', 64, 1)",
        "INSERT INTO DecisionCounter VALUES ('a', 0, 0)",
        "INSERT INTO IntentCache SELECT 1, '', '{}', CreatedAt FROM Agent",
        "INSERT INTO IntentCache SELECT 1, hex(zeroblob(65)), '{}', CreatedAt FROM Agent",
        "INSERT INTO IntentCache SELECT 1, 'k', hex(zeroblob(8193)), CreatedAt FROM Agent",
        "INSERT INTO IntentCache VALUES (1, 'k', '{}', '')",
        "INSERT INTO IntentCache SELECT 16384, 'k', '{}', CreatedAt FROM Agent",
    ];
    for statement in statements {
        let refusal = repositories.database().refusal(statement);
        assert!(
            refusal.contains("constraint failed"),
            "{statement}: {refusal}"
        );
    }
}

#[test]
fn removes_history_and_activity_with_their_agent() {
    for fresh in [fresh, fresh_with_foreign_keys] {
        let repositories = fresh();
        repositories.ensure().unwrap();
        let (one, two) = (given_agent(&repositories, 1), given_agent(&repositories, 2));
        for (number, agent) in [(1, one.id), (2, two.id)] {
            repositories
                .record(&entry(number, agent, after_noon(0)))
                .unwrap();
        }
        let database = repositories.database();
        database.run(&format!("DELETE FROM Agent WHERE Id = '{}'", one.id));
        for (table, rows) in [("AgentHistory", 1), ("AgentActivity", 2), ("AuditTrail", 2)] {
            assert_eq!(
                database.integer(&format!("SELECT COUNT(*) FROM {table}")),
                rows,
                "{table}"
            );
        }
        let left = repositories.recent(two.id, after_noon(0), 10).unwrap();
        assert_eq!(
            left.iter().map(|row| row.id).collect::<Vec<_>>(),
            [history_id(2)]
        );
    }
}

#[test]
fn keeps_the_count_of_refusals() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    for number in 1..=7 {
        let mut limited = entry(number, agent, after_noon(0));
        limited.rate_limit = Some(3);
        repositories.record(&limited).unwrap();
    }
    let counters = repositories
        .database()
        .run("SELECT Span, Start, Requests, Refused FROM AgentActivity ORDER BY Span");
    let start = || Value::Text("2026-01-31T12:00:00.000000Z".to_owned());
    let expected = [
        vec![
            Value::Integer(60),
            start(),
            Value::Integer(3),
            Value::Integer(4),
        ],
        vec![
            Value::Integer(3600),
            start(),
            Value::Integer(3),
            Value::Integer(0),
        ],
    ];
    assert_eq!(counters, expected);
}

#[test]
fn refuses_tables_of_a_newer_version_and_leaves_them_alone() {
    let repositories = ready();
    let newer = SCHEMA_VERSION + 1;
    let database = repositories.database();
    database.run(&format!("INSERT INTO SchemaVersion VALUES ({newer})"));
    database.run("DROP TRIGGER AuditTrailUpdateV1");
    let too_new = || PersistenceError::SchemaTooNew(newer);
    assert_eq!(repositories.version(), Err(too_new()));
    assert_eq!(repositories.ensure(), Err(too_new()));
    assert_eq!(
        repositories.load(&query(agent_id(1), after_noon(0))),
        Err(too_new())
    );
    let triggers = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'AuditTrailUpdateV1'";
    assert_eq!(database.integer(triggers), 0);
}

/// A gateway that was stopped in the middle left some of the statements done.
#[test]
fn goes_on_with_an_upgrade_that_was_interrupted_anywhere() {
    let whole = fresh();
    whole.ensure().unwrap();
    let statements = whole.database().executed();
    for done in 0..statements.len() {
        let repositories = fresh();
        for statement in statements.iter().take(done) {
            if statement.starts_with("CREATE") {
                repositories.database().run(statement);
            }
        }
        assert_eq!(repositories.ensure(), Ok(SCHEMA_VERSION), "{done}");
        given_agent(&repositories, 1);
    }
}
