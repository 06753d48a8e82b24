//! How large the WAL becomes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use vectra_sqlite::{Error, LocalOptions, Value};

use crate::fixture::{Fixture, until};

/// Bytes of a page in the WAL.
const PAGE: u64 = 4096 + 24;

/// Small bounds, and patience enough for a disk that others use too.
fn small() -> LocalOptions {
    LocalOptions {
        checkpoint: 100,
        wal_cap: 1_000,
        patience: Duration::from_secs(30),
        ..LocalOptions::default()
    }
}

async fn with_table(options: LocalOptions) -> Fixture {
    let db = Fixture::with(options);
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, v)", vec![])
        .await
        .unwrap();
    db
}

/// A row that fills about a page.
async fn insert(db: &Fixture) -> Result<(), Error> {
    let row = vec![Value::Blob(vec![7; 3_000])];
    db.run("INSERT INTO t (v) VALUES (?1)", row).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wal_stays_small_when_there_are_pauses() {
    let db = with_table(small()).await;
    // A row now and then: a checkpoint is done before the next one comes.
    for _ in 0..300 {
        insert(&db).await.unwrap();
        let mut quiet = 0;
        until("the checkpoint is done", || {
            let waiting = db.database.statistics().waiting_checkpoints;
            quiet = if waiting == 0 { quiet + 1 } else { 0 };
            quiet == 2
        })
        .await;
    }
    let counted = db.database.statistics();
    println!("{} pages of WAL; {counted:?}", db.wal() / PAGE);
    assert!(db.wal() < 400 * PAGE, "{}", db.wal());
    assert_eq!(counted.pauses, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wal_stays_bounded_under_load_with_readers_all_the_time() {
    let db = Arc::new(with_table(small()).await);
    let (stop, largest) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let mut tasks = Vec::new();
    for n in 0..40 {
        let (db, stop, largest) = (db.clone(), stop.clone(), largest.clone());
        tasks.push(tokio::spawn(async move {
            while !stop.load(Relaxed) {
                match n % 5 {
                    0 => drop(db.number("SELECT count(*) FROM t").await),
                    _ => insert(&db).await.unwrap(),
                }
                largest.fetch_max(db.wal(), Relaxed);
            }
        }));
    }
    let begun = Instant::now();
    // Enough for several times the cap.
    let enough = || db.database.statistics().committed > 8_000;
    until("enough was written", enough).await;
    stop.store(true, Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    let (largest, counted) = (largest.load(Relaxed), db.database.statistics());
    let rate = counted.committed as f64 / begun.elapsed().as_secs_f64();
    println!(
        "{} pages of WAL at most at {rate:.0} rows/s; {counted:?}",
        largest / PAGE
    );
    // At twice the cap the writer waits before each step; readers can make it wait
    // in vain a few times.
    assert!(largest < 4 * 1_000 * PAGE, "{largest}");
    assert!(counted.checkpoints > 8);
    assert_eq!(
        db.number("SELECT count(*) FROM t").await as u64 + 1,
        counted.committed
    );
    let foreign = db.foreign().await;
    let mut rows = foreign.query("PRAGMA integrity_check", ()).await.unwrap();
    let row = rows.next().await.unwrap().unwrap();
    assert_eq!(row.get_str(0).unwrap(), "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_elsewhere_slows_the_writer_and_at_the_limit_stops_it_until_it_is_gone() {
    let db = with_table(LocalOptions {
        checkpoint: 10,
        wal_cap: 40,
        ..small()
    })
    .await;
    insert(&db).await.unwrap();
    let foreign = db.foreign().await;
    foreign
        .execute_batch("BEGIN; SELECT count(*) FROM t")
        .await
        .unwrap();
    let mut written = 1;
    let refused = loop {
        match insert(&db).await {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
        assert!(db.wal() < 20 * 40 * PAGE, "it grows without bound");
    };
    assert!(matches!(refused, Error::DatabaseFull), "{refused:?}");
    println!("refused after {written} rows at {} pages", db.wal() / PAGE);
    assert!(db.wal() >= 16 * 40 * PAGE);
    assert_eq!(db.number("SELECT count(*) FROM t").await, written);
    foreign.execute_batch("COMMIT").await.unwrap();
    drop(foreign);
    insert(&db).await.unwrap();
    for _ in 0..50 {
        insert(&db).await.unwrap();
        until("the checkpoint is done", || {
            db.database.statistics().waiting_checkpoints == 0
        })
        .await;
    }
    assert!(db.wal() < 4 * 40 * PAGE, "it shrinks again: {}", db.wal());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_commit_waits_for_a_checkpoint_as_long_as_the_wal_is_under_its_cap() {
    let db = with_table(LocalOptions {
        wal_cap: 100_000,
        ..small()
    })
    .await;
    let mut slowest = Duration::ZERO;
    for _ in 0..1_000 {
        let begun = Instant::now();
        insert(&db).await.unwrap();
        slowest = slowest.max(begun.elapsed());
    }
    let counted = db.database.statistics();
    println!("slowest commit {slowest:?}; {counted:?}");
    assert_eq!(counted.pauses, 0);
    assert!(counted.checkpoints >= 5, "{counted:?}");
}

#[tokio::test]
async fn at_the_end_everything_is_in_the_one_file() {
    let Fixture { database, folder } = with_table(LocalOptions::default()).await;
    let path = folder.path().join("test.db");
    let small = path.metadata().unwrap().len();
    {
        let db = Fixture {
            database,
            folder: tempfile::tempdir().unwrap(),
        };
        for _ in 0..50 {
            insert(&db).await.unwrap();
        }
        assert_eq!(
            path.metadata().unwrap().len(),
            small,
            "nothing was copied yet"
        );
    }
    assert!(path.metadata().unwrap().len() > 50 * 3_000);
    // Beside it only the file that it was locked by.
    let left = std::fs::read_dir(folder.path()).unwrap();
    let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    left.sort_unstable();
    let name = path.file_name().unwrap().to_os_string();
    let mut lock = name.clone();
    lock.push(".lock");
    assert_eq!(left, [name, lock]);
}
