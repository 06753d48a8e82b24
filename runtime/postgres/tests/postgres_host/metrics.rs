//! What a database tells those who watch it.

use std::time::Duration;

use vectra_metrics::{Exposition, parse};
use vectra_postgres::{PostgresDatabase, PostgresOptions};

use crate::fixture::{DEADLINE, eventually, one, value, with};

/// A number that must be there.
fn number(pool: &PostgresDatabase, name: &str, labels: &[(&str, &str)]) -> f64 {
    let mut exposition = Exposition::default();
    pool.write_metrics(&mut exposition);
    let parsed = parse(exposition.as_text()).unwrap();
    let value = parsed.value(name, labels);
    value.unwrap_or_else(|| panic!("no {name} in {}", exposition.as_text()))
}

const REFUSED: &str = "vectra_postgres_callers_refused_total";

#[tokio::test]
async fn statements_and_connections_are_counted() {
    let fixture = one();
    let pool = &fixture.pool;
    let mut lent = pool.connect().await.unwrap();
    value(&mut lent, "SELECT 1").await.unwrap();
    value(&mut lent, "SELECT 1 / 0").await.unwrap_err();
    assert_eq!(number(pool, "vectra_postgres_connections_idle", &[]), 0.0);
    // It ends under a statement, and another one is made.
    value(&mut lent, "SELECT pg_terminate_backend(pg_backend_pid())")
        .await
        .unwrap_err();
    drop(lent);
    let mut lent = pool.connect().await.unwrap();
    value(&mut lent, "SELECT 1").await.unwrap();
    drop(lent);
    for (name, count) in [
        ("vectra_postgres_statement_duration_seconds_count", 4.0),
        ("vectra_postgres_statements_failed_total", 2.0),
        ("vectra_postgres_connections_made_total", 2.0),
        ("vectra_postgres_connections_lost_total", 1.0),
        ("vectra_postgres_connections_failed_total", 0.0),
        ("vectra_postgres_connections", 1.0),
        ("vectra_postgres_connections_idle", 1.0),
        ("vectra_postgres_connections_limit", 1.0),
    ] {
        assert_eq!(number(pool, name, &[]), count, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_wait_or_are_refused_are_seen() {
    let fixture = with(PostgresOptions {
        connections: 1,
        waiting: 0,
        patience: Duration::from_millis(500),
        ..PostgresOptions::default()
    });
    let pool = &fixture.pool;
    let held = pool.connect().await.unwrap();
    let watching = eventually("one waits", || {
        number(pool, "vectra_postgres_callers_waiting", &[]) == 1.0
    });
    let ((), waited) = tokio::join!(
        async {
            watching.await;
            // Beyond those who may wait.
            pool.connect().await.err().unwrap();
        },
        tokio::time::timeout(DEADLINE, pool.connect()),
    );
    assert!(waited.unwrap().is_err());
    drop(held);
    for reason in ["queue-full", "failed"] {
        assert_eq!(
            number(pool, REFUSED, &[("reason", reason)]),
            1.0,
            "{reason}"
        );
    }
    assert_eq!(number(pool, "vectra_postgres_callers_waiting", &[]), 0.0);
}
