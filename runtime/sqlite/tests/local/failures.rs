//! What can be wrong with a file, and how it is told. The full disk is in
//! `durability.rs`.

use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use vectra_sqlite::{LocalDatabase, LocalOptions, Value};

use crate::fixture::{Fixture, message};

fn refusal(path: &std::path::Path) -> String {
    match LocalDatabase::open(path, LocalOptions::default()) {
        Ok(_) => panic!("`{}` was opened", path.display()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_file_that_cannot_be_a_database_is_refused_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let missing = refusal(&folder.path().join("none").join("test.db"));
    assert!(missing.starts_with("cannot make `"), "{missing}");
    let text = folder.path().join("text.db");
    std::fs::write(&text, "this is no database ".repeat(1_000)).unwrap();
    let refused = refusal(&text);
    assert!(
        refused.ends_with("corrupt: file is not a database"),
        "{refused}"
    );
    let refused = refusal(folder.path());
    assert!(refused.contains("unable to open"), "{refused}");
}

#[tokio::test]
async fn another_process_that_holds_the_lock_makes_it_busy_not_stuck() {
    let db = Fixture::with(LocalOptions {
        patience: Duration::from_millis(500),
        ..LocalOptions::default()
    });
    db.run("CREATE TABLE t (v)", vec![]).await.unwrap();
    let foreign = db.foreign().await;
    foreign.execute_batch("BEGIN IMMEDIATE").await.unwrap();
    let begun = Instant::now();
    let failed = message(db.run("INSERT INTO t VALUES (1)", vec![]).await);
    assert_eq!(failed, "busy: database is locked");
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_eq!(db.number("SELECT count(*) FROM t").await, 0);
    foreign.execute_batch("ROLLBACK").await.unwrap();
    db.run("INSERT INTO t VALUES (1)", vec![]).await.unwrap();
}

#[tokio::test]
async fn damage_is_told_as_such() {
    let Fixture { database, folder } = Fixture::new();
    let path = folder.path().join("test.db");
    let db = Fixture { database, folder };
    db.run("CREATE TABLE t (v)", vec![]).await.unwrap();
    for _ in 0..100 {
        let row = vec![Value::Blob(vec![7; 1_000])];
        db.run("INSERT INTO t VALUES (?1)", row).await.unwrap();
    }
    let Fixture { database, folder } = db;
    drop(database);
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(2 * 4096)).unwrap();
    file.write_all(&[0xff; 20 * 4096]).unwrap();
    drop(file);
    let database = LocalDatabase::open(&path, LocalOptions::default()).unwrap();
    let db = Fixture { database, folder };
    for sql in ["SELECT sum(length(v)) FROM t", "UPDATE t SET v = 1"] {
        let failed = message(db.run(sql, vec![]).await);
        assert_eq!(failed, "corrupt: database disk image is malformed", "{sql}");
    }
    assert_eq!(db.number("SELECT 1").await, 1);
}

#[test]
fn a_file_is_open_once_at_a_time_under_whatever_name() {
    let fixture = crate::fixture::Fixture::new();
    let link = fixture.folder.path().join("link.db");
    std::os::unix::fs::symlink(fixture.path(), &link).unwrap();
    for path in [fixture.path(), link] {
        let second = vectra_sqlite::LocalDatabase::open(&path, Default::default());
        let error = second.err().unwrap().to_string();
        assert!(error.ends_with("is in use by another process"), "{error}");
    }
    let path = fixture.path();
    drop(fixture.database);
    assert!(vectra_sqlite::LocalDatabase::open(&path, Default::default()).is_ok());
}
