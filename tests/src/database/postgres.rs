//! A server's database, through tokio-postgres.

use anyhow::{Context, Result};
use serde_json::Value as Json;
use tokio::task::JoinHandle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls};

/// A connection of its own.
pub struct Postgres {
    client: Client,
    connection: JoinHandle<Result<(), tokio_postgres::Error>>,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Postgres {
    pub(super) async fn connect(url: &str) -> Result<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls)
            .await
            .context("cannot connect to PostgreSQL")?;
        let connection = tokio::spawn(connection);
        Ok(Self { client, connection })
    }

    pub(super) async fn rows(&self, sql: &str, parameters: &[&str]) -> Result<Vec<Json>> {
        // The server writes the JSON, whatever the types.
        let sql = format!("SELECT row_to_json(q)::text FROM ({sql}) q");
        let parameters: Vec<&(dyn ToSql + Sync)> = parameters
            .iter()
            .map(|text| text as &(dyn ToSql + Sync))
            .collect();
        let rows = self.client.query(&sql, &parameters).await.context(sql)?;
        rows.iter()
            .map(|row| Ok(serde_json::from_str(row.try_get(0)?)?))
            .collect()
    }
}
