//! Copies of a database that is in use.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};

use vectra_sqlite::{BackupError, LocalDatabase, LocalOptions, Value, backup};

use crate::fixture::{Fixture, until};

async fn with_table() -> Fixture {
    let db = Fixture::new();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, v)", vec![])
        .await
        .unwrap();
    db
}

async fn numbers(path: &Path, sql: &str) -> Vec<String> {
    let copy = libsql::Builder::new_local(path).build().await.unwrap();
    let copy = copy.connect().unwrap();
    let mut rows = copy.query(sql, ()).await.unwrap();
    let mut found = Vec::new();
    while let Some(row) = rows.next().await.unwrap() {
        found.push(match row.get_value(0).unwrap() {
            libsql::Value::Text(text) => text,
            libsql::Value::Integer(number) => number.to_string(),
            other => panic!("{other:?}"),
        });
    }
    found
}

fn target(db: &Fixture) -> PathBuf {
    db.folder.path().join("copies").join("copy.db")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_while_rows_are_written_is_sound_and_holds_all_that_was_answered() {
    let db = Arc::new(with_table().await);
    std::fs::create_dir(db.folder.path().join("copies")).unwrap();
    let (stop, answered) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicI64::new(0)),
    );
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let (db, stop, answered) = (db.clone(), stop.clone(), answered.clone());
            tokio::spawn(async move {
                while !stop.load(SeqCst) {
                    let row = vec![Value::Blob(vec![7; 1_000])];
                    db.run("INSERT INTO t (v) VALUES (?1)", row).await.unwrap();
                    answered.fetch_add(1, SeqCst);
                }
            })
        })
        .collect();
    until("some rows", || answered.load(SeqCst) > 500).await;
    let (source, copy) = (db.path(), target(&db));
    let before = answered.load(SeqCst);
    let made = copy.clone();
    let report = tokio::task::spawn_blocking(move || backup(&source, &made))
        .await
        .unwrap()
        .unwrap();
    let written_meanwhile = answered.load(SeqCst) - before;
    stop.store(true, SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    println!("{report:?}, {written_meanwhile} rows written meanwhile");
    assert_eq!(report.bytes, copy.metadata().unwrap().len());
    assert_eq!(numbers(&copy, "PRAGMA integrity_check").await, ["ok"]);
    let held: i64 = numbers(&copy, "SELECT count(*) FROM t").await[0]
        .parse()
        .unwrap();
    let last: i64 = numbers(&copy, "SELECT max(id) FROM t").await[0]
        .parse()
        .unwrap();
    assert!(held >= before, "{held} of {before}");
    assert_eq!(held, last, "there are holes");
    assert_eq!(
        std::fs::read_dir(copy.parent().unwrap()).unwrap().count(),
        1
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    // It is a database to work with.
    drop(LocalDatabase::open(&copy, LocalOptions::default()).unwrap());
}

#[tokio::test]
async fn a_database_that_nobody_serves_is_copied_with_what_its_wal_holds() {
    let db = with_table().await;
    db.run("INSERT INTO t (v) VALUES (1)", vec![])
        .await
        .unwrap();
    // As a process that was killed leaves it.
    let left = tempfile::tempdir().unwrap();
    for name in ["test.db", "test.db-wal"] {
        std::fs::copy(db.folder.path().join(name), left.path().join(name)).unwrap();
    }
    let copy = left.path().join("copy.db");
    backup(&left.path().join("test.db"), &copy).unwrap();
    assert_eq!(numbers(&copy, "SELECT count(*) FROM t").await, ["1"]);
}

#[tokio::test]
async fn nothing_is_overwritten_and_nothing_is_left_of_a_copy_that_failed() {
    let db = with_table().await;
    let copies = db.folder.path().join("copies");
    let failed = backup(&db.path(), &target(&db));
    assert!(
        matches!(failed, Err(BackupError::File { .. })),
        "{failed:?}"
    );
    std::fs::create_dir(&copies).unwrap();
    std::fs::write(target(&db), "kept").unwrap();
    let failed = backup(&db.path(), &target(&db));
    assert!(matches!(failed, Err(BackupError::Exists(_))), "{failed:?}");
    assert_eq!(std::fs::read(target(&db)).unwrap(), b"kept");
    std::fs::remove_file(target(&db)).unwrap();
    let failed = backup(&db.folder.path().join("none.db"), &target(&db));
    assert!(matches!(failed, Err(BackupError::Missing(_))), "{failed:?}");
    let text = db.folder.path().join("text.db");
    std::fs::write(&text, "this is no database ".repeat(1_000)).unwrap();
    let failed = backup(&text, &target(&db)).unwrap_err().to_string();
    assert!(failed.ends_with("file is not a database"), "{failed}");
    assert_eq!(std::fs::read_dir(&copies).unwrap().count(), 0);
}
