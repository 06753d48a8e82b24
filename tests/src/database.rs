//! Reads what the gateway has written, as any client of the database would.

mod postgres;
mod sqlite;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value as Json;

/// Where a gateway keeps its rows.
#[derive(Debug, Clone)]
pub enum Source {
    /// A SQLite file.
    File(PathBuf),
    /// The URL of a PostgreSQL database.
    Server(String),
}

/// A view of the rows that are there.
pub enum Database {
    /// Of a file, read-only.
    Sqlite(sqlite::Sqlite),
    /// Of a server's database.
    Postgres(postgres::Postgres),
}

impl Database {
    /// Opens a file.
    ///
    /// # Errors
    /// If it is not there or no database.
    pub async fn open(path: &Path) -> Result<Self> {
        Ok(Self::Sqlite(sqlite::Sqlite::open(path).await?))
    }

    /// Opens either.
    ///
    /// # Errors
    /// If it is not there.
    pub async fn of(source: &Source) -> Result<Self> {
        match source {
            Source::File(path) => Self::open(path).await,
            Source::Server(url) => Ok(Self::Postgres(postgres::Postgres::connect(url).await?)),
        }
    }

    /// The rows of a query, each as an object of its columns. Parameters are text, `?1`
    /// in SQLite and `$1` in PostgreSQL, which folds the columns' names to lower case.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn rows(&self, sql: &str, parameters: &[&str]) -> Result<Vec<Json>> {
        match self {
            Self::Sqlite(database) => database.rows(sql, parameters).await,
            Self::Postgres(database) => database.rows(sql, parameters).await,
        }
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
    /// Whatever the database says.
    pub async fn audit(&self, agent: &str) -> Result<Vec<Json>> {
        let sql = match self {
            Self::Sqlite(_) => {
                "SELECT Id, AgentId, DecisionType, Reason, Method, Path, TargetUrl, RiskScore, Timestamp
                 FROM AuditTrail WHERE AgentId = ?1 ORDER BY Timestamp, Id"
            }
            Self::Postgres(_) => {
                "SELECT Id AS \"Id\", AgentId AS \"AgentId\", DecisionType AS \"DecisionType\",
                   Reason AS \"Reason\", Method AS \"Method\", Path AS \"Path\",
                   TargetUrl AS \"TargetUrl\", RiskScore AS \"RiskScore\",
                   VectraTimeV1(Timestamp) AS \"Timestamp\"
                 FROM AuditTrail WHERE AgentId = $1::text::uuid ORDER BY Timestamp, Id"
            }
        };
        self.rows(sql, &[agent]).await
    }

    /// The agent's history rows, oldest first, with the seed's column names.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn history(&self, agent: &str) -> Result<Vec<Json>> {
        let sql = match self {
            Self::Sqlite(_) => {
                "SELECT Id, AgentId, Method, Path, Timestamp, DecisionType
                 FROM AgentHistory WHERE AgentId = ?1 ORDER BY Timestamp, Id"
            }
            Self::Postgres(_) => {
                "SELECT Id AS \"Id\", AgentId AS \"AgentId\", Method AS \"Method\", Path AS \"Path\",
                   VectraTimeV1(Timestamp) AS \"Timestamp\", DecisionType AS \"DecisionType\"
                 FROM AgentHistory WHERE AgentId = $1::text::uuid ORDER BY Timestamp, Id"
            }
        };
        self.rows(sql, &[agent]).await
    }
}
