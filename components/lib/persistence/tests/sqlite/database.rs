//! A real SQLite behind [`Database`], through libsql as in the runtime.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use vectra_persistence::dialect::SQLITE;
use vectra_persistence::{Database, DatabaseError, Repositories, Row, Value};

use crate::sql::Sql;

/// A connection that keeps the statements it executes.
pub struct Sqlite {
    connection: libsql::Connection,
    runtime: Runtime,
    statements: RefCell<Vec<String>>,
    /// Removed with the connection that made it.
    _directory: Option<TempDir>,
}

impl Sqlite {
    /// Opens a file, making it if it is missing.
    pub fn open(path: &Path) -> Self {
        let runtime = Builder::new_current_thread().build().unwrap();
        let connection = runtime.block_on(async {
            libsql::Builder::new_local(path)
                .build()
                .await
                .unwrap()
                .connect()
                .unwrap()
        });
        connection.busy_timeout(Duration::from_secs(30)).unwrap();
        let sqlite = Self {
            connection,
            runtime,
            statements: RefCell::default(),
            _directory: None,
        };
        sqlite.run("PRAGMA journal_mode = WAL");
        // Nothing here outlives its process, so nothing waits for the disk.
        sqlite.run("PRAGMA synchronous = OFF");
        sqlite
    }

    /// What was executed since it was last asked.
    pub fn executed(&self) -> Vec<String> {
        self.statements.take()
    }

    async fn query(&self, statement: &str, parameters: Vec<Value>) -> libsql::Result<Vec<Row>> {
        let prepared = self.connection.prepare(statement).await?;
        let parameters: Vec<libsql::Value> = parameters.into_iter().map(to_libsql).collect();
        let mut rows = prepared.query(parameters).await?;
        let mut result = Vec::new();
        while let Some(row) = rows.next().await? {
            let columns = 0..row.column_count();
            result.push(
                columns
                    .map(|at| row.get_value(at).map(from_libsql))
                    .collect::<Result<_, _>>()?,
            );
        }
        Ok(result)
    }
}

impl Database for Sqlite {
    fn execute(&self, statement: &str, parameters: Vec<Value>) -> Result<Vec<Row>, DatabaseError> {
        self.statements.borrow_mut().push(statement.to_owned());
        self.runtime
            .block_on(self.query(statement, parameters))
            .map_err(|error| DatabaseError::Io(error.to_string()))
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

/// What version 1 sends to record the fixtures' first request of the first agent.
pub const RECORD_V1: &str = "INSERT INTO LedgerEntryV1 (AuditId, AgentId, DecisionType, Method, Path, TargetUrl, RiskScore, Timestamp, HistoryId,
  Explanation, Minute, Hour, TrustTarget, TrustRate, HeldPerAgent, HeldInAll)
VALUES ('018fabcd-7c1b-7a3d-9e5f-000200000001',
  '018fabcd-7c1b-7a3d-9e5f-000100000001', 0, 'GET', '/', 'https://example.com/', 0.5,
  '2026-01-31T12:00:00.000000Z', '018fabcd-7c1b-7a3d-9e5f-000300000001', '{}',
  '2026-01-31T12:00:00.000000Z', '2026-01-31T12:00:00.000000Z', 1.0, 0.0, 0, 0)";

/// What version 4 sends to record the second.
pub const RECORD_V4: &str = "INSERT INTO LedgerProbeV4 (AuditId, AgentId, DecisionType, Method, Path, TargetUrl, RiskScore, Timestamp, HistoryId,
  Explanation, Minute, Hour, TrustTarget, TrustRate, HeldPerAgent, HeldInAll, ProbeOrigin,
  LeaseUntil, OwnUntil)
VALUES ('018fabcd-7c1b-7a3d-9e5f-000200000002',
  '018fabcd-7c1b-7a3d-9e5f-000100000001', 0, 'GET', '/', 'https://example.com/', 0.5,
  '2026-01-31T12:00:00.000000Z', '018fabcd-7c1b-7a3d-9e5f-000300000002', '{}',
  '2026-01-31T12:00:00.000000Z', '2026-01-31T12:00:00.000000Z', 1.0, 0.0, 0, 0,
  'https://example.com:443', '2026-01-31T12:01:00.000000Z', '2026-01-31T12:02:00.000000Z')";

/// What a version before 6 may have held: a request for each state, numbered from 1 on.
pub const HELD_BEFORE: &str = "WITH RECURSIVE n (Status) AS
  (SELECT 0 UNION ALL SELECT Status + 1 FROM n WHERE Status < 6)
INSERT INTO HeldRequest (Id, AgentId, AuditId, Status, Method, TargetUrl, Digest, KeyId, Sealed,
  CreatedAt, ExpiresAt)
SELECT '018fabcd-7c1b-7a3d-9e5f-00040000000' || (Status + 1),
  '018fabcd-7c1b-7a3d-9e5f-000100000001', '018fabcd-7c1b-7a3d-9e5f-000200000001', Status, 'GET',
  '/', '', '', x'00', '2026-01-31T12:00:00.000000Z', '2026-01-31T13:00:00.000000Z' FROM n";

/// Random walks of held requests.
pub const WALKS: u64 = 300;

/// Bytes in a statement.
pub const BYTES: &str = "x'00'";

/// Callers of a test of concurrency. SQLite has one writer: more only wait longer.
pub const CALLERS: u128 = 8;

/// What [`Several`] connects to.
pub type Engine = Sqlite;

/// A folder for a database of several connections.
pub struct Several {
    directory: TempDir,
}

impl Several {
    pub fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("vectra.db")
    }

    /// One more connection to the same file.
    pub fn connect(&self) -> Repositories<Sqlite> {
        connect(&self.path())
    }
}

/// A connection of its own to a file.
pub fn connect(path: &Path) -> Repositories<Sqlite> {
    Repositories::new(Sqlite::open(path), &SQLITE)
}

/// An empty database of its own.
pub fn fresh() -> Repositories<Sqlite> {
    let directory = tempfile::tempdir().unwrap();
    let mut sqlite = Sqlite::open(&directory.path().join("vectra.db"));
    sqlite._directory = Some(directory);
    Repositories::new(sqlite, &SQLITE)
}

/// The same, on a host that switches foreign keys on.
pub fn fresh_with_foreign_keys() -> Repositories<Sqlite> {
    let repositories = fresh();
    repositories.database().run("PRAGMA foreign_keys = ON");
    repositories
}

/// A database of its own with tables.
pub fn ready() -> Repositories<Sqlite> {
    let repositories = fresh();
    vectra_contract::fixtures::make_tables(&repositories);
    repositories.database().executed();
    repositories
}
