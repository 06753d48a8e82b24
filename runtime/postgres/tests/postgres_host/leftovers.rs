//! What one guest leaves behind, the next one does not find.

use vectra_cluster::{Cluster, Durability, Options};
use vectra_postgres::{DbValue, PostgresOptions, Rollback};

use crate::fixture::{Fixture, eventually, one, open, process, text, value};

#[tokio::test]
async fn the_next_guest_finds_nothing_of_what_was_left_open() {
    for rollback in [Rollback::Always, Rollback::AfterTransactions] {
        nothing_is_found(crate::fixture::with(PostgresOptions {
            connections: 1,
            rollback,
            ..PostgresOptions::default()
        }))
        .await;
    }
}

async fn nothing_is_found(fixture: Fixture) {
    fixture.database.run("CREATE TABLE t (a int)").unwrap();
    let (none, gone) = (DbValue::Int64(0), DbValue::Boolean(true));
    for (left, probe, expected) in [
        (
            &["BEGIN", "INSERT INTO t VALUES (1)"][..],
            "SELECT count(*) FROM t",
            none.clone(),
        ),
        (
            &["BEGIN", "SELECT 1 / 0"],
            "SELECT count(*) FROM t",
            none.clone(),
        ),
        (
            &["BEGIN", "SAVEPOINT s", "INSERT INTO t VALUES (1)"],
            "SELECT count(*) FROM t",
            none,
        ),
        (
            &["SET application_name = 'left'"],
            "SHOW application_name",
            text("vectra"),
        ),
        (
            &["SET statement_timeout = 0"],
            "SHOW statement_timeout",
            text("5s"),
        ),
        (
            &["SELECT set_config('application_name', 'left', false)"],
            "SHOW application_name",
            text("vectra"),
        ),
        (
            &["CREATE TEMP TABLE x (a int)"],
            "SELECT to_regclass('x') IS NULL",
            gone.clone(),
        ),
        (
            &["SELECT 1 AS a INTO TEMP x"],
            "SELECT to_regclass('x') IS NULL",
            gone.clone(),
        ),
        (
            &["PREPARE p AS SELECT 1"],
            "SELECT count(*) = 0 FROM pg_prepared_statements WHERE name = 'p'",
            gone.clone(),
        ),
        (
            &["BEGIN", "DECLARE c CURSOR WITH HOLD FOR SELECT 1", "COMMIT"],
            "SELECT count(*) = 0 FROM pg_cursors WHERE name = 'c'",
            gone.clone(),
        ),
        (
            &["LISTEN l"],
            "SELECT count(*) = 0 FROM pg_listening_channels()",
            gone,
        ),
    ] {
        let mut lent = fixture.pool.connect().await.unwrap();
        for statement in left {
            // One of them fails, as it should.
            let _ = lent.execute(statement, Vec::new()).await;
        }
        drop(lent);
        let mut lent = fixture.pool.connect().await.unwrap();
        assert_eq!(value(&mut lent, probe).await.unwrap(), expected, "{left:?}");
    }
}

#[tokio::test]
async fn a_lock_of_the_session_ends_with_it() {
    let fixture = one();
    let mut lent = fixture.pool.connect().await.unwrap();
    lent.execute("SELECT pg_advisory_lock(7)", Vec::new())
        .await
        .unwrap();
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = \
                 (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(fixture.database.run(locks).unwrap(), "1\n");
    drop(lent);
    eventually("the lock is free", || {
        fixture.database.run(locks).unwrap() == "0\n"
    })
    .await;
}

#[tokio::test]
async fn a_rollback_is_enough_for_the_rest_and_says_nothing_in_the_log() {
    let durability = Durability::Fast;
    let cluster = Cluster::start_with(Options {
        durability,
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
    for statements in [&["SELECT 1"][..], &["BEGIN", "COMMIT"], &["SELECT 1 / 0"]] {
        for statement in statements {
            let _ = lent.execute(statement, Vec::new()).await;
        }
        drop(lent);
        lent = pool.connect().await.unwrap();
        assert_eq!(process(&mut lent).await, first, "{statements:?}");
    }
    let log = cluster.log();
    assert!(log.contains("division by zero"), "{log}");
    assert!(!log.contains("WARNING"), "{log}");
}

#[tokio::test]
async fn a_statement_whose_caller_has_gone_is_cancelled_and_its_connection_closed() {
    let fixture = crate::fixture::with(PostgresOptions {
        connections: 1,
        statement_timeout: std::time::Duration::from_secs(120),
        ..PostgresOptions::default()
    });
    let mut lent = fixture.pool.connect().await.unwrap();
    let first = process(&mut lent).await;
    let running = "SELECT count(*) FROM pg_stat_activity \
                   WHERE query = 'SELECT pg_sleep(100)' AND state = 'active'";
    tokio::select! {
        result = lent.execute("SELECT pg_sleep(100)", Vec::new()) => panic!("{result:?}"),
        () = eventually("it runs", || fixture.database.run(running).unwrap() == "1\n") => {}
    }
    drop(lent);
    eventually("it is cancelled", || {
        fixture.database.run(running).unwrap() == "0\n"
    })
    .await;
    let mut lent = fixture.pool.connect().await.unwrap();
    assert_ne!(process(&mut lent).await, first);
}
