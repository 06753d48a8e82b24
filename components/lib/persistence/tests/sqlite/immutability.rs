//! The audit is immutable in the database itself, whoever writes to it.

use vectra_contract::fixtures::{
    after_noon, agent_id, assert_conflict, audit, audit_id, entry, given_agent, given_held,
    held_id, held_status, outcome,
};
use vectra_domain::repository::{AuditRepository, Ledger};
use vectra_domain::{Entry, HeldStatus};

use crate::database::ready;
use crate::sql::Sql;

const FORGED: &str = "SELECT '018fabcd-7c1b-7a3d-9e5f-000000000bad', AgentId, 0, 'forged', Method, \
                      Path, TargetUrl, 0.0, Timestamp FROM AuditTrail";
const COLUMNS: &str =
    "Id, AgentId, DecisionType, Reason, Method, Path, TargetUrl, RiskScore, Timestamp";
const OUTCOME: &str = "AuditId, Status, ResponseBytes, Duration, Failure, CompletedAt";
const FORGED_OUTCOME: &str = "'018fabcd-7c1b-7a3d-9e5f-000000000bad', Status, 0, 0, NULL, \
                              CompletedAt FROM AuditOutcome";

#[test]
fn refuses_every_way_to_change_or_remove_a_row() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    repositories
        .record(&entry(1, agent, after_noon(0)))
        .unwrap();
    AuditRepository::complete(&repositories, audit_id(1), &outcome(200, after_noon(1))).unwrap();
    let kept = AuditRepository::find(&repositories, audit_id(1)).unwrap();
    let id = audit_id(1);

    let statements = [
        "UPDATE AuditTrail SET Reason = 'forged'".to_owned(),
        "UPDATE OR IGNORE AuditTrail SET Reason = 'forged'".to_owned(),
        "UPDATE AuditTrail SET Id = Id".to_owned(),
        "DELETE FROM AuditTrail".to_owned(),
        format!("DELETE FROM AuditTrail WHERE Id = '{id}'"),
        "INSERT OR REPLACE INTO AuditTrail SELECT * FROM AuditTrail".to_owned(),
        "REPLACE INTO AuditTrail SELECT * FROM AuditTrail".to_owned(),
        format!("INSERT OR REPLACE INTO AuditTrail (rowid, {COLUMNS}) SELECT 1, * FROM ({FORGED})"),
        format!(
            "INSERT OR REPLACE INTO AuditTrail (rowid, {COLUMNS}) SELECT -1, * FROM ({FORGED})"
        ),
        "INSERT INTO AuditTrail SELECT * FROM AuditTrail WHERE true
           ON CONFLICT (Id) DO UPDATE SET Reason = 'forged'"
            .to_owned(),
        "UPDATE AuditExplanation SET Document = '{}'".to_owned(),
        "DELETE FROM AuditExplanation".to_owned(),
        format!("INSERT OR REPLACE INTO AuditExplanation VALUES ('{id}', '[]')"),
        "INSERT OR REPLACE INTO AuditExplanation (rowid, AuditId, Document)
           VALUES (1, '018fabcd-7c1b-7a3d-9e5f-000000000bad', '[]')"
            .to_owned(),
        "UPDATE AuditOutcome SET Status = 204".to_owned(),
        "UPDATE OR REPLACE AuditOutcome SET AuditId = AuditId".to_owned(),
        "DELETE FROM AuditOutcome".to_owned(),
        "REPLACE INTO AuditOutcome SELECT * FROM AuditOutcome".to_owned(),
        format!(
            "INSERT OR REPLACE INTO AuditOutcome (rowid, {OUTCOME}) SELECT 1, {FORGED_OUTCOME}"
        ),
        format!(
            "INSERT OR REPLACE INTO AuditOutcome (rowid, {OUTCOME}) SELECT -1, {FORGED_OUTCOME}"
        ),
        "INSERT INTO AuditOutcome SELECT * FROM AuditOutcome WHERE true
           ON CONFLICT (AuditId) DO UPDATE SET Status = 204"
            .to_owned(),
    ];
    for statement in statements {
        let refusal = repositories.database().refusal(&statement);
        assert!(
            ["vectra immutable", "vectra conflict", "CHECK constraint"]
                .iter()
                .any(|words| refusal.contains(words)),
            "{statement}: {refusal}"
        );
    }
    assert_eq!(AuditRepository::find(&repositories, id).unwrap(), kept);
    assert_eq!(
        repositories
            .database()
            .integer("SELECT COUNT(*) FROM AuditTrail"),
        1
    );
}

