//! What a database holds, read in one snapshot with the same text from both engines.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use libsql::{Builder, OpenFlags, Value};
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// A row of `AuditTrail`. Times are text as the engine writes them at UTC.
#[derive(Debug)]
pub(super) struct Audit {
    pub(super) id: String,
    pub(super) agent: String,
    pub(super) decision: String,
    pub(super) path: String,
    pub(super) time: String,
    pub(super) target: String,
}

/// A row of `AgentHistory`.
#[derive(Debug)]
pub(super) struct History {
    pub(super) agent: String,
    pub(super) decision: String,
    pub(super) path: String,
    pub(super) time: String,
}

/// A row of `AgentActivity`.
#[derive(Debug)]
pub(super) struct Activity {
    pub(super) agent: String,
    /// Seconds: `60` or `3600`.
    pub(super) span: String,
    pub(super) start: String,
    pub(super) requests: u64,
    pub(super) violations: u64,
}

/// All that a decision leaves behind.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) audit: Vec<Audit>,
    pub(super) history: Vec<History>,
    pub(super) activity: Vec<Activity>,
    /// `AuditId` of each explanation that is whole.
    pub(super) explained: Vec<String>,
    /// `AuditId` of each held request.
    pub(super) held: Vec<String>,
}

/// A connection that reads.
pub(super) enum Reader {
    /// To a file.
    Sqlite(libsql::Connection),
    /// To a server.
    Postgres(tokio_postgres::Client),
}

impl Reader {
    /// Opens a file, read-only: a checkpoint is the gateway's business.
    pub(super) async fn sqlite(file: &Path) -> Result<Self> {
        let database = Builder::new_local(file)
            .flags(OpenFlags::SQLITE_OPEN_READ_ONLY)
            .build()
            .await
            .with_context(|| format!("cannot open {}", file.display()))?;
        Ok(Self::Sqlite(database.connect()?))
    }

    /// Connects to a server.
    pub(super) async fn postgres(url: &str) -> Result<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        // It ends with its client.
        tokio::spawn(connection);
        client.batch_execute("SET TIME ZONE 'UTC'").await?;
        Ok(Self::Postgres(client))
    }

    /// Everything, as it was at one moment.
    pub(super) async fn rows(&self) -> Result<Rows> {
        let begin = match self {
            Self::Sqlite(_) => "BEGIN",
            Self::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        self.texts(begin).await?;
        let rows = Rows {
            audit: self.table(AUDIT, audit).await?,
            history: self.table(HISTORY, history).await?,
            activity: self.table(ACTIVITY, activity).await?,
            explained: self.table(EXPLAINED, |[id]| Ok(id)).await?,
            held: self.table(HELD, |[id]| Ok(id)).await?,
        };
        self.texts("ROLLBACK").await?;
        Ok(rows)
    }

    async fn table<T, const N: usize>(
        &self,
        sql: &str,
        convert: impl Fn([String; N]) -> Result<T>,
    ) -> Result<Vec<T>> {
        let rows = self.texts(sql).await?.into_iter().map(|row| {
            let row = row.try_into();
            convert(row.map_err(|row| anyhow!("a row of another width: {row:?}"))?)
        });
        rows.collect()
    }

    /// The rows of a query, every value as text; NULL is empty.
    pub(super) async fn texts(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        let rows = match self {
            Self::Sqlite(connection) => sqlite_texts(connection, sql).await,
            Self::Postgres(client) => postgres_texts(client, sql).await,
        };
        rows.with_context(|| sql.to_owned())
    }
}

const AUDIT: &str = "SELECT Id, AgentId, DecisionType, Path, Timestamp, TargetUrl FROM AuditTrail";
const HISTORY: &str = "SELECT AgentId, DecisionType, Path, Timestamp FROM AgentHistory";
const ACTIVITY: &str = "SELECT AgentId, Span, Start, Requests, Violations FROM AgentActivity";
const EXPLAINED: &str = "SELECT AuditId FROM AuditExplanation WHERE Document LIKE '{%}'";
const HELD: &str = "SELECT AuditId FROM HeldRequest";

fn audit([id, agent, decision, path, time, target]: [String; 6]) -> Result<Audit> {
    Ok(Audit {
        id,
        agent,
        decision,
        path,
        time,
        target,
    })
}

fn history([agent, decision, path, time]: [String; 4]) -> Result<History> {
    Ok(History {
        agent,
        decision,
        path,
        time,
    })
}

fn activity([agent, span, start, requests, violations]: [String; 5]) -> Result<Activity> {
    Ok(Activity {
        agent,
        span,
        start,
        requests: requests.parse().context("AgentActivity.Requests")?,
        violations: violations.parse().context("AgentActivity.Violations")?,
    })
}

async fn sqlite_texts(connection: &libsql::Connection, sql: &str) -> Result<Vec<Vec<String>>> {
    let mut rows = connection.query(sql, ()).await?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().await? {
        let values = (0..row.column_count()).map(|column| {
            Ok(match row.get_value(column)? {
                Value::Null => String::new(),
                Value::Integer(number) => number.to_string(),
                Value::Real(number) => number.to_string(),
                Value::Text(text) => text,
                Value::Blob(_) => bail!("a blob in column {column}"),
            })
        });
        found.push(values.collect::<Result<_>>()?);
    }
    Ok(found)
}

async fn postgres_texts(client: &tokio_postgres::Client, sql: &str) -> Result<Vec<Vec<String>>> {
    let messages = client.simple_query(sql).await?;
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let texts = rows.map(|row| {
        let values = (0..row.len()).map(|column| row.get(column).unwrap_or_default().to_owned());
        values.collect()
    });
    Ok(texts.collect())
}
