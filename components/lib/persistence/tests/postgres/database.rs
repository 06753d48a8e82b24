//! A real PostgreSQL behind [`Database`], as strict about types as the hosts of
//! `spin:postgres` are.

use std::cell::RefCell;
use std::error::Error;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls};
use vectra_persistence::dialect::POSTGRES;
use vectra_persistence::{Database, DatabaseError, Repositories, Row, Value};

/// A connection to a database of its own, or one more to that of another.
pub struct Postgres {
    client: Client,
    runtime: Runtime,
    statements: RefCell<Vec<String>>,
    // Dropped last: it goes when its last connection does.
    _database: Arc<vectra_cluster::Database>,
}

impl Postgres {
    /// What was executed since it was last asked.
    pub fn executed(&self) -> Vec<String> {
        self.statements.take()
    }

    async fn query(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, Failure> {
        let parameters: Vec<Parameter> = parameters.iter().map(Parameter).collect();
        let parameters: Vec<&(dyn ToSql + Sync)> = parameters
            .iter()
            .map(|parameter| parameter as &(dyn ToSql + Sync))
            .collect();
        let rows = self.client.query(statement, &parameters).await?;
        Ok(rows.iter().map(read).collect())
    }
}

struct Failure(tokio_postgres::Error);

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self(error)
    }
}

impl Database for Postgres {
    fn execute(&self, statement: &str, parameters: Vec<Value>) -> Result<Vec<Row>, DatabaseError> {
        self.statements.borrow_mut().push(statement.to_owned());
        self.runtime
            .block_on(self.query(statement, &parameters))
            // As Spin does it.
            .map_err(|Failure(error)| DatabaseError::Io(format!("{error:?}")))
    }
}

/// A value for a parameter of exactly its type.
#[derive(Debug)]
struct Parameter<'a>(&'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self.0, ty) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Integer(value), &Type::INT8) => value.to_sql(ty, out),
            (Value::Real(value), &Type::FLOAT8) => value.to_sql(ty, out),
            (Value::Text(value), &Type::TEXT) => value.to_sql(ty, out),
            (Value::Blob(value), &Type::BYTEA) => value.to_sql(ty, out),
            (value, ty) => Err(format!("{value:?} does not go into {ty}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn read(row: &tokio_postgres::Row) -> Row {
    let columns = row.columns().iter().enumerate();
    columns
        .map(|(at, column)| {
            let value = match *column.type_() {
                Type::INT8 => row.get::<_, Option<i64>>(at).map(Value::Integer),
                Type::FLOAT8 => row.get::<_, Option<f64>>(at).map(Value::Real),
                Type::TEXT => row.get::<_, Option<String>>(at).map(Value::Text),
                Type::BYTEA => row.get::<_, Option<Vec<u8>>>(at).map(Value::Blob),
                ref other => panic!("column {} has the type {other}", column.name()),
            };
            value.unwrap_or(Value::Null)
        })
        .collect()
}

/// What version 1 sends to record the fixtures' first request of the first agent.
pub const RECORD_V1: &str = "SELECT VectraLedgerRecordV1(
  '018fabcd-7c1b-7a3d-9e5f-000200000001', '018fabcd-7c1b-7a3d-9e5f-000100000001', 0, NULL, 'GET', '/',
  'https://example.com/', 0.5, '2026-01-31T12:00:00.000000Z',
  '018fabcd-7c1b-7a3d-9e5f-000300000001', '{}', '2026-01-31T12:00:00.000000Z',
  '2026-01-31T12:00:00.000000Z', NULL, 1.0, 0.0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL)";

/// What version 4 sends to record the second.
pub const RECORD_V4: &str = "SELECT Outcome, Recorded FROM VectraLedgerRecordV4(
  '018fabcd-7c1b-7a3d-9e5f-000200000002', '018fabcd-7c1b-7a3d-9e5f-000100000001', 0, NULL, 'GET', '/',
  'https://example.com/', 0.5, '2026-01-31T12:00:00.000000Z',
  '018fabcd-7c1b-7a3d-9e5f-000300000002', '{}', '2026-01-31T12:00:00.000000Z',
  '2026-01-31T12:00:00.000000Z', NULL, 1.0, 0.0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL)";

/// What a version before 6 may have held: a request for each state, numbered from 1 on.
pub const HELD_BEFORE: &str = "INSERT INTO HeldRequest (Id, AgentId, AuditId, Status, Method,
  TargetUrl, Digest, KeyId, Sealed, CreatedAt, ExpiresAt)
SELECT ('018fabcd-7c1b-7a3d-9e5f-00040000000' || (n + 1))::uuid,
  '018fabcd-7c1b-7a3d-9e5f-000100000001', '018fabcd-7c1b-7a3d-9e5f-000200000001', n, 'GET',
  '/', '', '', '\\x00', '2026-01-31T12:00:00.000000Z', '2026-01-31T13:00:00.000000Z'
FROM generate_series(0, 6) n";

/// Random walks of held requests.
pub const WALKS: u64 = 40;

/// Bytes in a statement.
pub const BYTES: &str = "'\\x00'";

/// Callers of a test of concurrency.
pub const CALLERS: u128 = 64;

/// What [`Several`] connects to.
pub type Engine = Postgres;

/// A database of several connections.
pub struct Several {
    database: Arc<vectra_cluster::Database>,
}

impl Several {
    pub fn new() -> Self {
        let database = Arc::new(vectra_cluster::Database::fresh().unwrap());
        Self { database }
    }

    /// One more connection.
    pub fn connect(&self) -> Repositories<Postgres> {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let connected = tokio_postgres::connect(self.database.url(), NoTls).await;
            let (client, connection) = connected.unwrap();
            tokio::spawn(connection);
            client
        });
        let postgres = Postgres {
            client,
            runtime,
            statements: RefCell::default(),
            _database: self.database.clone(),
        };
        Repositories::new(postgres, &POSTGRES)
    }
}

/// An empty database of its own.
pub fn fresh() -> Repositories<Postgres> {
    Several::new().connect()
}

/// A database of its own with tables.
pub fn ready() -> Repositories<Postgres> {
    let repositories = fresh();
    vectra_contract::fixtures::make_tables(&repositories);
    repositories.database().executed();
    repositories
}
