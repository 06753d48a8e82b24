//! Statements stay prepared, but not for ever and not too many.

use vectra_postgres::{DbValue, Error, PostgresOptions};

use crate::fixture::{one, process, value, with};

#[tokio::test]
async fn a_statement_is_prepared_once_by_each_connection() {
    let fixture = one();
    let mut first = DbValue::DbNull;
    for _ in 0..5 {
        let mut lent = fixture.pool.connect().await.unwrap();
        first = process(&mut lent).await;
    }
    let mut lent = fixture.pool.connect().await.unwrap();
    let count = "SELECT count(*) FROM pg_prepared_statements \
                 WHERE statement = 'SELECT pg_backend_pid()'";
    assert_eq!(value(&mut lent, count).await.unwrap(), DbValue::Int64(1));
    assert_eq!(process(&mut lent).await, first);
}

#[tokio::test]
async fn no_more_statements_are_kept_than_allowed() {
    let fixture = with(PostgresOptions {
        connections: 1,
        prepared: 4,
        ..PostgresOptions::default()
    });
    let mut lent = fixture.pool.connect().await.unwrap();
    let first = process(&mut lent).await;
    for number in 0..50 {
        let sql = format!("SELECT {number}");
        assert_eq!(
            value(&mut lent, &sql).await.unwrap(),
            DbValue::Int32(number)
        );
        let kept = value(&mut lent, "SELECT count(*) FROM pg_prepared_statements").await;
        let DbValue::Int64(kept) = kept.unwrap() else {
            panic!()
        };
        assert!(kept <= 5, "{kept}");
    }
    let long = format!("SELECT length('{}')", "x".repeat(100_000));
    assert_eq!(
        value(&mut lent, &long).await.unwrap(),
        DbValue::Int32(100_000)
    );
    assert_eq!(process(&mut lent).await, first);
}

#[tokio::test]
async fn a_table_may_change_under_a_prepared_statement() {
    let fixture = one();
    fixture
        .database
        .run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
        .unwrap();
    let mut lent = fixture.pool.connect().await.unwrap();
    let width = |rows: vectra_postgres::RowSet| (rows.columns.len(), rows.rows[0].len());
    let rows = lent.query("SELECT * FROM t", Vec::new()).await.unwrap();
    assert_eq!(width(rows), (1, 1));

    fixture.database.run("ALTER TABLE t ADD b int").unwrap();
    let rows = lent.query("SELECT * FROM t", Vec::new()).await.unwrap();
    assert_eq!(width(rows), (2, 2));

    // Inside of a transaction the failure has ended it; it is the guest's to begin.
    lent.execute("BEGIN", Vec::new()).await.unwrap();
    fixture.database.run("ALTER TABLE t ADD c int").unwrap();
    let error = lent.query("SELECT * FROM t", Vec::new()).await.unwrap_err();
    let expected = "SqlState(E0A000): cached plan must not change result type";
    assert_eq!(error, Error::QueryFailed(expected.into()));
}

#[tokio::test]
async fn a_statement_that_the_guest_deallocated_is_prepared_again() {
    let fixture = one();
    let mut lent = fixture.pool.connect().await.unwrap();
    value(&mut lent, "SELECT 1").await.unwrap();
    lent.execute("DEALLOCATE ALL", Vec::new()).await.unwrap();
    assert_eq!(
        value(&mut lent, "SELECT 1").await.unwrap(),
        DbValue::Int32(1)
    );
}
