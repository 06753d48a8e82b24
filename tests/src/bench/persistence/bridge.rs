//! The host's databases behind the repositories, as a component has them.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::runtime::Handle;
use vectra_domain::repository::{AgentRepository, Schema};
use vectra_domain::{
    Agent, AgentId, AgentStatus, AuditId, AuditTrail, DecisionType, Entry, HeldLimits, HistoryId,
    RiskScore, Timestamp, TrustRule, TrustScore,
};
use vectra_persistence::dialect::{POSTGRES, SQLITE};
use vectra_persistence::{Database, DatabaseError, Repositories, Row, Value};
use vectra_postgres::{DbValue, ParameterValue, PostgresDatabase};
use vectra_sqlite::Database as _;

/// One of the host's databases, for a thread that may block.
#[derive(Clone)]
pub struct Bridge {
    engine: Engine,
    runtime: Handle,
}

#[derive(Clone)]
enum Engine {
    Sqlite(Arc<vectra_sqlite::LocalDatabase>),
    Postgres(Arc<PostgresDatabase>),
}

impl Bridge {
    /// A file, made with its tables.
    pub fn sqlite(
        path: &Path,
        options: vectra_sqlite::LocalOptions,
        runtime: &Handle,
    ) -> Result<Repositories<Self>> {
        let database = vectra_sqlite::LocalDatabase::open(path, options)?;
        let engine = Engine::Sqlite(Arc::new(database));
        let runtime = runtime.clone();
        Self::ready(Repositories::new(Self { engine, runtime }, &SQLITE))
    }

    /// A server's database, made with its tables.
    pub fn postgres(
        url: &str,
        options: vectra_postgres::PostgresOptions,
        runtime: &Handle,
    ) -> Result<Repositories<Self>> {
        let target = vectra_postgres::Target::parse(url)?;
        let _entered = runtime.enter();
        let database = PostgresDatabase::open(&target, options)?;
        let engine = Engine::Postgres(Arc::new(database));
        let runtime = runtime.clone();
        Self::ready(Repositories::new(Self { engine, runtime }, &POSTGRES))
    }

    fn ready(repositories: Repositories<Self>) -> Result<Repositories<Self>> {
        repositories.ensure().context("cannot make the tables")?;
        Ok(repositories)
    }
}

impl Database for Bridge {
    fn execute(&self, statement: &str, parameters: Vec<Value>) -> Result<Vec<Row>, DatabaseError> {
        match &self.engine {
            Engine::Sqlite(database) => {
                let parameters = parameters.into_iter().map(to_sqlite).collect();
                let answer = database.execute(statement.to_owned(), parameters);
                let outcome = self.runtime.block_on(answer);
                let rows = outcome.map_err(|error| DatabaseError::Io(format!("{error:?}")))?;
                let rows = rows.rows.rows.into_iter();
                Ok(rows
                    .map(|row| row.values.into_iter().map(from_sqlite).collect())
                    .collect())
            }
            Engine::Postgres(database) => {
                let parameters = parameters.into_iter().map(to_postgres).collect();
                let outcome = self.runtime.block_on(async {
                    let mut lent = database.connect().await?;
                    lent.query(statement, parameters).await
                });
                let rows = outcome.map_err(|error| DatabaseError::Io(format!("{error:?}")))?;
                let rows = rows.rows.into_iter();
                rows.map(|row| row.into_iter().map(from_postgres).collect())
                    .collect()
            }
        }
    }
}

fn to_sqlite(value: Value) -> vectra_sqlite::Value {
    match value {
        Value::Null => vectra_sqlite::Value::Null,
        Value::Integer(integer) => vectra_sqlite::Value::Integer(integer),
        Value::Real(real) => vectra_sqlite::Value::Real(real),
        Value::Text(text) => vectra_sqlite::Value::Text(text),
        Value::Blob(bytes) => vectra_sqlite::Value::Blob(bytes),
    }
}

