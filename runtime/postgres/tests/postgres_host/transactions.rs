//! A transaction that was left open is rolled back, by what the server says about it and
//! not by what the statements look like; where there is none, nothing is sent.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use vectra_cluster::{Cluster, Durability, Options};
use vectra_postgres::{DbValue, ParameterValue, PostgresOptions};

use crate::fixture::{one, open, process, value, with};

const INSERT: &str = "INSERT INTO t VALUES (1)";

#[tokio::test]
async fn a_transaction_is_rolled_back_however_it_was_opened() {
    let fixture = one();
    fixture.database.run("CREATE TABLE t (a int)").unwrap();
    for (left, is_kept) in [
        (&["BEGIN", INSERT][..], true),
        (&["/* /* */ SELECT */ BEGIN", INSERT], true),
        (
            &["/* SELECT */ -- SELECT\r START TRANSACTION", INSERT],
            true,
        ),
        (&["--\rBEGIN/*\nSELECT */", INSERT], true),
        // Two statements that seem to end it.
        (&["BEGIN", "COMMIT AND CHAIN", INSERT], true),
        (&["BEGIN", "ROLLBACK AND CHAIN", INSERT], true),
        (&["BEGIN", INSERT, "SELECT 1 / 0"], true),
        (&["BEGIN", INSERT, "SELECT missing"], true),
        (&["BEGIN", INSERT, "SELECT 1 / 0", "COMMIT", "BEGIN"], true),
        (&["BEGIN", INSERT, "SAVEPOINT s", "SELECT 1 / 0"], true),
        // These look like anything else, which ends with the connection.
        (&[";BEGIN", INSERT], false),
        (&["\u{feff}BEGIN", "BEGIN", INSERT], false),
    ] {
        let mut lent = fixture.pool.connect().await.unwrap();
        let first = process(&mut lent).await;
        for statement in left {
            let _ = lent.execute(statement, Vec::new()).await;
        }
        drop(lent);

        let mut lent = fixture.pool.connect().await.unwrap();
        assert_eq!(process(&mut lent).await == first, is_kept, "{left:?}");
        // Others see it at once, so there is no transaction around it.
        lent.execute("INSERT INTO t VALUES (2)", Vec::new())
            .await
            .unwrap();
        let rows = fixture.database.run("DELETE FROM t RETURNING a").unwrap();
        assert_eq!(rows, "2\n", "{left:?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_where_there_is_no_transaction() {
    let cluster = Cluster::start_with(Options {
        durability: Durability::Fast,
        settings: vec![("log_statement".into(), "all".into())],
        ..Options::default()
    })
    .unwrap();
    let pool = open(
        &cluster.url(),
        PostgresOptions {
            connections: 1,
            ..PostgresOptions::default()
        },
    );
    let mut lent = pool.connect().await.unwrap();
    let first = process(&mut lent).await;
    let mut rollbacks = 0;
    for (left, sent) in [
        (&["SELECT 1"][..], 0),
        (&["BEGIN", "COMMIT"], 0),
        (&["BEGIN", "SELECT 1 / 0", "COMMIT"], 0),
        (&["SELECT 1 / 0"], 0),
        (&["SELECT missing"], 0),
        (&["SELECT 1 / 0", "SELECT 1"], 0),
        (&["COMMIT AND CHAIN"], 0),
        (&[], 0),
        (&["BEGIN"], 1),
        (&["BEGIN", "SELECT 1 / 0"], 1),
    ] {
        for statement in left {
            let _ = lent.execute(statement, Vec::new()).await;
        }
        drop(lent);
        lent = pool.connect().await.unwrap();
        assert_eq!(process(&mut lent).await, first, "{left:?}");
        rollbacks += sent;
        let log = cluster.log();
        assert_eq!(log.matches(": ROLLBACK").count(), rollbacks, "{left:?}");
    }
    let log = cluster.log();
    assert!(log.contains("division by zero"), "{log}");
    assert!(!log.contains("WARNING"), "{log}");
}

#[tokio::test]
async fn a_clean_connection_is_lent_again_at_once() {
    let fixture = one();
    // A connection that has been idle for long is asked first: that may happen here too
    // if the machine is slow, but not each time.
    for _ in 0..50 {
        let mut lent = fixture.pool.connect().await.unwrap();
        lent.execute("SELECT 1", Vec::new()).await.unwrap();
        drop(lent);
        if timeout(Duration::ZERO, fixture.pool.connect())
            .await
            .is_ok()
        {
            return;
        }
    }
    panic!("it is never there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_guest_is_in_the_transaction_of_another_one() {
    const GUESTS: i32 = 400;
    let fixture = with(PostgresOptions {
        connections: 4,
        ..PostgresOptions::default()
    });
    let schema = "CREATE TABLE t (a int PRIMARY KEY, b xid8 DEFAULT pg_current_xact_id())";
    fixture.database.run(schema).unwrap();
    let pool = Arc::new(fixture.pool);
    let guests: Vec<_> = (0..GUESTS)
        .map(|number| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut lent = pool.connect().await.unwrap();
                let begin = ["BEGIN", "SELECT 1", "SELECT 1 / 0"][number as usize % 3];
                let _ = lent.execute(begin, Vec::new()).await;
                let parameters = vec![ParameterValue::Int32(number)];
                let insert = "INSERT INTO t (a) VALUES ($1)";
                assert_eq!(lent.execute(insert, parameters).await, Ok(1));
                // Some leave a failure behind, also in the open transaction.
                if number % 2 == 0 {
                    assert!(lent.execute("SELECT 1 / 0", Vec::new()).await.is_err());
                }
            })
        })
        .collect();
    for guest in guests {
        guest.await.unwrap();
    }
    let mut lent = pool.connect().await.unwrap();
    let kept = "SELECT count(*) = count(DISTINCT b) AND bool_and(a % 3 <> 0) FROM t";
    assert_eq!(value(&mut lent, kept).await, Ok(DbValue::Boolean(true)));
    let expected = i64::from((0..GUESTS).filter(|number| number % 3 != 0).count() as i32);
    let count = value(&mut lent, "SELECT count(*) FROM t").await;
    assert_eq!(count, Ok(DbValue::Int64(expected)));
}
