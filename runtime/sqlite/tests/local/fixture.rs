//! A database to test with.

use tempfile::TempDir;
use vectra_sqlite::{Database, Error, LocalDatabase, LocalOptions, QueryResult, Value};

/// A database in a folder of its own.
pub struct Fixture {
    pub database: LocalDatabase,
    pub folder: TempDir,
}

impl Fixture {
    pub fn new() -> Self {
        Self::with(LocalOptions::default())
    }

    pub fn with(options: LocalOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = LocalDatabase::open(&folder.path().join("test.db"), options).unwrap();
        Self { database, folder }
    }

    pub async fn run(&self, sql: &str, parameters: Vec<Value>) -> Result<QueryResult, Error> {
        self.database
            .execute(sql.to_owned(), parameters)
            .await
            .map(|outcome| outcome.rows)
    }

    pub async fn number(&self, sql: &str) -> i64 {
        match &self.run(sql, vec![]).await.unwrap().rows[0].values[0] {
            Value::Integer(number) => *number,
            other => panic!("{other:?}"),
        }
    }
}

/// The text of an `io` error.
pub fn message(result: Result<QueryResult, Error>) -> String {
    match result {
        Err(Error::Io(message)) => message,
        other => panic!("{other:?}"),
    }
}
