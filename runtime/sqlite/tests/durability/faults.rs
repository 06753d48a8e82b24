//! A disk that fails: strace answers some calls with an error in the disk's place,
//! so SQLite meets exactly what a full or broken disk gives it.

use std::collections::BTreeSet;

use vectra_sqlite::{Database, LocalDatabase, LocalOptions, Value};

use super::child::{CALLERS, ROUNDS, TABLE};
use super::strace::Place;

/// What is said where a row may be there or not.
const UNKNOWN: &str = "the outcome is unknown";

/// What the child said of its rows.
#[derive(Debug, Default)]
struct Said {
    answered: BTreeSet<usize>,
    failed: Vec<(usize, String)>,
    there: BTreeSet<usize>,
    /// Why it could not begin.
    closed: Option<String>,
}

fn read(lines: &[String]) -> Said {
    let mut said = Said::default();
    for line in lines {
        let (what, rest) = line.split_once(' ').unwrap();
        match what {
            "ack" => drop(said.answered.insert(rest.parse().unwrap())),
            "there" => drop(said.there.insert(rest.parse().unwrap())),
            "failed" => {
                let (row, message) = rest.split_once(' ').unwrap();
                said.failed.push((row.parse().unwrap(), message.to_owned()));
            }
            "closed" => said.closed = Some(rest.to_owned()),
            _ => panic!("{line}"),
        }
    }
    said
}

