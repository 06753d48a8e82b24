//! Transactions that a guest opens.

use std::future::Future;
use std::task::Poll;
use std::time::{Duration, Instant};

use vectra_sqlite::{Database, Error, LocalOptions};

use crate::fixture::{Fixture, first, message, step, until};

async fn with_table(options: LocalOptions) -> Fixture {
    let db = Fixture::with(options);
    db.run("CREATE TABLE t (v UNIQUE)", vec![]).await.unwrap();
    db
}

const COUNT: &str = "SELECT count(*) FROM t";

#[tokio::test]
async fn a_transaction_is_there_as_a_whole_once_it_is_committed() {
    for (begin, end) in [
        ("BEGIN", "COMMIT"),
        ("BEGIN IMMEDIATE", "END TRANSACTION"),
        ("BEGIN EXCLUSIVE", "COMMIT"),
        ("SAVEPOINT a", "RELEASE a"),
    ] {
        let db = with_table(LocalOptions::default()).await;
        let mut own = db.begin(begin).await;
        for n in 0..3 {
            step(&mut own, &format!("INSERT INTO t VALUES ({n})"))
                .await
                .unwrap();
            assert_eq!(first(&step(&mut own, COUNT).await.unwrap()), n + 1);
            assert_eq!(db.number(COUNT).await, 0, "others see it");
        }
        step(&mut own, end).await.unwrap();
        assert!(!own.is_open(), "{begin}");
        assert_eq!(db.number(COUNT).await, 3, "{begin}");
    }
}

#[tokio::test]
async fn what_is_rolled_back_or_dropped_is_not_there_and_others_write_again() {
    let db = with_table(LocalOptions::default()).await;
    for end in [Some("ROLLBACK"), Some("ROLLBACK TRANSACTION"), None] {
        let mut own = db.begin("BEGIN").await;
        step(&mut own, "INSERT INTO t VALUES (1)").await.unwrap();
        match end {
            Some(end) => {
                step(&mut own, end).await.unwrap();
                assert!(!own.is_open());
            }
            None => drop(own),
        }
        let begun = Instant::now();
        db.run("INSERT INTO t VALUES (1)", vec![]).await.unwrap();
        db.run("DELETE FROM t", vec![]).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(3), "{end:?}");
    }
}

#[tokio::test]
async fn savepoints_nest_and_a_failed_statement_undoes_only_itself() {
    let db = with_table(LocalOptions::default()).await;
    let mut own = db.begin("BEGIN IMMEDIATE").await;
    for (sql, is_done) in [
        ("INSERT INTO t VALUES (1)", true),
        ("SAVEPOINT inner", true),
        ("INSERT INTO t VALUES (2)", true),
        ("INSERT INTO t VALUES (1)", false),
        ("BEGIN", false),
        ("ATTACH 'x' AS x", false),
        ("PRAGMA synchronous = OFF", false),
        ("INSERT INTO t VALUES (3); COMMIT", false),
        ("ROLLBACK TO inner", true),
        ("RELEASE inner", true),
        ("INSERT INTO t VALUES (4)", true),
        ("COMMIT", true),
    ] {
        assert_eq!(step(&mut own, sql).await.is_ok(), is_done, "{sql}");
    }
    let rows = db.number("SELECT sum(v) FROM t").await;
    assert_eq!(rows, 5);
}

