//! The checker complains: of a database that is whole but for one thing.

use std::path::Path;

use libsql::{Builder, Connection};
use vectra_cluster::Database;

use super::{Complaint, complaints};
use crate::crash::integrity::{self, Ran};
use crate::crash::notes::{Acknowledged, Decision, Notes};
use crate::crash::rows::Reader;

/// The tables without keys and triggers, so that they can hold anything, and three
/// decisions of two agents.
const WHOLE: &str = r#"
CREATE TABLE Agent (Id text PRIMARY KEY);
CREATE TABLE AuditTrail (Id text, AgentId text, DecisionType integer, Path text, TargetUrl text,
  Timestamp text);
CREATE TABLE AuditExplanation (AuditId text, Document text);
CREATE TABLE AgentHistory (AgentId text REFERENCES Agent (Id), DecisionType integer, Path text,
  Timestamp text);
CREATE TABLE HeldRequest (AuditId text);
CREATE TABLE AgentActivity (AgentId text, Span integer, Start text, Requests integer,
  Violations integer);
CREATE INDEX ByPath ON AuditTrail (Path);
INSERT INTO Agent VALUES ('one'), ('two');
INSERT INTO AuditTrail VALUES
  ('a', 'one', 0, '/item/1', 'http://h/item/1', '2026-01-02T03:04:58.000001Z'),
  ('b', 'one', 2, '/item/2', 'http://h/item/2', '2026-01-02T03:05:01.000002Z'),
  ('c', 'two', 1, '/item/3', 'http://h/item/3', '2026-01-02T03:05:02.000003Z');
INSERT INTO AuditExplanation VALUES ('a', '{"v":1}'), ('b', '{"v":1}'), ('c', '{"v":1}');
INSERT INTO AgentHistory SELECT AgentId, DecisionType, Path, Timestamp FROM AuditTrail;
INSERT INTO HeldRequest VALUES ('b');
INSERT INTO AgentActivity VALUES
  ('one', 60, '2026-01-02T03:04:00.000000Z', 1, 0),
  ('one', 60, '2026-01-02T03:05:00.000000Z', 1, 1),
  ('two', 60, '2026-01-02T03:05:00.000000Z', 1, 1),
  ('one', 3600, '2026-01-02T03:00:00.000000Z', 2, 1),
  ('two', 3600, '2026-01-02T03:00:00.000000Z', 1, 1);
"#;

/// What spoils it, and what the checker must say of it.
const SPOILT: [(&str, &str); 14] = [
    (
        "DELETE FROM AuditTrail WHERE Id = 'a'",
        "`/item/1`: acknowledged as Allow: 0 rows in AuditTrail instead of one",
    ),
    (
        "DELETE FROM AuditTrail WHERE Id = 'a'",
        "`/item/1`: forwarded: 0 rows in AuditTrail instead of one",
    ),
    (
        "INSERT INTO AuditTrail SELECT * FROM AuditTrail WHERE Id = 'c'",
        "`/item/3`: acknowledged as Deny: 2 rows in AuditTrail instead of one",
    ),
    (
        "UPDATE AuditTrail SET DecisionType = 0 WHERE Id = 'b'",
        "`/item/2`: acknowledged as Hitl: DecisionType is `0` instead of `2`",
    ),
    (
        "UPDATE AuditTrail SET DecisionType = 1 WHERE Id = 'a'",
        "`/item/1`: forwarded, but DecisionType is 1",
    ),
    (
        "UPDATE AuditTrail SET Id = 'd' WHERE Id = 'c'",
        "`/item/3`: acknowledged as Deny: Id is `d` instead of `c`",
    ),
    (
        "UPDATE AuditTrail SET TargetUrl = 'http://h/' WHERE Id = 'a'",
        "`/item/1`: acknowledged as Allow: TargetUrl is `http://h/`",
    ),
    (
        "DELETE FROM AuditExplanation WHERE AuditId = 'b'",
        "`b`: 1 in AuditTrail, 0 in AuditExplanation",
    ),
    (
        r#"UPDATE AuditExplanation SET Document = '{"v"' WHERE AuditId = 'c'"#,
        "`c`: 1 in AuditTrail, 0 in AuditExplanation",
    ),
    (
        "INSERT INTO AuditExplanation VALUES ('d', '{}')",
        "`d`: 0 in AuditTrail, 1 in AuditExplanation",
    ),
    (
        "DELETE FROM AgentHistory WHERE Path = '/item/3'",
        "`/item/3 at 2026-01-02T03:05:02.000003Z by two, DecisionType 1`: \
         1 in AuditTrail, 0 in AgentHistory",
    ),
    (
        "INSERT INTO AgentHistory SELECT * FROM AgentHistory WHERE Path = '/item/1'",
        "`/item/1 at 2026-01-02T03:04:58.000001Z by one, DecisionType 0`: \
         1 in AuditTrail, 2 in AgentHistory",
    ),
    (
        "DELETE FROM HeldRequest",
        "`b`: 1 in AuditTrail, 0 in HeldRequest",
    ),
    (
        "UPDATE AgentActivity SET Requests = 2, Violations = 0
           WHERE Span = 60 AND Start = '2026-01-02T03:05:00.000000Z' AND AgentId = 'two'",
        "`two, 60 s from 2026-01-02T03:05`: \
         AgentActivity counts (2, 0) requests and violations, AuditTrail has (1, 1)",
    ),
];

