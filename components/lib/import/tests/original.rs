//! Steps over a real SQLite file with the tables of the original, into repositories
//! in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::BTreeMap;

use tokio::runtime::{Builder, Runtime};
use vectra_domain::repository::{
    AgentPage, AgentRepository, AuditPage, AuditRepository, Result as Written, Schema,
};
use vectra_domain::{Agent, AgentId, AuditTrail, PersistenceError, Timestamp};
use vectra_import::{Destination, ImportError, Note, Original, Ports, Value, step};
use vectra_persistence::memory::Memory;

/// The tables as EF Core makes them (OB §15).
const TABLES: &str = r#"
CREATE TABLE "Agents" ("Id" TEXT NOT NULL CONSTRAINT "PK_Agents" PRIMARY KEY,
  "Name" TEXT NOT NULL, "OwnerId" TEXT NOT NULL, "Status" TEXT NOT NULL DEFAULT 'Active',
  "PolicyName" TEXT NULL, "ClientSecretHash" TEXT NOT NULL, "TrustScore" REAL NOT NULL,
  "CreatedBy" TEXT NULL, "CreatedOn" TEXT NULL, "LastModifiedBy" TEXT NULL, "LastModifiedOn" TEXT NULL);
CREATE TABLE "AgentHistories" ("Id" TEXT NOT NULL PRIMARY KEY, "AgentId" TEXT NOT NULL,
  "WindowStart" TEXT NOT NULL);
CREATE TABLE "AuditLogs" ("Id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "AgentId" TEXT NOT NULL,
  "Action" TEXT NOT NULL, "TargetUrl" TEXT NOT NULL, "Status" TEXT NOT NULL, "RiskScore" REAL NULL,
  "Intent" TEXT NULL, "Reason" TEXT NULL, "Timestamp" TEXT NULL);
"#;

struct Sqlite {
    connection: libsql::Connection,
    runtime: Runtime,
}

impl Sqlite {
    fn new(script: &str) -> Self {
        let runtime = Builder::new_current_thread().build().unwrap();
        let connection = runtime.block_on(async {
            let database = libsql::Builder::new_local(":memory:").build().await;
            let connection = database.unwrap().connect().unwrap();
            connection.execute_batch(script).await.unwrap();
            connection
        });
        Self {
            connection,
            runtime,
        }
    }

    async fn rows(
        &self,
        statement: &str,
        parameters: Vec<Value>,
    ) -> libsql::Result<Vec<Vec<Value>>> {
        let parameters: Vec<libsql::Value> = parameters.into_iter().map(to_libsql).collect();
        let mut rows = self.connection.query(statement, parameters).await?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().await? {
            let values = (0..row.column_count()).map(|at| row.get_value(at).map(from_libsql));
            found.push(values.collect::<libsql::Result<_>>()?);
        }
        Ok(found)
    }
}

impl Original for Sqlite {
    fn query(&self, statement: &str, parameters: Vec<Value>) -> Result<Vec<Vec<Value>>, String> {
        self.runtime
            .block_on(self.rows(statement, parameters))
            .map_err(|error| error.to_string())
    }
}

fn to_libsql(value: Value) -> libsql::Value {
    match value {
        Value::Null => libsql::Value::Null,
        Value::Integer(integer) => libsql::Value::Integer(integer),
        Value::Real(real) => libsql::Value::Real(real),
        Value::Text(text) => libsql::Value::Text(text),
        Value::Blob(bytes) => libsql::Value::Blob(bytes),
    }
}

fn from_libsql(value: libsql::Value) -> Value {
    match value {
        libsql::Value::Null => Value::Null,
        libsql::Value::Integer(integer) => Value::Integer(integer),
        libsql::Value::Real(real) => Value::Real(real),
        libsql::Value::Text(text) => Value::Text(text),
        libsql::Value::Blob(bytes) => Value::Blob(bytes),
    }
}

struct Kept(Memory);

impl Destination for Kept {
    fn ensure(&self) -> Written<()> {
        self.0.ensure().map(drop)
    }

    fn insert(&self, agent: &Agent) -> Written<()> {
        AgentRepository::insert(&self.0, agent)
    }

    fn append(&self, row: &AuditTrail, explanation: &str) -> Written<()> {
        AuditRepository::append(&self.0, row, explanation)
    }
}

impl Kept {
    fn new() -> Self {
        Self(Memory::bare())
    }

    fn agents(&self) -> Vec<Agent> {
        let page = AgentPage {
            after: None,
            limit: 1_000,
            status: None,
            owner_id: None,
            policy_name: None,
            name: None,
        };
        AgentRepository::list(&self.0, &page).unwrap()
    }

    fn audit(&self) -> Vec<AuditTrail> {
        let page = AuditPage {
            agent_id: None,
            after: None,
            limit: 1_000,
        };
        AuditRepository::list(&self.0, &page).unwrap()
    }
}

