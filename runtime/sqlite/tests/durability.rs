//! What happens below SQLite, seen and disturbed by `strace`: that nobody is
//! answered before the disk has what was answered, and what a failing disk does.
//!
//! Each test runs this program again, under `strace` (Debian's package of that
//! name), as a child that only uses a database. So it has a `main` of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking, in its helpers too"
)]
#![cfg(target_os = "linux")]

#[path = "durability/child.rs"]
mod child;
#[path = "durability/faults.rs"]
mod faults;
#[path = "durability/order.rs"]
mod order;
#[path = "durability/strace.rs"]
mod strace;
#[path = "durability/trace.rs"]
mod trace;

use std::panic::catch_unwind;
use std::process::ExitCode;

type Test = (&'static str, fn());

const TESTS: [Test; 10] = [
    (
        "nobody_is_answered_before_the_sync_that_covers_his_row",
        order::nobody_is_answered_before_the_sync_that_covers_his_row,
    ),
    (
        "the_check_notices_answers_that_come_before_the_sync",
        order::the_check_notices_answers_that_come_before_the_sync,
    ),
    (
        "the_check_tells_good_orders_from_bad_ones",
        order::the_check_tells_good_orders_from_bad_ones,
    ),
    (
        "a_full_disk_fails_whole_groups_and_then_heals",
        faults::a_full_disk_fails_whole_groups_and_then_heals,
    ),
    (
        "a_disk_that_is_full_only_when_it_is_synced_leaves_the_outcome_open",
        faults::a_disk_that_is_full_only_when_it_is_synced_leaves_the_outcome_open,
    ),
    (
        "a_transaction_whose_sync_finds_the_disk_full_leaves_the_outcome_open",
        faults::a_transaction_whose_sync_finds_the_disk_full_leaves_the_outcome_open,
    ),
    (
        "a_full_disk_that_stops_checkpoints_does_not_stop_commits",
        faults::a_full_disk_that_stops_checkpoints_does_not_stop_commits,
    ),
    (
        "a_disk_that_fails_to_write_is_told_and_nothing_of_it_stays",
        faults::a_disk_that_fails_to_write_is_told_and_nothing_of_it_stays,
    ),
    (
        "a_disk_that_fails_to_sync_leaves_the_outcome_open_and_says_so",
        faults::a_disk_that_fails_to_sync_leaves_the_outcome_open_and_says_so,
    ),
    (
        "a_file_that_cannot_be_written_to_is_read_only",
        faults::a_file_that_cannot_be_written_to_is_read_only,
    ),
];

fn main() -> ExitCode {
    if let Some(code) = child::run_if_asked() {
        return code;
    }
    let filters: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let mut failed = 0;
    for (name, test) in TESTS {
        if !filters.is_empty() && !filters.iter().any(|filter| name.contains(filter)) {
            continue;
        }
        let passed = catch_unwind(test).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += usize::from(!passed);
    }
    ExitCode::from(u8::from(failed > 0))
}
