//! What one guest leaves behind, the next one does not find.

use vectra_postgres::{DbValue, PostgresOptions};

use crate::fixture::{eventually, one, process, text, value};

#[tokio::test]
async fn the_next_guest_finds_nothing_of_what_was_left_open() {
    let fixture = one();
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

#[tokio::test]
async fn sessions_wait_for_the_log_and_read_what_is_committed_whatever_the_server_is_set_to() {
    let fixture = one();
    let name = fixture.database.name();
    for setting in [
        "synchronous_commit = off",
        "default_transaction_isolation = serializable",
    ] {
        let statement = format!("ALTER DATABASE \"{name}\" SET {setting}");
        fixture.database.run(&statement).unwrap();
    }
    let mut lent = fixture.pool.connect().await.unwrap();
    for (setting, expected) in [
        ("SHOW synchronous_commit", "on"),
        ("SHOW transaction_isolation", "read committed"),
    ] {
        assert_eq!(
            value(&mut lent, setting).await,
            Ok(text(expected)),
            "{setting}"
        );
    }
}
