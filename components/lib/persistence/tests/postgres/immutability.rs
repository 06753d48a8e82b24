//! The audit is immutable in the database itself, whoever writes to it.

use vectra_contract::fixtures::{
    after_noon, agent_id, assert_conflict, audit, audit_id, entry, given_agent, given_held, outcome,
};
use vectra_domain::repository::{AuditRepository, Ledger};
use vectra_domain::{Entry, HeldStatus};

use crate::database::ready;
use crate::sql::Sql;

#[test]
fn refuses_every_way_to_change_or_remove_a_row() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    repositories
        .record(&entry(1, agent, after_noon(0)))
        .unwrap();
    let id = audit_id(1);
    AuditRepository::complete(&repositories, id, &outcome(200, after_noon(1))).unwrap();
    let kept = AuditRepository::find(&repositories, id).unwrap();

    let statements = [
        "UPDATE AuditTrail SET Reason = 'forged'".to_owned(),
        "UPDATE ONLY AuditTrail SET Id = Id".to_owned(),
        "DELETE FROM AuditTrail".to_owned(),
        format!("DELETE FROM AuditTrail WHERE Id = '{id}'"),
        "TRUNCATE AuditTrail".to_owned(),
        "TRUNCATE Agent, AgentHistory, AgentActivity, AuditTrail CASCADE".to_owned(),
        "INSERT INTO AuditTrail SELECT * FROM AuditTrail".to_owned(),
        "INSERT INTO AuditTrail SELECT * FROM AuditTrail
           ON CONFLICT (Id) DO UPDATE SET Reason = 'forged'"
            .to_owned(),
        "MERGE INTO AuditTrail t USING AuditTrail s ON t.Id = s.Id
           WHEN MATCHED THEN UPDATE SET Reason = 'forged'"
            .to_owned(),
        "MERGE INTO AuditTrail t USING AuditTrail s ON t.Id = s.Id WHEN MATCHED THEN DELETE"
            .to_owned(),
        "WITH gone AS (DELETE FROM AuditTrail RETURNING Id) SELECT count(*) FROM gone".to_owned(),
        "UPDATE AuditExplanation SET Document = '{}'".to_owned(),
        "DELETE FROM AuditExplanation".to_owned(),
        "TRUNCATE AuditExplanation".to_owned(),
        "UPDATE AuditOutcome SET Status = 204".to_owned(),
        "DELETE FROM AuditOutcome WHERE false".to_owned(),
        "TRUNCATE AuditOutcome".to_owned(),
        "INSERT INTO AuditOutcome SELECT * FROM AuditOutcome
           ON CONFLICT (AuditId) DO UPDATE SET Status = 204"
            .to_owned(),
        "MERGE INTO AuditOutcome t USING AuditOutcome s ON t.AuditId = s.AuditId
           WHEN MATCHED THEN DELETE"
            .to_owned(),
        format!(
            "INSERT INTO AuditExplanation VALUES ('{id}', '[]')
               ON CONFLICT (AuditId) DO UPDATE SET Document = '[]'"
        ),
    ];
    for statement in statements {
        let refusal = repositories.database().refusal(&statement);
        assert!(
            ["vectra immutable", "duplicate key"]
                .iter()
                .any(|words| refusal.contains(words)),
            "{statement}: {refusal}"
        );
    }
    assert_eq!(AuditRepository::find(&repositories, id).unwrap(), kept);
    let count = "SELECT count(*) FROM AuditTrail";
    assert_eq!(repositories.database().integer(count), 1);
}

/// A replica applies what it gets without asking ordinary triggers.
#[test]
fn refuses_also_a_session_that_calls_itself_a_replica() {
    let repositories = ready();
    let row = audit(1, agent_id(1), after_noon(0));
    AuditRepository::append(&repositories, &row, "{}").unwrap();
    let database = repositories.database();
    database.run("SET session_replication_role = replica");
    for statement in [
        "DELETE FROM AuditTrail",
        "TRUNCATE AuditExplanation",
        "UPDATE AuditOutcome SET Status = 204",
    ] {
        assert!(
            database.refusal(statement).contains("vectra immutable"),
            "{statement}"
        );
    }
}

/// Nor may such a session go around the states of held requests, and what is written once is
/// not emptied by anybody.
#[test]
fn refuses_a_replica_to_change_what_was_held() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    given_held(&repositories, 1, agent, HeldStatus::Pending);
    given_held(&repositories, 2, agent, HeldStatus::Uncertain);
    let database = repositories.database();
    let statements = [
        "TRUNCATE HeldRequest",
        "TRUNCATE HeldApproval",
        "TRUNCATE HeldRelease",
        "TRUNCATE HeldResponse",
        "TRUNCATE HeldRequest, HeldRelease CASCADE",
        "UPDATE HeldRequest SET Status = 1 WHERE Status = 0",
        "UPDATE HeldRequest SET Status = 1 WHERE Status = 6",
        "UPDATE HeldRequest SET Digest = 'forged'",
        "DELETE FROM HeldRequest",
        "DELETE FROM HeldApproval",
        "DELETE FROM HeldRelease",
        "DELETE FROM HeldResponse",
        "UPDATE HeldRelease SET LeaseUntil = LeaseUntil WHERE false",
        "MERGE INTO HeldRelease t USING HeldRelease s ON t.HeldId = s.HeldId
           WHEN MATCHED THEN DELETE",
        "WITH gone AS (DELETE FROM HeldResponse RETURNING 1::bigint) SELECT count(*) FROM gone",
        "INSERT INTO HeldRelease SELECT Id, AuditId, CreatedAt, ExpiresAt FROM HeldRequest
           WHERE Status = 0",
    ];
    for role in ["origin", "replica"] {
        database.run(&format!("SET session_replication_role = {role}"));
        for statement in statements {
            let refusal = database.refusal(statement);
            assert!(
                ["vectra immutable", "vectra conflict"]
                    .iter()
                    .any(|words| refusal.contains(words)),
                "{role}: {statement}: {refusal}"
            );
        }
    }
    let rows = |table: &str| database.integer(&format!("SELECT count(*) FROM {table}"));
    assert_eq!(rows("HeldRequest"), 2);
    assert_eq!(
        rows("HeldApproval") + rows("HeldRelease") + rows("HeldResponse"),
        3
    );
}

#[test]
fn keeps_the_rows_of_an_agent_that_is_gone() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    repositories
        .record(&entry(1, agent, after_noon(0)))
        .unwrap();
    repositories.database().run("DELETE FROM Agent");
    let integer = |statement| repositories.database().integer(statement);
    assert_eq!(integer("SELECT count(*) FROM AgentHistory"), 0);
    assert_eq!(integer("SELECT count(*) FROM AgentActivity"), 0);
    assert_eq!(integer("SELECT count(*) FROM AuditTrail"), 1);
}

/// A row that somebody else put there must not pass for the record of a request that a
/// limit refuses.
#[test]
fn takes_no_foreign_row_for_its_own_record() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    let row = audit(1, agent, after_noon(0));
    AuditRepository::append(&repositories, &row, "{}").unwrap();
    let limited = Entry {
        rate_limit: Some(0),
        ..entry(1, agent, after_noon(0))
    };
    assert_conflict(repositories.record(&limited));
    let activity = "SELECT count(*) FROM AgentActivity";
    assert_eq!(repositories.database().integer(activity), 0);
}
