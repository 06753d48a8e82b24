//! A server goes and comes back.

use std::time::{Duration, Instant};

use vectra_cluster::{Cluster, Durability, Options};
use vectra_postgres::{DbValue, Error, PostgresDatabase, PostgresOptions};

use crate::fixture::{DEADLINE, open, value};

fn server() -> (Cluster, PostgresDatabase) {
    let durability = Durability::Fast;
    let cluster = Cluster::start_with(Options {
        durability,
        ..Options::default()
    })
    .unwrap();
    let pool = open(
        &cluster.url(),
        PostgresOptions {
            connections: 4,
            ..PostgresOptions::default()
        },
    );
    (cluster, pool)
}

/// As many connections as the pool has, all idle afterwards.
async fn fill(pool: &PostgresDatabase) {
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut lent = pool.connect().await.unwrap();
        value(&mut lent, "SELECT 1").await.unwrap();
        held.push(lent);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_down_at_first_is_used_once_it_is_up() {
    let (mut cluster, pool) = server();
    cluster.stop().unwrap();
    let error = pool.connect().await.err().unwrap();
    assert!(matches!(error, Error::ConnectionFailed(_)), "{error:?}");
    cluster.start_again().unwrap();
    let mut lent = pool.connect().await.unwrap();
    assert_eq!(
        value(&mut lent, "SELECT 1").await.unwrap(),
        DbValue::Int32(1)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guests_do_not_notice_that_the_server_was_restarted() {
    let (mut cluster, pool) = server();
    for how in [Cluster::stop, Cluster::kill] {
        fill(&pool).await;
        how(&mut cluster).unwrap();
        cluster.start_again().unwrap();
        fill(&pool).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_was_closed_before_the_statement_is_told_as_such() {
    let (mut cluster, pool) = server();
    let mut lent = pool.connect().await.unwrap();
    value(&mut lent, "SELECT 1").await.unwrap();
    cluster.restart().unwrap();
    for sql in ["SELECT 1", "SELECT 2"] {
        let error = value(&mut lent, sql).await.unwrap_err();
        assert!(matches!(error, Error::ConnectionFailed(_)), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_outcome_of_a_statement_that_the_server_died_in_is_unknown() {
    for (how, expected) in [
        (
            Cluster::stop as fn(&mut Cluster) -> _,
            "outcome unknown: SqlState(E57P01): ",
        ),
        (Cluster::kill, "outcome unknown: "),
    ] {
        let (mut cluster, pool) = server();
        let mut lent = pool.connect().await.unwrap();
        let (result, ()) = tokio::join!(lent.execute("SELECT pg_sleep(60)", Vec::new()), async {
            // While it is being prepared, it is `active` too.
            let running = "SELECT count(*) FROM pg_stat_activity \
                           WHERE query = 'SELECT pg_sleep(60)' AND wait_event = 'PgSleep'";
            let mut other = pool.connect().await.unwrap();
            let begun = Instant::now();
            while value(&mut other, running).await.unwrap() != DbValue::Int64(1) {
                assert!(begun.elapsed() < DEADLINE, "it does not run");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            how(&mut cluster).unwrap();
        });
        let Err(Error::QueryFailed(message)) = result else {
            panic!("{result:?}")
        };
        assert!(message.starts_with(expected), "{message}");
    }
}
