//! Statements that share a commit.

use vectra_sqlite::{Error, QueryResult, Value};

use crate::fixture::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_concurrent_writers_all_land() {
    let db = std::sync::Arc::new(Fixture::new());
    db.run("CREATE TABLE t (v INTEGER PRIMARY KEY)", vec![])
        .await
        .unwrap();
    let writers: Vec<_> = (0..200)
        .map(|n| {
            let db = db.clone();
            tokio::spawn(async move {
                db.run("INSERT INTO t VALUES (?1)", vec![Value::Integer(n)])
                    .await
                    .unwrap();
                // What was answered is there.
                db.number(&format!("SELECT v FROM t WHERE v = {n}")).await
            })
        })
        .collect();
    for (n, writer) in (0..).zip(writers) {
        assert_eq!(writer.await.unwrap(), n);
    }
    assert_eq!(db.number("SELECT count(*) FROM t").await, 200);
}

/// Runs statements so that they share a group: the first keeps the writer busy.
async fn group(db: &Fixture, statements: &[&str]) -> Vec<Result<QueryResult, Error>> {
    let slow = "INSERT INTO slow WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n";
    db.run("CREATE TABLE IF NOT EXISTS slow (v)", vec![])
        .await
        .unwrap();
    let mut all: Vec<_> = std::iter::once(&slow)
        .chain(statements)
        .map(|sql| Box::pin(db.run(sql, vec![])))
        .collect();
    let mut results: Vec<_> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, result) in all.iter_mut().zip(results.iter_mut()) {
            if result.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(cx)
            {
                *result = Some(ready);
            }
        }
        match results.iter().all(Option::is_some) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    results.into_iter().flatten().skip(1).collect()
}

#[tokio::test]
async fn a_broken_statement_does_not_harm_the_others_of_its_group() {
    for (broken, part) in [
        ("INSERT INTO t VALUES (1)", "UNIQUE"),
        ("INSERT INTO missing VALUES (1)", "no such table"),
        ("INSERT OR ROLLBACK INTO t VALUES (1)", "UNIQUE"),
        (
            "INSERT INTO t SELECT 7 FROM (SELECT 1 UNION ALL SELECT 1)",
            "UNIQUE",
        ),
        ("INSERT INTO child VALUES (99)", "FOREIGN KEY"),
        ("INSERT INTO late VALUES (99)", "FOREIGN KEY"),
    ] {
        let db = Fixture::new();
        for sql in [
            "CREATE TABLE t (c UNIQUE)",
            "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
            "CREATE TABLE child (id REFERENCES parent)",
            "CREATE TABLE late (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
            "INSERT INTO t VALUES (1)",
        ] {
            db.run(sql, vec![]).await.unwrap();
        }
        let results = group(
            &db,
            &[
                "INSERT INTO t VALUES (2)",
                broken,
                "INSERT INTO t VALUES (3)",
            ],
        )
        .await;
        assert!(
            results[0].is_ok() && results[2].is_ok(),
            "{broken}: {results:?}"
        );
        assert!(
            format!("{:?}", results[1]).contains(part),
            "{broken}: {results:?}"
        );
        assert_eq!(db.number("SELECT count(*) FROM t").await, 3, "{broken}");
        assert_eq!(db.number("SELECT count(*) FROM slow").await, 1, "{broken}");
    }
}