/// INSERT OR REPLACE, by the key or by an explicit rowid, deletes without asking the triggers
/// of deletion; so does UPDATE OR REPLACE of a rowid.
#[test]
fn refuses_to_replace_what_was_held_and_what_belongs_to_it() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    given_held(&repositories, 1, agent, HeldStatus::Released);
    given_held(&repositories, 2, agent, HeldStatus::Pending);
    let database = repositories.database();
    let all = |table: &str| database.run(&format!("SELECT rowid, * FROM {table} ORDER BY 1"));
    let other = "'018fabcd-7c1b-7a3d-9e5f-000000000bad'";
    let tables = [
        (
            "HeldRequest",
            "Id, AgentId, AuditId, Status, Method, TargetUrl, Digest, KeyId, Sealed, CreatedAt, ExpiresAt",
            format!("{other}, AgentId, AuditId, 0, '', '', '', '', x'', CreatedAt, ExpiresAt"),
        ),
        (
            "HeldApproval",
            "HeldId, OperatorId, OperatorName, ApprovedAt, Seal, Needed",
            format!("'{}', {other}, 'n', ApprovedAt, '', 1", held_id(2)),
        ),
        (
            "HeldRelease",
            "HeldId, AuditId, StartedAt, LeaseUntil",
            format!("{other}, AuditId, StartedAt, LeaseUntil"),
        ),
        (
            "HeldResponse",
            "HeldId, FinishedAt, KeyId, Sealed",
            format!("{other}, FinishedAt, '', x''"),
        ),
    ];
    for (table, columns, values) in tables {
        let before = all(table);
        let forged = |rowid: i64| {
            format!(
                "INSERT OR REPLACE INTO {table} (rowid, {columns})
                 SELECT {rowid}, {values} FROM {table} LIMIT 1"
            )
        };
        for statement in [
            format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"),
            format!("REPLACE INTO {table} SELECT * FROM {table}"),
            format!("UPDATE OR REPLACE {table} SET rowid = 2 WHERE rowid = 1"),
            format!("UPDATE OR REPLACE {table} SET rowid = 9"),
            forged(1),
            forged(-1),
        ] {
            let refusal = database.refusal(&statement);
            assert!(
                ["vectra immutable", "vectra conflict", "CHECK constraint"]
                    .iter()
                    .any(|words| refusal.contains(words)),
                "{statement}: {refusal}"
            );
        }
        assert_eq!(all(table), before, "{table}");
    }
    assert_eq!(held_status(&repositories, 2), Some(HeldStatus::Pending));
}

#[test]
fn still_appends_after_a_refusal() {
    let repositories = ready();
    let first = audit(1, agent_id(1), after_noon(0));
    AuditRepository::append(&repositories, &first, "{}").unwrap();
    repositories.database().refusal("DELETE FROM AuditTrail");
    let second = audit(2, agent_id(1), after_noon(0));
    assert_eq!(
        AuditRepository::append(&repositories, &second, "{}"),
        Ok(())
    );
}

/// A row that somebody else put there must not pass for the record of a request that a
/// limit refuses.
#[test]
fn takes_no_foreign_row_for_its_own_record() {
    let repositories = ready();
    let agent = given_agent(&repositories, 1).id;
    let statement = format!(
        "INSERT INTO AuditTrail VALUES ('{}', '{agent}', 0, NULL, 'GET', '/', 'https://example.com/', \
         0.0, '2026-01-31T12:00:00.000000Z')",
        audit_id(1)
    );
    repositories.database().run(&statement);
    let limited = Entry {
        rate_limit: Some(0),
        ..entry(1, agent, after_noon(0))
    };
    assert_conflict(repositories.record(&limited));
    let activity = "SELECT COUNT(*) FROM AgentActivity";
    assert_eq!(repositories.database().integer(activity), 0);
}
