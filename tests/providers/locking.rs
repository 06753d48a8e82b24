//! Several instances on one file, some of which never finish what they do.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::instance::{Instance, RUNTIME, assert_intact, text};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS t (a INTEGER)";

async fn given_a_counter(folder: &Path) {
    let mut instance = Instance::over(folder).await;
    let connection = instance.open("default").await.unwrap();
    for sql in [TABLE, "INSERT INTO t VALUES (0)"] {
        instance.execute(connection, sql, &[]).await.unwrap();
    }
}

async fn counted(folder: &Path) -> i64 {
    let mut instance = Instance::over(folder).await;
    let connection = instance.open("default").await.unwrap();
    instance.integer(connection, "SELECT sum(a) FROM t").await
}

#[test]
fn many_instances_make_the_table_and_count_without_loss() {
    const INSTANCES: i64 = 24;
    const TIMES: i64 = 10;
    let folder = tempfile::tempdir().unwrap();
    RUNTIME.block_on(async {
        let mut counting = JoinSet::new();
        for _ in 0..INSTANCES {
            let path = folder.path().to_path_buf();
            counting.spawn(async move {
                let mut instance = Instance::over(&path).await;
                let connection = instance.open("default").await.unwrap();
                instance.execute(connection, TABLE, &[]).await.unwrap();
                let first = "INSERT INTO t SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM t)";
                instance.execute(connection, first, &[]).await.unwrap();
                for _ in 0..TIMES {
                    let add = "UPDATE t SET a = a + 1";
                    instance.execute(connection, add, &[]).await.unwrap();
                }
            });
        }
        counting.join_all().await;
        assert_eq!(counted(folder.path()).await, INSTANCES * TIMES);
    });
    assert_intact(folder.path());
    let token: Vec<_> = std::fs::read_dir(folder.path().join("vectra.db.locks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(token, ["free"]);
}

#[test]
fn what_an_instance_leaves_half_done_is_undone_and_nobody_waits_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    RUNTIME.block_on(async {
        given_a_counter(folder.path()).await;
        let mut dropped = Instance::over(folder.path()).await;
        let connection = dropped.open("default").await.unwrap();
        // More pages than the cache holds, so that some are in the file already.
        for sql in [
            "BEGIN",
            "UPDATE t SET a = 100",
            "CREATE TABLE large (b)",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 4000) \
             INSERT INTO large SELECT randomblob(2000) FROM n",
        ] {
            dropped.execute(connection, sql, &[]).await.unwrap();
        }
        let journal = folder.path().join("vectra.db-journal");
        assert!(
            journal.metadata().unwrap().len() > 0,
            "nothing is half done"
        );
        drop(dropped);

        let begun = Instant::now();
        assert_eq!(counted(folder.path()).await, 0);
        let waited = begun.elapsed();
        let lease = Duration::from_secs(9)..Duration::from_secs(25);
        assert!(lease.contains(&waited), "waited for {waited:?}");
    });
    assert_intact(folder.path());
}

#[test]
fn one_that_was_superseded_can_no_longer_write() {
    let folder = tempfile::tempdir().unwrap();
    RUNTIME.block_on(async {
        given_a_counter(folder.path()).await;
        let mut slow = Instance::over(folder.path()).await;
        let connection = slow.open("default").await.unwrap();
        for sql in ["BEGIN IMMEDIATE", "UPDATE t SET a = 100"] {
            slow.execute(connection, sql, &[]).await.unwrap();
        }
        // It does nothing for as long as it takes another to get in.
        let mut quick = Instance::over(folder.path()).await;
        let other = quick.open("default").await.unwrap();
        let add = "UPDATE t SET a = a + 1";
        quick.execute(other, add, &[]).await.unwrap();

        let error = slow.execute(connection, "COMMIT", &[]).await.unwrap_err();
        assert!(text(&error).starts_with("i/o error: "), "{error:?}");
        assert_eq!(counted(folder.path()).await, 1);
        // Once it has let go of what it lost, it works again.
        let _ = slow.execute(connection, "ROLLBACK", &[]).await;
        slow.execute(connection, add, &[]).await.unwrap();
        assert_eq!(counted(folder.path()).await, 2);
    });
    assert_intact(folder.path());
}

#[test]
fn a_transaction_excludes_others_until_it_ends_and_is_not_superseded_while_it_works() {
    let folder = tempfile::tempdir().unwrap();
    RUNTIME.block_on(async {
        given_a_counter(folder.path()).await;
        let mut writer = Instance::over(folder.path()).await;
        let connection = writer.open("default").await.unwrap();
        writer
            .execute(connection, "BEGIN IMMEDIATE", &[])
            .await
            .unwrap();
        let path = folder.path().to_path_buf();
        let reader = tokio::spawn(async move { counted(&path).await });
        // Longer than the lease.
        let begun = Instant::now();
        let mut added = 0;
        while begun.elapsed() < Duration::from_secs(12) {
            let add = "UPDATE t SET a = a + 1";
            writer.execute(connection, add, &[]).await.unwrap();
            added += 1;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(
            !reader.is_finished(),
            "a reader saw a transaction half done"
        );
        writer.execute(connection, "COMMIT", &[]).await.unwrap();
        let seen = tokio::time::timeout(Duration::from_secs(20), reader).await;
        assert_eq!(seen.unwrap().unwrap(), added);
    });
}

#[test]
fn two_connections_of_one_instance_do_not_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    RUNTIME.block_on(async {
        given_a_counter(folder.path()).await;
        let mut instance = Instance::over(folder.path()).await;
        let first = instance.open("default").await.unwrap();
        let second = instance.open("default").await.unwrap();
        instance
            .execute(first, "BEGIN IMMEDIATE", &[])
            .await
            .unwrap();
        let begun = Instant::now();
        let error = instance.execute(second, "SELECT a FROM t", &[]).await;
        assert_eq!(text(&error.unwrap_err()), "busy: database is locked");
        assert!(begun.elapsed() < Duration::from_secs(5));
        // A connection that is dropped takes its transaction with it.
        instance.close(first).await;
        assert_eq!(instance.integer(second, "SELECT a FROM t").await, 0);
    });
}
