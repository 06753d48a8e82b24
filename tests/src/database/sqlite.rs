//! A file, through libsql.

use std::path::Path;

use anyhow::{Context, Result};
use libsql::{Builder, OpenFlags, Value};
use serde_json::{Map, Value as Json, json};

use crate::DEADLINE;

/// A read-only view of a file.
pub struct Sqlite {
    connection: libsql::Connection,
}

impl Sqlite {
    pub(super) async fn open(path: &Path) -> Result<Self> {
        let database = Builder::new_local(path)
            .flags(OpenFlags::SQLITE_OPEN_READ_ONLY)
            .build()
            .await
            .with_context(|| format!("cannot open {}", path.display()))?;
        let connection = database.connect()?;
        // Without a WAL, a reader waits for the writer.
        connection.busy_timeout(DEADLINE)?;
        Ok(Self { connection })
    }

    pub(super) async fn rows(&self, sql: &str, parameters: &[&str]) -> Result<Vec<Json>> {
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
