//! Single statements: what they may do, what they give, how they are bounded.

use std::time::{Duration, Instant};

use vectra_sqlite::{Database, LocalDatabase, LocalOptions, Synchronous, Value};

use crate::fixture::{Fixture, first, message, step};

#[tokio::test]
async fn the_file_is_in_wal_mode_durable_and_checks_foreign_keys() {
    let db = Fixture::new();
    let mode = db.run("PRAGMA journal_mode", vec![]).await.unwrap();
    assert!(matches!(&mode.rows[0].values[0], Value::Text(mode) if mode == "wal"));
    assert_eq!(db.number("PRAGMA synchronous").await, 2);
    assert_eq!(db.number("PRAGMA foreign_keys").await, 1);
    assert!(db.folder.path().join("test.db-wal").exists());
}

#[tokio::test]
async fn normal_is_a_choice() {
    let db = Fixture::with(LocalOptions {
        synchronous: Synchronous::Normal,
        ..LocalOptions::default()
    });
    let mut own = db.begin("BEGIN IMMEDIATE").await;
    assert_eq!(
        first(&step(&mut own, "PRAGMA synchronous").await.unwrap()),
        1
    );
    drop(own);
    assert_eq!(db.number("PRAGMA synchronous").await, 1);
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let db = Fixture::new();
    db.run("CREATE TABLE t (v)", vec![]).await.unwrap();
    for name in ["test.db", "test.db-wal", "test.db-shm"] {
        let mode = db
            .folder
            .path()
            .join(name)
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn every_value_comes_back_as_it_was() {
    let db = Fixture::new();
    db.run("CREATE TABLE t (v)", vec![]).await.unwrap();
    for value in [
        Value::Null,
        Value::Integer(i64::MIN),
        Value::Integer(i64::MAX),
        Value::Real(-0.1),
        Value::Real(f64::INFINITY),
        Value::Text(String::new()),
        Value::Text("häß 🦀".into()),
        Value::Blob(vec![]),
        Value::Blob(vec![0, 255, 0]),
    ] {
        let result = db.run("SELECT ?1 AS v", vec![value.clone()]).await.unwrap();
        assert_eq!(result.columns, ["v"]);
        assert_eq!(
            format!("{:?}", result.rows[0].values),
            format!("{:?}", [value])
        );
    }
}

#[tokio::test]
async fn values_that_would_change_silently_are_refused() {
    let db = Fixture::new();
    for (value, part) in [
        (Value::Real(f64::NAN), "NaN"),
        (Value::Text("a\0b".into()), "U+0000"),
    ] {
        assert!(message(db.run("SELECT ?1", vec![value]).await).contains(part));
    }
    for parameters in [vec![], vec![Value::Null, Value::Null]] {
        assert!(message(db.run("SELECT ?1", parameters).await).contains("takes 1 parameters"));
    }
}

#[tokio::test]
async fn text_that_is_not_utf8_is_an_error_and_no_crash() {
    let db = Fixture::new();
    for _ in 0..3 {
        assert!(
            message(db.run("SELECT CAST(x'ff' AS TEXT)", vec![]).await).contains("not valid text")
        );
    }
    assert_eq!(db.number("SELECT 1").await, 1);
}

#[tokio::test]
async fn a_read_sees_what_was_written_before_it() {
    let db = Fixture::new();
    db.run("CREATE TABLE t (v)", vec![]).await.unwrap();
    for n in 1..=50 {
        db.run("INSERT INTO t VALUES (?1)", vec![Value::Integer(n)])
            .await
            .unwrap();
        assert_eq!(db.number("SELECT max(v) FROM t").await, n);
    }
}

#[tokio::test]
async fn sqlites_message_passes_unchanged() {
    let db = Fixture::new();
    db.run("CREATE TABLE t (c UNIQUE)", vec![]).await.unwrap();
    db.run("INSERT INTO t VALUES (1)", vec![]).await.unwrap();
    let failed = db.run("INSERT INTO t VALUES (1)", vec![]).await;
    assert_eq!(message(failed), "UNIQUE constraint failed: t.c");
}

#[tokio::test]
async fn a_statement_whose_result_is_too_large_changes_nothing() {
    let db = Fixture::with(LocalOptions {
        rows: 10,
        bytes: 1 << 20,
        ..LocalOptions::default()
    });
    db.run("CREATE TABLE t (v)", vec![]).await.unwrap();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 11) ";
    let read = db
        .run(&format!("SELECT * FROM ({many} SELECT i FROM n)"), vec![])
        .await;
    assert!(message(read).contains("more than 10 rows"));
    let wrote = db
        .run(
            &format!("{many} INSERT INTO t SELECT i FROM n RETURNING v"),
            vec![],
        )
        .await;
    assert!(message(wrote).contains("more than 10 rows"));
    assert_eq!(db.number("SELECT count(*) FROM t").await, 0);
    let large = db.run("SELECT zeroblob(2000000)", vec![]).await;
    assert!(message(large).contains("bytes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_runs_too_long_is_stopped_and_others_go_on() {
    let patience = Duration::from_millis(300);
    let db = Fixture::with(LocalOptions {
        patience,
        readers: 1,
        ..LocalOptions::default()
    });
    db.run("CREATE TABLE t (v)", vec![]).await.unwrap();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) ";
    for sql in [
        format!("SELECT max(i) FROM ({endless} SELECT i FROM n)"),
        format!("{endless} INSERT INTO t SELECT max(i) FROM n"),
    ] {
        let begun = Instant::now();
        let failed = message(db.run(&sql, vec![]).await);
        assert!(
            failed.contains("too long") || failed.contains("busy"),
            "{failed}"
        );
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    db.run("INSERT INTO t VALUES (1)", vec![]).await.unwrap();
    assert_eq!(db.number("SELECT count(*) FROM t").await, 1);
}

#[tokio::test]
async fn a_select_cannot_write_and_no_pragma_can_be_smuggled_in() {
    let db = Fixture::new();
    for sql in [
        "SELECT * FROM pragma_database_list",
        "CREATE VIEW v AS SELECT * FROM pragma_database_list",
        "ATTACH ':memory:' AS x",
        "/* */ attach database 'x' AS x",
        "EXPLAIN ATTACH 'x' AS x",
        "VACUUM",
        "VACUUM INTO 'copy.db'",
        "PRAGMA synchronous = OFF",
        "PRAGMA main.journal_mode(DELETE)",
        "PRAGMA wal_checkpoint",
        "PRAGMA writable_schema = ON",
        "SELECT load_extension('x')",
        "SELECT load_extension('x', 'y')",
        "CREATE TEMP TABLE v AS SELECT 1",
        "CREATE TEMP VIEW v AS SELECT 1",
        "SELECT 1; SELECT 2",
    ] {
        let made = db.run(sql, vec![]).await;
        let used = match made {
            Ok(_) => db.run("SELECT * FROM v", vec![]).await,
            failed => failed,
        };
        assert!(used.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn changes_and_rowid_are_told() {
    let db = Fixture::new();
    let run = |sql: &str| db.database.execute(sql.to_owned(), vec![]);
    assert_eq!(run("CREATE TABLE t (v)").await.unwrap().changed, None);
    let changed = run("INSERT INTO t VALUES (1), (2)")
        .await
        .unwrap()
        .changed
        .unwrap();
    assert_eq!((changed.rows, changed.last_insert_rowid), (2, 2));
    let changed = run("UPDATE t SET v = 3").await.unwrap().changed.unwrap();
    assert_eq!(changed.rows, 2);
    assert_eq!(run("SELECT 1").await.unwrap().changed, None);
}

#[tokio::test]
async fn a_prepared_statement_survives_a_change_of_the_schema() {
    let db = Fixture::with(LocalOptions {
        prepared: 2,
        ..LocalOptions::default()
    });
    db.run("CREATE TABLE t (a)", vec![]).await.unwrap();
    db.run("INSERT INTO t VALUES (1)", vec![]).await.unwrap();
    assert_eq!(
        db.run("SELECT * FROM t", vec![]).await.unwrap().columns,
        ["a"]
    );
    db.run("ALTER TABLE t ADD COLUMN b", vec![]).await.unwrap();
    let result = db.run("SELECT * FROM t", vec![]).await.unwrap();
    assert_eq!(result.columns, ["a", "b"]);
    assert_eq!(result.rows[0].values.len(), 2);
    for n in 0..10 {
        assert_eq!(db.number(&format!("SELECT {n}")).await, n);
    }
}

#[tokio::test]
async fn compiled_statements_are_used_again_and_kept_up_to_a_number() {
    let db = Fixture::with(LocalOptions {
        prepared: 3,
        readers: 1,
        ..LocalOptions::default()
    });
    for _ in 0..10 {
        assert_eq!(db.number("SELECT 1").await, 1);
    }
    let counted = db.database.statistics();
    assert_eq!((counted.compiled, counted.reused, counted.kept), (1, 9, 1));
    for n in 0..100 {
        assert_eq!(db.number(&format!("SELECT {n}")).await, n);
    }
    let counted = db.database.statistics();
    assert_eq!((counted.compiled, counted.kept), (100, 3));
    // One that is very long is not kept.
    let long = format!("SELECT 1 /* {} */", "x".repeat(40_000));
    assert_eq!(db.number(&long).await, 1);
    assert_eq!(db.database.statistics().kept, 3);
}

#[tokio::test]
async fn the_file_keeps_its_rows_when_it_is_opened_again() {
    let Fixture { database, folder } = Fixture::new();
    let path = folder.path().join("test.db");
    database
        .execute("CREATE TABLE t (v)".into(), vec![])
        .await
        .unwrap();
    database
        .execute("INSERT INTO t VALUES (42)".into(), vec![])
        .await
        .unwrap();
    drop(database);
    assert!(
        !folder.path().join("test.db-wal").exists(),
        "it was not closed"
    );
    let database = LocalDatabase::open(&path, LocalOptions::default()).unwrap();
    let rows = database
        .execute("SELECT v FROM t".into(), vec![])
        .await
        .unwrap()
        .rows;
    assert!(matches!(rows.rows[0].values[0], Value::Integer(42)));
}