/// What was noted of the three.
fn notes() -> Notes {
    let acknowledged = [
        ("/item/1", "one", Decision::Allow, None),
        ("/item/2", "one", Decision::Hitl, Some("b")),
        ("/item/3", "two", Decision::Deny, Some("c")),
    ];
    let acknowledged = acknowledged.map(|(path, agent, decision, audit_id)| {
        let acknowledged = Acknowledged {
            agent: agent.to_owned(),
            decision,
            audit_id: audit_id.map(str::to_owned),
        };
        (path.to_owned(), acknowledged)
    });
    Notes {
        acknowledged: acknowledged.into_iter().collect(),
        forwarded: [("/item/1".to_owned(), 1)].into_iter().collect(),
        ..Notes::default()
    }
}

/// A file with [`WHOLE`] in it and a connection that changes it.
async fn scratch(file: &Path) -> Connection {
    let database = Builder::new_local(file).build().await.unwrap();
    let connection = database.connect().unwrap();
    connection.execute_batch(WHOLE).await.unwrap();
    connection
}

async fn complaints_of(reader: &Reader) -> Vec<String> {
    let found = complaints(&reader.rows().await.unwrap(), &notes());
    found.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn only_what_is_wrong_is_named_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("whole.db");
    scratch(&file).await;
    let reader = Reader::sqlite(&file).await.unwrap();
    assert_eq!(complaints_of(&reader).await, [""; 0]);
    for (number, (damage, expected)) in SPOILT.into_iter().enumerate() {
        let file = folder.path().join(format!("{number}.db"));
        let connection = scratch(&file).await;
        connection.execute_batch(damage).await.unwrap();
        let reader = Reader::sqlite(&file).await.unwrap();
        let found = complaints_of(&reader).await;
        let named = found.iter().any(|line| line == expected);
        assert!(named, "{damage}: {found:#?}");
    }
}

#[tokio::test]
async fn only_what_is_wrong_is_named_on_postgres() {
    let database = Database::fresh().unwrap();
    let reader = Reader::postgres(database.url()).await.unwrap();
    let whole = format!("DROP SCHEMA public CASCADE; CREATE SCHEMA public; {WHOLE}");
    database.run(&whole).unwrap();
    assert_eq!(complaints_of(&reader).await, [""; 0]);
    for (damage, expected) in SPOILT {
        database.run(&format!("{whole} {damage}")).unwrap();
        let found = complaints_of(&reader).await;
        let named = found.iter().any(|line| line == expected);
        assert!(named, "{damage}: {found:#?}");
    }
}

#[test]
fn what_is_forwarded_twice_is_named() {
    let twice = Notes {
        forwarded: [("/item/1".to_owned(), 2)].into_iter().collect(),
        ..Notes::default()
    };
    let expected = Complaint::new("/item/1", "forwarded 2 times");
    assert_eq!(complaints(&Default::default(), &twice), [expected]);
}

#[tokio::test]
async fn a_damaged_file_and_a_dangling_reference_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for (damage, about) in [
        (
            "INSERT INTO AgentHistory VALUES ('none', 0, '/', '')",
            "foreign_key_check",
        ),
        (
            // The index no longer fits its table: what a torn write looks like.
            "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = 'CREATE INDEX ByPath ON AuditTrail (Id)'
               WHERE name = 'ByPath'",
            "integrity_check",
        ),
    ] {
        let file = folder.path().join(about);
        let connection = scratch(&file).await;
        let reader = Reader::sqlite(&file).await.unwrap();
        let mut ran = Ran::new();
        assert_eq!(integrity::sqlite(&reader, &mut ran).await.unwrap(), []);
        let damage = format!("PRAGMA foreign_keys = OFF; {damage}");
        connection.execute_batch(&damage).await.unwrap();
        let reader = Reader::sqlite(&file).await.unwrap();
        let found = integrity::sqlite(&reader, &mut ran).await.unwrap();
        let found: Vec<_> = found.iter().map(|found| &found.about).collect();
        assert_eq!(found, [about]);
        assert_eq!(ran.values().sum::<u32>(), 4);
    }
}
