//! What a call costs: one statement, and no scan of a table that grows.

use vectra_contract::calls::calls;
use vectra_contract::fixtures::{after_noon, agent_id, audit_id};
use vectra_domain::repository::{
    AuditRange, AuditRepository, HeldRequestRepository, Ledger, PolicyRepository, RefusalsPage,
    Schema,
};
use vectra_persistence::Value;

use crate::database::{Sqlite, ready};
use crate::sql::Sql;

#[test]
fn makes_the_tables_without_transaction_or_pragma() {
    let repositories = crate::database::fresh();
    repositories.database().executed();
    repositories.ensure().unwrap();
    for statement in repositories.database().executed() {
        assert!(
            [
                "CREATE ",
                "SELECT MAX(Version)",
                "INSERT INTO SchemaVersion"
            ]
            .iter()
            .any(|start| statement.starts_with(start)),
            "{statement}"
        );
    }
}

/// The steps of a statement's plan.
fn plan(database: &Sqlite, statement: &str) -> Vec<String> {
    let rows = database.run(&format!("EXPLAIN QUERY PLAN {statement}"));
    rows.into_iter()
        .map(|mut row| match row.pop() {
            Some(Value::Text(step)) => step,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Refuses a plan that reads a whole table or sorts more than ties.
fn assert_bounded(database: &Sqlite, name: &str, statement: &str) {
    // A plan names a table by its alias; the rest are subqueries of one row.
    let small = ["v", "m", "h", "old", "CONSTANT", "json_each"];
    let steps = plan(database, statement);
    for step in &steps {
        let scanned = step
            .strip_prefix("SCAN ")
            .and_then(|rest| rest.split(' ').next());
        assert!(
            scanned.is_none_or(|table| small.contains(&table)),
            "{name}: {steps:#?}"
        );
        assert!(step != "USE TEMP B-TREE FOR ORDER BY", "{name}: {steps:#?}");
    }
}

#[test]
fn scans_no_table_that_grows_with_traffic() {
    let repositories = ready();
    // These are as large as the number of agents or policies.
    let listed_whole = [
        "agents.list",
        "policies.list",
        "policies.retire-missing",
        // As large as the number of counters.
        "ledger.counters",
    ];
    for (name, call) in calls() {
        call(&repositories);
        let executed = repositories.database().executed();
        if !listed_whole.contains(&name) {
            assert_bounded(repositories.database(), name, &executed[0]);
        }
        repositories.database().executed();
    }
}

/// The index that a read of version 5 walks along.
#[test]
fn reads_a_stretch_of_an_agent_and_what_waits_by_their_indexes() {
    let repositories = ready();
    let range = |agent_id| AuditRange {
        agent_id,
        since: after_noon(0),
        until: after_noon(1),
        after: Some((after_noon(0), audit_id(1))),
        limit: 10,
    };
    repositories.range(&range(None)).unwrap();
    repositories.range(&range(Some(agent_id(1)))).unwrap();
    repositories.count_pending(after_noon(0)).unwrap();
    repositories.revisions("p", Some(2), 10).unwrap();
    let executed = repositories.database().executed();
    let indexes = [
        "AuditTrailByTime (",
        "AuditTrailByAgent (AgentId=? AND Timestamp>",
        "COVERING INDEX HeldRequestByExpiry (Status=? AND ExpiresAt>?)",
        "INDEX sqlite_autoindex_Policy_1 (Name=? AND Revision<?)",
    ];
    for (statement, index) in executed.iter().zip(indexes) {
        let steps = plan(repositories.database(), statement);
        assert!(
            steps.iter().any(|step| step.contains(index)),
            "{index}: {steps:#?}"
        );
    }
    assert_eq!(executed.len(), indexes.len());
}

/// What is refused is found without what is not.
#[test]
fn finds_refusals_by_their_own_index() {
    let repositories = ready();
    let key = "PRIMARY KEY";
    for (of, index) in [(None, "AgentActivityRefused"), (Some(agent_id(1)), key)] {
        for after in [None, Some((after_noon(0), agent_id(1)))] {
            let page = RefusalsPage {
                agent_id: of,
                after,
                limit: 10,
            };
            repositories.list_refusals(&page).unwrap();
            let executed = repositories.database().executed();
            let steps = plan(repositories.database(), &executed[0]);
            assert!(
                steps.len() == 1 && steps[0].contains(index),
                "{page:?}: {steps:#?}"
            );
            repositories.database().executed();
        }
    }
}

/// SQLite does not show the plans of triggers, so their statements are planned one by
/// one, with parameters in the place of the new row.
#[test]
fn triggers_scan_no_table_that_grows_with_traffic() {
    let repositories = ready();
    let triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'";
    let mut planned = 0;
    for row in repositories.database().run(triggers) {
        let [Value::Text(name), Value::Text(sql)] = row.as_slice() else {
            panic!("{row:?}")
        };
        let (_, body) = sql.split_once("BEGIN").unwrap();
        for statement in body
            .trim()
            .trim_end_matches("END")
            .trim()
            .split_terminator(';')
        {
            assert_bounded(repositories.database(), name, &without_new(statement));
            planned += 1;
        }
    }
    assert!(planned > 15, "{planned}");
}

/// The statement with a parameter for each `new.X` and `old.X`, and without RAISE.
fn without_new(statement: &str) -> String {
    let mut words = String::new();
    for part in statement.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '.')) {
        let word = part.trim_end_matches(|c: char| !(c.is_alphanumeric() || c == '.'));
        if word.starts_with("new.") || word.starts_with("old.") {
            words.push('?');
            words.push_str(part.strip_prefix(word).unwrap());
        } else {
            words.push_str(part);
        }
    }
    words.replace("RAISE(ABORT,", "max('',")
}
