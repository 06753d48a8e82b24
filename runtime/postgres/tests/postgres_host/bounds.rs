//! Every wait ends, every result is bounded.

use std::time::{Duration, Instant};

use vectra_postgres::{DbValue, Error, ParameterValue, PostgresOptions};

use crate::fixture::{DEADLINE, one, process, value, with};

#[tokio::test]
async fn an_exhausted_pool_says_so_in_time_and_recovers() {
    let fixture = with(PostgresOptions {
        connections: 2,
        patience: Duration::from_millis(200),
        ..PostgresOptions::default()
    });
    let held = (
        fixture.pool.connect().await.unwrap(),
        fixture.pool.connect().await.unwrap(),
    );
    let began = Instant::now();
    let error = fixture.pool.connect().await.err().unwrap();
    let expected = "busy: no connection became free in time";
    assert_eq!(error, Error::ConnectionFailed(expected.into()));
    assert!(began.elapsed() >= Duration::from_millis(200));
    assert!(began.elapsed() < DEADLINE);
    drop(held);
    value(&mut fixture.pool.connect().await.unwrap(), "SELECT 1")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_caller_beyond_those_who_may_wait_fails_at_once() {
    let fixture = with(PostgresOptions {
        connections: 1,
        waiting: 0,
        patience: DEADLINE,
        ..PostgresOptions::default()
    });
    let held = fixture.pool.connect().await.unwrap();
    let (waiting, beyond) = tokio::join!(
        tokio::time::timeout(Duration::from_millis(200), fixture.pool.connect()),
        fixture.pool.connect(),
    );
    assert!(waiting.is_err(), "the first waits");
    let expected = "busy: too many callers wait for a connection";
    assert_eq!(beyond.err(), Some(Error::ConnectionFailed(expected.into())));
    drop(held);
    value(&mut fixture.pool.connect().await.unwrap(), "SELECT 1")
        .await
        .unwrap();
}

#[tokio::test]
async fn many_callers_share_few_connections() {
    let fixture = with(PostgresOptions {
        connections: 3,
        ..PostgresOptions::default()
    });
    fixture.database.run("CREATE TABLE t (a bigint)").unwrap();
    let pool = std::sync::Arc::new(fixture.pool);
    let callers: Vec<_> = (0..100)
        .map(|number| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut lent = pool.connect().await?;
                let parameters = vec![ParameterValue::Int64(number)];
                lent.execute("INSERT INTO t VALUES ($1)", parameters).await
            })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Ok(1));
    }
    assert_eq!(
        fixture
            .database
            .run("SELECT count(DISTINCT a) FROM t")
            .unwrap(),
        "100\n"
    );
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_stopped_by_the_server() {
    let fixture = with(PostgresOptions {
        connections: 1,
        statement_timeout: Duration::from_millis(200),
        ..PostgresOptions::default()
    });
    let mut lent = fixture.pool.connect().await.unwrap();
    let first = process(&mut lent).await;
    let error = value(&mut lent, "SELECT pg_sleep(60)").await.unwrap_err();
    let expected = "SqlState(E57014): canceling statement due to statement timeout";
    assert_eq!(error, Error::QueryFailed(expected.into()));
    assert_eq!(process(&mut lent).await, first);
}

#[tokio::test]
async fn a_server_that_does_not_stop_it_is_left() {
    let fixture = with(PostgresOptions {
        connections: 1,
        statement_timeout: Duration::from_millis(200),
        ..PostgresOptions::default()
    });
    let mut lent = fixture.pool.connect().await.unwrap();
    lent.execute("SET statement_timeout = 0", Vec::new())
        .await
        .unwrap();
    let error = value(&mut lent, "SELECT pg_sleep(60)").await.unwrap_err();
    let expected = "outcome unknown: no answer in time";
    assert_eq!(error, Error::QueryFailed(expected.into()));
    let error = value(&mut lent, "SELECT 1").await.unwrap_err();
    assert_eq!(
        error,
        Error::ConnectionFailed("the connection is closed".into())
    );
    drop(lent);
    value(&mut fixture.pool.connect().await.unwrap(), "SELECT 1")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_result_that_is_too_large_is_refused_while_it_arrives() {
    let fixture = with(PostgresOptions {
        connections: 1,
        rows: 100,
        bytes: 1 << 20,
        ..PostgresOptions::default()
    });
    fixture.database.run("CREATE TABLE t (a int)").unwrap();
    for (sql, expected) in [
        ("SELECT generate_series(1, 100)", None),
        (
            "SELECT generate_series(1, 101)",
            Some("the result has more than 100 rows"),
        ),
        (
            "SELECT generate_series(1, 1000000000)",
            Some("the result has more than 100 rows"),
        ),
        ("SELECT repeat('x', 1000000)", None),
        (
            "SELECT repeat('x', 2000000)",
            Some("the result has more than 1048576 bytes"),
        ),
        (
            "INSERT INTO t SELECT generate_series(1, 101) RETURNING a",
            Some("outcome unknown: the result has more than 100 rows"),
        ),
    ] {
        let mut lent = fixture.pool.connect().await.unwrap();
        let error = lent.query(sql, Vec::new()).await.err();
        let expected = expected.map(|text| Error::QueryFailed(text.into()));
        assert_eq!(error, expected, "{sql}");
    }
    // Rows that nobody asked for are not held.
    let mut lent = fixture.pool.connect().await.unwrap();
    let count = lent
        .execute("SELECT generate_series(1, 5000)", Vec::new())
        .await;
    assert_eq!(count, Ok(5000));
}

#[tokio::test]
async fn parameters_that_are_too_large_are_refused() {
    let fixture = with(PostgresOptions {
        bytes: 1000,
        ..PostgresOptions::default()
    });
    let mut lent = fixture.pool.connect().await.unwrap();
    let parameters = vec![ParameterValue::Str("x".repeat(1001))];
    let error = lent
        .query("SELECT length($1)", parameters)
        .await
        .unwrap_err();
    let expected = "the parameters have more than 1000 bytes";
    assert_eq!(error, Error::BadParameter(expected.into()));
}

#[tokio::test]
async fn one_connection_serves_one_guest_after_the_other() {
    let fixture = one();
    for number in 0..50 {
        let mut lent = fixture.pool.connect().await.unwrap();
        let rows = lent
            .query("SELECT $1::int4", vec![ParameterValue::Int32(number)])
            .await;
        assert_eq!(rows.unwrap().rows, [[DbValue::Int32(number)]]);
    }
}