/// A whole import.
#[derive(Debug, Default, PartialEq)]
struct Summary {
    counts: BTreeMap<&'static str, u64>,
    notes: Vec<Note>,
    policies: Vec<String>,
    steps: usize,
}

fn import(original: &Sqlite, kept: &dyn Destination, budget: u32) -> Result<Summary, ImportError> {
    let ports = Ports {
        original,
        destination: kept,
    };
    let (mut summary, mut from) = (Summary::default(), None);
    loop {
        let progress = step(&ports, Timestamp::EPOCH, from.as_deref(), budget)?;
        summary.steps += 1;
        for count in progress.counts {
            *summary.counts.entry(count.what).or_default() += count.number;
        }
        summary.notes.extend(progress.notes);
        summary.policies.extend(progress.policies);
        from = progress.next;
        if from.is_none() {
            return Ok(summary);
        }
    }
}

/// `agents` agents and `rows` audit rows.
fn filled(agents: u32, rows: u32) -> Sqlite {
    let script = format!(
        "{TABLES}
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {agents})
        INSERT INTO Agents SELECT printf('6F9619FF-8B86-D011-B42D-%012X', i), 'agent ' || i, 'me',
          'Active', iif(i % 2, 'odd', NULL), '$2a$11$' || printf('%.53c', 'x'), 0.5,
          NULL, NULL, NULL, NULL FROM n;
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
        INSERT INTO AuditLogs SELECT i * 3, '6F9619FF-8B86-D011-B42D-000000000001', 'GET /' || i,
          '/' || i, 'Allow', 0.1, NULL, NULL, printf('2024-05-01 12:%02d:%02d', i / 60 % 60, i % 60) FROM n;
        INSERT INTO AgentHistories VALUES ('a', 'b', 'c'), ('d', 'e', 'f');"
    );
    Sqlite::new(&script)
}

#[test]
fn all_rows_come_over_in_whatever_steps() {
    for budget in [1, 2, 7, 1_000_000] {
        let (original, kept) = (filled(5, 21), Kept::new());
        let summary = import(&original, &kept, budget).unwrap();
        assert_eq!(summary.counts["agents brought over"], 5);
        assert_eq!(summary.counts["audit rows brought over"], 21);
        assert_eq!(
            summary.counts["counters of the risk engine (`AgentHistories`) left out"],
            2
        );
        assert_eq!(summary.notes, []);
        assert!(summary.policies.iter().all(|name| name == "odd"));
        assert_eq!(kept.agents().len(), 5);
        let paths: Vec<String> = kept.audit().into_iter().map(|row| row.path).collect();
        let expected: Vec<String> = (1..=21).rev().map(|row| format!("/{row}")).collect();
        assert_eq!(paths, expected, "newest first");
    }
}

#[test]
fn a_step_is_bounded() {
    let (original, kept) = (filled(5, 450), Kept::new());
    let summary = import(&original, &kept, 1_000_000).unwrap();
    assert_eq!(kept.audit().len(), 450);
    // Agents, three pages of the audit, history.
    assert_eq!(summary.steps, 5);
}

#[test]
fn a_second_import_changes_nothing() {
    let (original, kept) = (filled(5, 21), Kept::new());
    import(&original, &kept, 10).unwrap();
    let before = (kept.agents(), kept.audit());
    let summary = import(&original, &kept, 3).unwrap();
    assert_eq!(summary.counts["agents brought over"], 0);
    assert_eq!(summary.counts["agents that were there already"], 5);
    assert_eq!(summary.counts["audit rows brought over"], 0);
    assert_eq!(summary.counts["audit rows that were there already"], 21);
    assert_eq!((kept.agents(), kept.audit()), before);
}

#[test]
fn an_agent_that_was_deleted_here_stays_deleted() {
    let (original, kept) = (filled(1, 0), Kept::new());
    import(&original, &kept, 10).unwrap();
    let id: AgentId = kept.agents()[0].id;
    AgentRepository::delete(&kept.0, id, Timestamp::EPOCH).unwrap();
    import(&original, &kept, 10).unwrap();
    assert_eq!(kept.agents(), []);
}