fn from_sqlite(value: vectra_sqlite::Value) -> Value {
    match value {
        vectra_sqlite::Value::Null => Value::Null,
        vectra_sqlite::Value::Integer(integer) => Value::Integer(integer),
        vectra_sqlite::Value::Real(real) => Value::Real(real),
        vectra_sqlite::Value::Text(text) => Value::Text(text),
        vectra_sqlite::Value::Blob(bytes) => Value::Blob(bytes),
    }
}

fn to_postgres(value: Value) -> ParameterValue {
    match value {
        Value::Null => ParameterValue::DbNull,
        Value::Integer(integer) => ParameterValue::Int64(integer),
        Value::Real(real) => ParameterValue::Floating64(real),
        Value::Text(text) => ParameterValue::Str(text),
        Value::Blob(bytes) => ParameterValue::Binary(bytes),
    }
}

fn from_postgres(value: DbValue) -> Result<Value, DatabaseError> {
    Ok(match value {
        DbValue::DbNull => Value::Null,
        DbValue::Int64(integer) => Value::Integer(integer),
        DbValue::Floating64(real) => Value::Real(real),
        DbValue::Str(text) => Value::Text(text),
        DbValue::Binary(bytes) => Value::Blob(bytes),
        other => return Err(DatabaseError::Io(format!("{other:?}"))),
    })
}

/// Ids that SQL can make too: `018f4d2e-7c1b-7000-8000-` and twelve hexadecimal digits.
const ID: u128 = 0x018f_4d2e_7c1b_7000_8000 << 48;

/// The text that an agent's id begins with.
pub const ID_TEXT: &str = "018f4d2e-7c1b-7000-8000-";

/// The id of an agent.
pub fn agent_id(number: u64) -> AgentId {
    AgentId::new(uuid::Uuid::from_u128(ID | u128::from(number)))
}

/// Registers agents 0 to `count`.
pub fn register(repositories: &impl AgentRepository, count: u64, now: Timestamp) -> Result<()> {
    for number in 0..count {
        repositories.insert(&Agent {
            id: agent_id(number),
            name: format!("agent {number}"),
            owner_id: None,
            status: AgentStatus::Active,
            policy_name: None,
            client_secret_hash: "x".repeat(60),
            trust_score: TrustScore::INITIAL,
            created_at: now,
            updated_at: None,
        })?;
    }
    Ok(())
}

/// The explanation of a decision, about as long as the gateway's.
pub fn explanation() -> String {
    format!(r#"{{"outcome":"Allow","input":"{}"}}"#, "x".repeat(900))
}

/// A decision as the gateway records it. `serial` makes its ids.
pub fn decision(serial: u64, agent: AgentId, now: Timestamp, explanation: &str) -> Result<Entry> {
    let id = uuid::Uuid::from_u128(ID | (1 << 47) | u128::from(serial));
    Ok(Entry {
        audit: AuditTrail {
            id: AuditId::new(id),
            agent_id: agent,
            decision_type: DecisionType::Allow,
            reason: Some("no rule applies".to_owned()),
            method: "GET".to_owned(),
            path: "/v1/items?page=2".to_owned(),
            target_url: "https://api.example.com/v1/items?page=2".to_owned(),
            risk_score: RiskScore::new(0.125)?,
            timestamp: now,
        },
        history_id: HistoryId::new(id),
        explanation: explanation.to_owned(),
        rate_limit: Some(u32::MAX),
        trust: TrustRule {
            target: 1.0,
            rate: 0.01,
        },
        trust_floor: Some(TrustScore::new(0.0)?),
        counter: "allow/none".to_owned(),
        held: None,
        held_limits: HeldLimits::default(),
        probe: None,
    })
}

/// The present.
pub fn now() -> Result<Timestamp> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(Timestamp::from_micros(i64::try_from(since.as_micros())?)?)
}