/// The rows of the file, and what SQLite's check says of it.
fn stored(place: &Place) -> BTreeSet<usize> {
    let database = LocalDatabase::open(&place.database(), LocalOptions::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let rows = runtime
        .block_on(database.execute("SELECT id, marker FROM t".into(), vec![]))
        .unwrap();
    drop(database);
    let check = runtime.block_on(async {
        let file = libsql::Builder::new_local(place.database()).build();
        let connection = file.await.unwrap().connect().unwrap();
        let mut rows = connection
            .query("PRAGMA integrity_check", ())
            .await
            .unwrap();
        rows.next()
            .await
            .unwrap()
            .unwrap()
            .get_str(0)
            .unwrap()
            .to_owned()
    });
    assert_eq!(check, "ok");
    let ids = rows.rows.rows.iter().map(|row| match &row.values[..] {
        [Value::Integer(id), Value::Text(_)] => *id as usize,
        other => panic!("{other:?}"),
    });
    ids.collect()
}

/// Makes the child's table, so that its first sync is one of a row.
fn make_table(place: &Place) {
    let database = LocalDatabase::open(&place.database(), LocalOptions::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime
        .block_on(database.execute(TABLE.into(), vec![]))
        .unwrap();
}

/// Disturbs the child; checks that what was answered is there and nothing else, in
/// the process that met the fault and in the file afterwards; there also a row of which
/// it was said that its outcome is unknown.
fn disturb(name: &str, place: &Place, files: &[&str], inject: &str) -> Said {
    let inject = format!("inject={inject}");
    let mut arguments = vec!["-e", "trace=write,pwrite64,fsync,fdatasync", "-e", &inject];
    for file in files {
        arguments.extend(["-P", file]);
    }
    let said = read(&place.run("Full", &arguments));
    println!(
        "{name}: {} answered, {} failed",
        said.answered.len(),
        said.failed.len()
    );
    assert_eq!(said.closed, None);
    assert_eq!(said.there, said.answered);
    let mut stored = stored(place);
    for (row, message) in &said.failed {
        if stored.remove(row) {
            assert!(message.contains(UNKNOWN), "row {row} is there: {message}");
        }
    }
    assert_eq!(stored, said.answered);
    said
}

fn writes(error: &str) -> String {
    format!("write,pwrite64:error={error}:when=30..36")
}

fn last_answered(said: &Said) -> usize {
    *said.answered.last().unwrap()
}

pub fn a_full_disk_fails_whole_groups_and_then_heals() {
    let place = Place::new();
    let said = disturb(
        "no room for the WAL",
        &place,
        &[&place.wal()],
        &writes("ENOSPC"),
    );
    assert!(!said.failed.is_empty());
    for (row, message) in &said.failed {
        assert_eq!(message, "full", "row {row}");
        assert!(*row < last_answered(&said), "it did not heal");
    }
}

pub fn a_disk_that_is_full_only_when_it_is_synced_leaves_the_outcome_open() {
    let place = Place::new();
    let inject = "fsync,fdatasync:error=ENOSPC:when=9..20";
    let said = disturb("no room at the sync", &place, &[], inject);
    assert!(!said.failed.is_empty());
    for (row, message) in &said.failed {
        assert!(message.contains(UNKNOWN), "row {row}: {message}");
        assert!(*row < last_answered(&said), "it did not heal");
    }
}

/// The same for a guest's own transaction. Each has a thread, and calls are counted by
/// thread: so the first sync of each is its COMMIT's.
pub fn a_transaction_whose_sync_finds_the_disk_full_leaves_the_outcome_open() {
    let place = Place::new();
    make_table(&place);
    let inject = "fsync,fdatasync:error=ENOSPC:when=1..4";
    let said = disturb("no room at the sync of a transaction", &place, &[], inject);
    let of_transactions = said.failed.iter().filter(|(row, _)| row % CALLERS == 0);
    assert!(of_transactions.count() > ROUNDS / 2, "{said:?}");
    for (row, message) in &said.failed {
        assert!(message.contains(UNKNOWN), "row {row}: {message}");
    }
}

pub fn a_full_disk_that_stops_checkpoints_does_not_stop_commits() {
    let place = Place::new();
    let database = place.database().display().to_string();
    let inject = "write,pwrite64:error=ENOSPC:when=10+";
    let said = disturb("no room for the database", &place, &[&database], inject);
    assert_eq!(said.failed, []);
}

pub fn a_disk_that_fails_to_write_is_told_and_nothing_of_it_stays() {
    let place = Place::new();
    let said = disturb(
        "the WAL cannot be written",
        &place,
        &[&place.wal()],
        &writes("EIO"),
    );
    assert!(!said.failed.is_empty());
    for (row, message) in &said.failed {
        assert!(
            message.starts_with("i/o error: disk I/O error"),
            "row {row}: {message}"
        );
        assert!(*row < last_answered(&said), "it did not heal");
    }
}

pub fn a_disk_that_fails_to_sync_leaves_the_outcome_open_and_says_so() {
    let place = Place::new();
    let inject = "fsync,fdatasync:error=EIO:when=9..12";
    let said = disturb("the WAL cannot be synced", &place, &[&place.wal()], inject);
    assert!(!said.failed.is_empty());
    for (row, message) in &said.failed {
        assert!(message.contains(UNKNOWN), "row {row}: {message}");
        assert!(*row < last_answered(&said), "it did not heal");
    }
}

pub fn a_file_that_cannot_be_written_to_is_read_only() {
    let place = Place::new();
    // A sound file first.
    let said = read(&place.run("Full", &["-e", "trace=none"]));
    assert_eq!(said.closed, None);
    // Then each first attempt to open it, which is for writing, fails.
    let database = place.database().display().to_string();
    let inject = "inject=openat:error=EROFS:when=2+2";
    let said = place.run(
        "Full",
        &["-e", "trace=openat", "-e", inject, "-P", &database],
    );
    let said = read(&said);
    assert_eq!(said.closed, None);
    assert_eq!(said.answered.len(), 0);
    // strace counts by thread: the connections of transactions are not disturbed.
    let shared = said.failed.iter().filter(|(row, _)| row % CALLERS != 0);
    for (row, message) in shared {
        let expected = "read-only: attempt to write a readonly database";
        assert_eq!(message, expected, "row {row}");
    }
    assert_eq!(said.there.len(), CALLERS * ROUNDS, "it can still be read");
}
