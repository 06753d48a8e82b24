//! The order of writing, syncing and answering.
//!
//! An answer is right if, before it began, a sync of the WAL was over that had begun
//! after the last page of the commit with its row was written. SQLite writes a frame
//! as a header of 24 bytes and then its page; the header of a commit's last page
//! says how large the database is now, those before it say zero.

use super::child::{CALLERS, ROUNDS, marker};
use super::strace::Place;
use super::trace::{Call, parse};

const WATCHED: &str = "trace=write,pwrite64,fsync,fdatasync";

fn is_write(call: &Call) -> bool {
    call.name == "write" || call.name == "pwrite64"
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// The pages that were written to the WAL, and whether each is the last of its commit.
fn pages(calls: &[Call]) -> Vec<(&Call, bool)> {
    let mut pages = Vec::new();
    let mut is_last = false;
    let writes = calls
        .iter()
        .filter(|call| is_write(call) && call.file.ends_with("-wal"));
    for write in writes {
        match write.bytes.len() {
            24 => is_last = write.bytes[4..8] != [0; 4],
            32 => {}
            _ => pages.push((write, is_last)),
        }
    }
    pages
}

/// The rows that were answered too early.
fn too_early(calls: &[Call], rows: usize) -> Vec<usize> {
    let pages = pages(calls);
    let syncs: Vec<&Call> = calls
        .iter()
        .filter(|call| call.name == "fsync" || call.name == "fdatasync")
        .filter(|call| call.file.ends_with("-wal") && call.result == 0)
        .collect();
    (0..rows)
        .filter(|row| {
            let line = format!("ack {row}\n");
            let answer = calls
                .iter()
                .find(|call| is_write(call) && call.bytes == line.as_bytes())
                .unwrap_or_else(|| panic!("row {row} was not answered"));
            let marker = marker(*row);
            let first = pages
                .iter()
                .position(|(page, _)| holds(&page.bytes, &marker))
                .unwrap_or_else(|| panic!("row {row} was not written"));
            let commit = pages[first..].iter().find(|(_, is_last)| *is_last);
            !commit.is_some_and(|(page, _)| {
                syncs
                    .iter()
                    .any(|sync| sync.begun > page.ended && sync.ended < answer.begun)
            })
        })
        .collect()
}

/// Runs the child and looks at the order; gives how many rows came too early and how
/// often the WAL was synced.
fn watch(synchronous: &str) -> (usize, usize) {
    let place = Place::new();
    let said = place.run(synchronous, &["-e", WATCHED]);
    let rows = CALLERS * ROUNDS;
    let count = |what: &str| said.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!((count("ack "), count("there ")), (rows, rows), "{said:?}");
    let calls = parse(&place.trace());
    let syncs = calls
        .iter()
        .filter(|call| call.name.ends_with("sync") && call.file.ends_with("-wal"))
        .count();
    let early = too_early(&calls, rows);
    println!(
        "{synchronous}: {rows} rows, {syncs} syncs of the WAL, {} answered too early",
        early.len()
    );
    (early.len(), syncs)
}

pub fn nobody_is_answered_before_the_sync_that_covers_his_row() {
    let (early, syncs) = watch("Full");
    assert_eq!(early, 0);
    // Rows share them; without any the check could not have passed.
    assert!(syncs > 0 && syncs < CALLERS * ROUNDS, "{syncs}");
}

pub fn the_check_notices_answers_that_come_before_the_sync() {
    let (early, _) = watch("Normal");
    assert!(early > CALLERS * ROUNDS / 2, "{early}");
}

pub fn the_check_tells_good_orders_from_bad_ones() {
    let middle = r#"1 write(4</d/t.db-wal>, "\0\0\0\1\0\0\0\0aaaaaaaaaaaaaaaa", 24) = 24"#;
    let last = r#"1 write(4</d/t.db-wal>, "\0\0\0\1\0\0\0\2aaaaaaaaaaaaaaaa", 24) = 24"#;
    let page = r#"1 write(4</d/t.db-wal>, "..<row 000000>..", 16) = 16"#;
    let other = r#"1 write(4</d/t.db-wal>, "some other page.", 16) = 16"#;
    let page_begins = r#"1 write(4</d/t.db-wal>, "..<row 000000>..", 16 <unfinished ...>"#;
    let page_ends = "1 <... write resumed>) = 16";
    let sync = "1 fdatasync(4</d/t.db-wal>) = 0";
    let sync_begins = "1 fdatasync(4</d/t.db-wal> <unfinished ...>";
    let sync_ends = "1 <... fdatasync resumed>) = 0";
    let elsewhere = "2 fdatasync(3</d/t.db>) = 0";
    let failed = "1 fdatasync(4</d/t.db-wal>) = -1 EIO (Input/output error)";
    let answer = r#"2 write(1</dev/null>, "ack 0\n", 6) = 6"#;
    let answer_begins = r#"2 write(1</dev/null>, "ack 0\n", 6 <unfinished ...>"#;
    let answer_ends = "2 <... write resumed>) = 6";
    for (is_good, lines) in [
        (true, vec![last, page, sync, answer]),
        (true, vec![middle, page, last, other, sync, answer]),
        (
            true,
            vec![last, page, sync_begins, elsewhere, sync_ends, answer],
        ),
        (false, vec![last, page, answer]),
        (false, vec![last, page, answer, sync]),
        (false, vec![sync, last, page, answer]),
        (false, vec![middle, page, sync, last, other, answer]),
        (false, vec![last, page, sync_begins, answer, sync_ends]),
        (
            false,
            vec![
                last,
                page,
                sync_begins,
                answer_begins,
                sync_ends,
                answer_ends,
            ],
        ),
        (
            false,
            vec![
                last,
                page_begins,
                "2 fdatasync(5</d/t.db-wal>) = 0",
                page_ends,
                answer,
            ],
        ),
        (false, vec![last, page, elsewhere, answer]),
        (false, vec![last, page, failed, answer]),
        (false, vec![middle, page, sync, answer]),
    ] {
        let early = too_early(&parse(&lines.join("\n")), 1);
        assert_eq!(early.is_empty(), is_good, "{lines:#?}");
    }
}
