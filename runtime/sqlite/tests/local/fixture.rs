//! A database to test with.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use vectra_sqlite::{
    Database, Error, LocalDatabase, LocalOptions, QueryResult, Transaction, Value,
};

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
        first(&self.run(sql, vec![]).await.unwrap())
    }

    pub async fn begin(&self, sql: &str) -> Box<dyn Transaction> {
        self.database.begin(sql.to_owned(), vec![]).await.unwrap()
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("test.db")
    }

    /// Bytes of the WAL.
    pub fn wal(&self) -> u64 {
        self.folder
            .path()
            .join("test.db-wal")
            .metadata()
            .map_or(0, |metadata| metadata.len())
    }

    /// A connection as another process would have it.
    pub async fn foreign(&self) -> libsql::Connection {
        let other = libsql::Builder::new_local(self.path())
            .build()
            .await
            .unwrap();
        other.connect().unwrap()
    }
}

/// The integer in the first row.
pub fn first(result: &QueryResult) -> i64 {
    match &result.rows[0].values[0] {
        Value::Integer(number) => *number,
        other => panic!("{other:?}"),
    }
}

/// Runs a statement in a transaction.
pub async fn step(transaction: &mut Box<dyn Transaction>, sql: &str) -> Result<QueryResult, Error> {
    let outcome = transaction.execute(sql.to_owned(), vec![]).await;
    outcome.map(|outcome| outcome.rows)
}

/// Waits until something holds, but not for ever.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The text of an `io` error.
pub fn message(result: Result<QueryResult, Error>) -> String {
    match result {
        Err(Error::Io(message)) => message,
        other => panic!("{other:?}"),
    }
}
