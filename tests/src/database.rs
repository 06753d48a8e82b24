//! Reads what the gateway has written, as any SQLite client would.

use std::path::Path;

use anyhow::{Context, Result};
use libsql::{Builder, OpenFlags, Value};
use serde_json::{Map, Value as Json, json};

/// A read-only view of the database file.
pub struct Database {
    connection: libsql::Connection,
}

impl Database {
    /// Opens the file.
    ///
    /// # Errors
    /// If it is not there or no database.
    pub async fn open(path: &Path) -> Result<Self> {
        let database = Builder::new_local(path)
            .flags(OpenFlags::SQLITE_OPEN_READ_ONLY)
            .build()
            .await
            .with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Self {
            connection: database.connect()?,
        })
    }

    /// The rows of a query, each as an object of its columns.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn rows(&self, sql: &str, parameters: &[&str]) -> Result<Vec<Json>> {
        let parameters: Vec<Value> = parameters
            .iter()
            .map(|text| Value::Text((*text).to_owned()))
            .collect();
        let mut rows = self
            .connection
            .query(sql, parameters)
            .await
            .with_context(|| sql.to_owned())?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().await? {
            let mut object = Map::new();
            for column in 0..row.column_count() {
                let name = row.column_name(column).context("a column without a name")?;
                object.insert(name.to_owned(), to_json(row.get_value(column)?));
            }
            found.push(Json::Object(object));
        }
        Ok(found)
    }

    /// How many rows a table has.
    ///
    /// # Errors
    /// If there is no such table.
    pub async fn count(&self, table: &str) -> Result<i64> {
        let rows = self
            .rows(&format!("SELECT count(*) AS n FROM {table}"), &[])
            .await?;
        let count = rows
            .first()
            .and_then(|row| row.get("n"))
            .and_then(Json::as_i64);
        count.context("count(*) gave no number")
    }

    /// The agent's audit rows, oldest first, with the seed's column names.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn audit(&self, agent: &str) -> Result<Vec<Json>> {
        self.rows(
            "SELECT Id, AgentId, DecisionType, Reason, Method, Path, TargetUrl, RiskScore, Timestamp \
             FROM AuditTrail WHERE AgentId = ? ORDER BY Timestamp, Id",
            &[agent],
        )
        .await
    }

    /// The agent's history rows, oldest first, with the seed's column names.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub async fn history(&self, agent: &str) -> Result<Vec<Json>> {
        self.rows(
            "SELECT Id, AgentId, Method, Path, Timestamp, DecisionType \
             FROM AgentHistory WHERE AgentId = ? ORDER BY Timestamp, Id",
            &[agent],
        )
        .await
    }
}

fn to_json(value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Integer(number) => json!(number),
        Value::Real(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::Blob(bytes) => json!(format!("{} bytes", bytes.len())),
    }
}
