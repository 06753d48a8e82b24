//! A database of one's own, and a pool over it.

use std::time::{Duration, Instant};

use vectra_cluster::Database;
use vectra_postgres::{DbValue, Error, Lent, PostgresDatabase, PostgresOptions, Target};

/// How long a test waits for what must come to be.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub struct Fixture {
    // Ends before the database does.
    pub pool: PostgresDatabase,
    pub database: Database,
}

/// A pool of one connection, so that each guest gets what the last one left.
pub fn one() -> Fixture {
    with(PostgresOptions {
        connections: 1,
        ..PostgresOptions::default()
    })
}

pub fn with(options: PostgresOptions) -> Fixture {
    let database = Database::fresh().unwrap();
    let pool = open(database.url(), options);
    Fixture { pool, database }
}

pub fn open(url: &str, options: PostgresOptions) -> PostgresDatabase {
    PostgresDatabase::open(&Target::parse(url).unwrap(), options).unwrap()
}

/// The one value of a statement without parameters.
pub async fn value(lent: &mut Lent, sql: &str) -> Result<DbValue, Error> {
    let rows = lent.query(sql, Vec::new()).await?.rows;
    assert_eq!(rows.len(), 1, "{sql}");
    Ok(rows[0][0].clone())
}

/// The server's process behind a connection.
pub async fn process(lent: &mut Lent) -> DbValue {
    value(lent, "SELECT pg_backend_pid()").await.unwrap()
}

/// Asks until the answer is right.
pub async fn eventually(what: &str, mut ask: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !ask() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub fn text(value: &str) -> DbValue {
    DbValue::Str(value.to_owned())
}