#[tokio::test]
async fn there_is_nothing_to_end_outside_of_a_transaction() {
    let db = with_table(LocalOptions::default()).await;
    for sql in ["COMMIT", "ROLLBACK", "RELEASE a", "BEGIN"] {
        let failed = message(db.run(sql, vec![]).await);
        assert!(failed.contains("no transaction"), "{sql}: {failed}");
    }
    for sql in ["BEGIN; COMMIT", "BEGIN nonsense", "SAVEPOINT"] {
        assert!(
            db.database.begin(sql.into(), vec![]).await.is_err(),
            "{sql}"
        );
    }
    // None of them is still open.
    db.run("INSERT INTO t VALUES (1)", vec![]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_open_for_too_long_is_rolled_back_and_its_guest_told() {
    let patience = Duration::from_millis(500);
    let db = with_table(LocalOptions {
        patience,
        ..LocalOptions::default()
    })
    .await;
    let mut own = db.begin("BEGIN IMMEDIATE").await;
    step(&mut own, "INSERT INTO t VALUES (1)").await.unwrap();
    // The writer does not wait for ever, and then goes on.
    let begun = Instant::now();
    let mut answers = Vec::new();
    while db
        .run("INSERT INTO t VALUES (2)", vec![])
        .await
        .map_err(|error| answers.push(error))
        .is_err()
    {
        assert!(begun.elapsed() < 4 * patience, "{answers:?}");
    }
    for answer in answers {
        assert!(message(Err(answer)).starts_with("busy: "));
    }
    // Whatever the guest does next, it cannot take its other half for the whole.
    let failed = message(step(&mut own, "INSERT INTO t VALUES (3)").await);
    assert!(failed.contains("was rolled back"), "{failed}");
    assert!(message(step(&mut own, COUNT).await).contains("was rolled back"));
    assert!(own.is_open());
    let mut other = db.begin("BEGIN").await;
    let begun = Instant::now();
    until("it is over", || begun.elapsed() > 2 * patience).await;
    assert!(message(step(&mut other, "COMMIT").await).contains("was rolled back"));
    assert!(!other.is_open());
    step(&mut own, "ROLLBACK").await.unwrap();
    assert!(!own.is_open());
    assert_eq!(db.number("SELECT v FROM t").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_in_a_transaction_is_stopped_when_its_time_is_up() {
    let db = with_table(LocalOptions {
        patience: Duration::from_millis(400),
        ..LocalOptions::default()
    })
    .await;
    let mut own = db.begin("BEGIN").await;
    let begun = Instant::now();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO t SELECT max(i) FROM n";
    let failed = message(step(&mut own, endless).await);
    assert_eq!(failed, "the statement took too long");
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert!(message(step(&mut own, "COMMIT").await).contains("rolled back"));
    db.run("INSERT INTO t VALUES (1)", vec![]).await.unwrap();
}

#[tokio::test]
async fn there_are_only_so_many_at_once() {
    let db = with_table(LocalOptions {
        transactions: 2,
        ..LocalOptions::default()
    })
    .await;
    let (first, _second) = (db.begin("BEGIN").await, db.begin("BEGIN").await);
    let mut third = Box::pin(db.begin("BEGIN"));
    let waits = std::future::poll_fn(|cx| Poll::Ready(third.as_mut().poll(cx).is_pending()));
    assert!(waits.await);
    drop(first);
    third.await;
    // With none to be had it is refused.
    let none = with_table(LocalOptions {
        transactions: 0,
        patience: Duration::from_millis(100),
        ..LocalOptions::default()
    })
    .await;
    match none.database.begin("BEGIN".into(), vec![]).await {
        Err(Error::Io(message)) => assert_eq!(message, "busy: too many transactions are open"),
        other => panic!("{:?}", other.map(|_| ())),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_and_single_statements_take_turns_fairly() {
    let db = std::sync::Arc::new(with_table(LocalOptions::default()).await);
    db.run("CREATE TABLE many (v)", vec![]).await.unwrap();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writers: Vec<_> = (0..16)
        .map(|_| {
            let (db, stop) = (db.clone(), stop.clone());
            tokio::spawn(async move {
                let mut done = 0;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    db.run("INSERT INTO many VALUES (1)", vec![]).await.unwrap();
                    done += 1;
                }
                done
            })
        })
        .collect();
    for n in 0..20 {
        let mut own = db.begin("BEGIN IMMEDIATE").await;
        step(&mut own, &format!("INSERT INTO t VALUES ({n})"))
            .await
            .unwrap();
        step(&mut own, "COMMIT").await.unwrap();
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut done = 0;
    for writer in writers {
        done += writer.await.unwrap();
    }
    assert_eq!(db.number(COUNT).await, 20);
    assert_eq!(db.number("SELECT count(*) FROM many").await, done);
    assert_eq!(db.database.statistics().transactions, 20);
}

#[tokio::test]
async fn one_that_read_before_another_wrote_cannot_write() {
    let db = with_table(LocalOptions::default()).await;
    let mut own = db.begin("BEGIN").await;
    assert_eq!(first(&step(&mut own, COUNT).await.unwrap()), 0);
    db.run("INSERT INTO t VALUES (1)", vec![]).await.unwrap();
    let failed = message(step(&mut own, "INSERT INTO t VALUES (2)").await);
    assert_eq!(failed, "busy: database is locked");
    // What it reads stays as it was.
    assert_eq!(first(&step(&mut own, COUNT).await.unwrap()), 0);
    step(&mut own, "ROLLBACK").await.unwrap();
    assert_eq!(db.number(COUNT).await, 1);
}

#[tokio::test]
async fn one_that_sqlite_rolls_back_stays_so_until_its_guest_notices() {
    let db = with_table(LocalOptions::default()).await;
    db.run("INSERT INTO t VALUES (1)", vec![]).await.unwrap();
    let mut own = db.begin("BEGIN").await;
    step(&mut own, "INSERT INTO t VALUES (2)").await.unwrap();
    let failed = message(step(&mut own, "INSERT OR ROLLBACK INTO t VALUES (1)").await);
    assert_eq!(failed, "UNIQUE constraint failed: t.v");
    let failed = message(step(&mut own, "INSERT INTO t VALUES (3)").await);
    assert_eq!(
        failed,
        "the transaction was rolled back: UNIQUE constraint failed: t.v"
    );
    assert!(step(&mut own, "COMMIT").await.is_err());
    assert!(!own.is_open());
    assert_eq!(db.number(COUNT).await, 1);
}
