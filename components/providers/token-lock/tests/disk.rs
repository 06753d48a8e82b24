//! The lock in a folder of the file system, between threads that know nothing of each other.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use vectra_token_lock::{Attempt, Disk, LOOK_EVERY, Lost, RENEW_AFTER, SILENCE, TokenLock};

fn open(folder: &Path, id: &str) -> TokenLock<Disk> {
    TokenLock::open(Disk::new(folder.join("x.locks")), id.to_owned()).unwrap()
}

fn tokens(folder: &Path) -> Vec<String> {
    fs::read_dir(folder.join("x.locks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn many_at_once_make_one_token_and_count_without_loss() {
    const THREADS: u32 = 16;
    const TIMES: u32 = 50;
    let folder = tempfile::tempdir().unwrap();
    let (barrier, inside) = (Barrier::new(16), AtomicU32::new(0));
    let count = folder.path().join("count");
    fs::write(&count, "0").unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (folder, barrier, inside, count) = (folder.path(), &barrier, &inside, &count);
            scope.spawn(move || {
                barrier.wait();
                let mut lock = open(folder, &format!("thread{number}"));
                let start = Instant::now();
                for _ in 0..TIMES {
                    while lock.try_take(start.elapsed()).unwrap() == Attempt::Busy {
                        assert!(Instant::now() < deadline, "the lock was never free");
                        thread::yield_now();
                    }
                    assert_eq!(inside.fetch_add(1, SeqCst), 0);
                    lock.prove(start.elapsed()).unwrap();
                    let counted: u32 = fs::read_to_string(count).unwrap().parse().unwrap();
                    fs::write(count, (counted + 1).to_string()).unwrap();
                    inside.fetch_sub(1, SeqCst);
                    lock.release().unwrap();
                }
            });
        }
    });
    let counted = fs::read_to_string(&count).unwrap();
    assert_eq!(counted, (THREADS * TIMES).to_string());
    assert_eq!(tokens(folder.path()), ["free"]);
    let beside = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(beside, 2, "drafts of the folder were left behind");
}

/// Looks as a waiter does from one moment to another, and says when it took over.
fn wait(lock: &mut TokenLock<Disk>, from: Duration, to: Duration) -> Option<Duration> {
    let mut now = from;
    while now <= to {
        match lock.try_take(now).unwrap() {
            Attempt::Busy => now += LOOK_EVERY,
            Attempt::TakenOver => return Some(now),
            Attempt::Taken => panic!("it was free"),
        }
    }
    None
}

#[test]
fn a_silent_holder_is_superseded_and_learns_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut first, mut second) = (open(folder.path(), "first"), open(folder.path(), "second"));
    assert_eq!(first.try_take(Duration::ZERO).unwrap(), Attempt::Taken);
    let over = wait(&mut second, Duration::ZERO, SILENCE * 2).unwrap();
    assert!(
        over >= SILENCE && over <= SILENCE + LOOK_EVERY * 3,
        "{over:?}"
    );
    assert!(matches!(first.prove(over), Err(Lost::TakenOver)));
    assert!(matches!(first.prove(over), Err(Lost::NotHeld)));
    first.release().unwrap();
    assert!(second.prove(over + RENEW_AFTER).is_ok());
    second.release().unwrap();
    assert_eq!(first.try_take(over).unwrap(), Attempt::Taken);
}

#[test]
fn a_holder_that_renews_is_not_superseded() {
    let folder = tempfile::tempdir().unwrap();
    let (mut first, mut second) = (open(folder.path(), "first"), open(folder.path(), "second"));
    first.try_take(Duration::ZERO).unwrap();
    for turn in 0..10 {
        let now = SILENCE / 2 * turn;
        assert_eq!(wait(&mut second, now, now + SILENCE / 2), None);
        first.prove(now + SILENCE / 2).unwrap();
    }
}

#[test]
fn a_waiter_that_slept_waits_on() {
    let folder = tempfile::tempdir().unwrap();
    let (mut first, mut second) = (open(folder.path(), "first"), open(folder.path(), "second"));
    first.try_take(Duration::ZERO).unwrap();
    assert_eq!(wait(&mut second, Duration::ZERO, LOOK_EVERY * 3), None);
    // An hour later the name is the same: all may have slept.
    let hour = Duration::from_secs(3600);
    assert_eq!(wait(&mut second, hour, hour + SILENCE / 2), None);
    first.prove(hour + SILENCE / 2).unwrap();
}

#[test]
fn a_folder_that_lost_its_token_gets_one_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut lock = open(folder.path(), "only");
    fs::remove_file(folder.path().join("x.locks/free")).unwrap();
    assert_eq!(lock.try_take(Duration::ZERO).unwrap(), Attempt::Busy);
    assert_eq!(lock.try_take(LOOK_EVERY).unwrap(), Attempt::Busy);
    assert_eq!(lock.try_take(LOOK_EVERY * 2).unwrap(), Attempt::Taken);
}
