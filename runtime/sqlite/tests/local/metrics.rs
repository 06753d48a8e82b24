//! What a database tells those who watch it.

use std::time::Duration;

use vectra_metrics::{Exposition, Parsed, parse};
use vectra_sqlite::{LocalDatabase, LocalOptions};

use crate::fixture::Fixture;

fn read(database: &LocalDatabase) -> Parsed {
    let mut exposition = Exposition::default();
    database.write_metrics(&mut exposition);
    parse(exposition.as_text()).unwrap()
}

#[tokio::test]
async fn statements_are_counted_by_kind_and_rows_with_them() {
    let db = Fixture::new();
    for sql in [
        "CREATE TABLE t (v UNIQUE)",
        "INSERT INTO t VALUES (1), (2)",
        "UPDATE t SET v = v + 10",
        "SELECT v FROM t",
    ] {
        db.run(sql, vec![]).await.unwrap();
    }
    db.run("INSERT INTO t VALUES (11)", vec![])
        .await
        .unwrap_err();
    let parsed = read(&db.database);
    let duration = "vectra_sqlite_statement_duration_seconds_count";
    for (name, labels, value) in [
        (duration, vec![("kind", "read")], 1.0),
        (duration, vec![("kind", "write")], 4.0),
        ("vectra_sqlite_rows_total", vec![("kind", "read")], 2.0),
        ("vectra_sqlite_rows_total", vec![("kind", "changed")], 4.0),
        ("vectra_sqlite_statements_failed_total", vec![], 1.0),
        ("vectra_sqlite_statements_busy_total", vec![], 0.0),
        ("vectra_sqlite_queue_length", vec![("kind", "write")], 0.0),
    ] {
        assert_eq!(
            parsed.value(name, &labels),
            Some(value),
            "{name} {labels:?}"
        );
    }
}

#[tokio::test]
async fn who_waits_and_who_waited_in_vain_is_seen() {
    let db = Fixture::with(LocalOptions {
        patience: Duration::from_millis(500),
        ..LocalOptions::default()
    });
    db.run("CREATE TABLE t (v)", vec![]).await.unwrap();
    let held = db.begin("BEGIN IMMEDIATE").await;
    let write = || db.run("INSERT INTO t VALUES (1)", vec![]);
    let waiting = async {
        // The writer takes the first, and waits with it for its turn.
        while read(&db.database).value("vectra_sqlite_queue_length", &[("kind", "write")])
            < Some(1.0)
        {
            tokio::task::yield_now().await;
        }
    };
    let (one, other, ()) = tokio::join!(write(), write(), waiting);
    drop(held);
    let refused = [one, other].iter().filter(|result| result.is_err()).count();
    let busy = read(&db.database).value("vectra_sqlite_statements_busy_total", &[]);
    assert_eq!(busy, Some(refused as f64));
}