#[test]
fn odd_values_in_the_file_are_noted_and_never_stop_it() {
    let script = format!(
        "{TABLES}
        INSERT INTO Agents VALUES
          (x'00', 'blob', 'me', 'Active', NULL, '', 0.5, NULL, NULL, NULL, NULL),
          ('6F9619FF-8B86-D011-B42D-000000000001', CAST(x'61ff62' AS TEXT), 'a' || char(0) || 'b', 'Odd',
            NULL, '', 9e999, NULL, NULL, NULL, NULL);
        INSERT INTO AuditLogs VALUES
          (-5, '6f9619ff-8b86-d011-b42d-000000000001', 'GET /' || printf('%.*c', 20000, 'x'), '/x', 'Allow', 0.1,
            NULL, NULL, '2024-05-01 12:00:00'),
          (9223372036854775807, '', CAST(x'ff20ff' AS TEXT), '', '', 'risk', x'0102', '', '2024-05-01 12:00:01'),
          (1, '', 'GET /', '/', 'Allow', 0, 'HITL: no guid', NULL, NULL);"
    );
    let (original, kept) = (Sqlite::new(&script), Kept::new());
    let summary = import(&original, &kept, 2).unwrap();
    assert_eq!(summary.counts["agents left out"], 1);
    assert_eq!(summary.counts["audit rows left out"], 1);
    let agent = &kept.agents()[0];
    assert_eq!(agent.name, "a\u{FFFD}b");
    assert_eq!(agent.owner_id.as_deref(), Some("a\u{FFFD}b"));
    let audit = kept.audit();
    assert_eq!(audit.len(), 2);
    assert_eq!(audit[1].path.len(), 16 * 1024 - "GET ".len());
    let noted = |part: &str| summary.notes.iter().any(|note| note.reason.contains(part));
    for part in [
        "`Id` is no GUID",
        "`Name` is not UTF-8",
        "`OwnerId` holds U+0000",
        "`Status` is none that is known: imported as Quarantined",
        "`TrustScore`",
        "`ClientSecretHash`",
        "`Action` is longer",
        "`Action` has no method",
        "`AgentId` is no GUID",
        "`Status` is none that is known: imported as Deny",
        "`RiskScore`",
        "`Timestamp` is no time",
    ] {
        assert!(noted(part), "{part}: {:#?}", summary.notes);
    }
}

#[test]
fn older_tables_are_read_as_far_as_they_go() {
    let script = "CREATE TABLE agents (id TEXT PRIMARY KEY, name TEXT, status TEXT);
        INSERT INTO agents VALUES ('6F9619FF-8B86-D011-B42D-000000000001', 'old', 'Active');";
    let (original, kept) = (Sqlite::new(script), Kept::new());
    let summary = import(&original, &kept, 10).unwrap();
    assert_eq!(kept.agents()[0].name, "old");
    let places: Vec<&str> = summary
        .notes
        .iter()
        .map(|note| note.place.as_str())
        .collect();
    assert!(places.contains(&"AuditLogs"), "{places:?}");
}

#[test]
fn another_database_is_refused_before_anything_is_written() {
    for script in [
        "CREATE TABLE Agent (Id TEXT PRIMARY KEY)",
        "CREATE TABLE Agents (Number INTEGER)",
        "PRAGMA encoding = 'UTF-16'; CREATE TABLE Agents (Id TEXT PRIMARY KEY)",
    ] {
        let (original, kept) = (Sqlite::new(script), Kept::new());
        let error = import(&original, &kept, 10).unwrap_err();
        assert!(matches!(error, ImportError::NotTheOriginal(_)), "{error}");
        assert_eq!(kept.0.version(), Err(PersistenceError::SchemaMissing));
    }
}

#[test]
fn a_position_of_somebody_else_is_refused() {
    let (original, kept) = (filled(1, 1), Kept::new());
    let ports = Ports {
        original: &original,
        destination: &kept,
    };
    for position in ["", "agents", "agents x", "audit 1 2", "History", "end 1"] {
        let outcome = step(&ports, Timestamp::EPOCH, Some(position), 1);
        assert!(
            matches!(outcome, Err(ImportError::Position(_))),
            "{position}"
        );
    }
}

/// Writes one row, then its disk is full.
struct Full(Kept, std::cell::Cell<u32>);

impl Destination for Full {
    fn ensure(&self) -> Written<()> {
        self.0.ensure()
    }

    fn insert(&self, agent: &Agent) -> Written<()> {
        self.0.insert(agent)
    }

    fn append(&self, row: &AuditTrail, explanation: &str) -> Written<()> {
        if self.1.replace(self.1.get() + 1) > 0 {
            return Err(PersistenceError::Full("disk".to_owned()));
        }
        self.0.append(row, explanation)
    }
}

#[test]
fn what_stops_in_the_middle_is_completed_by_the_next_import() {
    let original = filled(2, 5);
    let full = Full(Kept::new(), std::cell::Cell::default());
    let error = import(&original, &full, 10).unwrap_err();
    assert!(matches!(
        error,
        ImportError::Write(PersistenceError::Full(_))
    ));
    let kept = full.0;
    assert_eq!(kept.audit().len(), 1);
    let summary = import(&original, &kept, 10).unwrap();
    assert_eq!(summary.counts["audit rows brought over"], 4);
    assert_eq!(kept.audit().len(), 5);
}
