//! A cluster starts, crashes, comes back and leaves nothing behind.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use vectra_cluster::{Cluster, Database, Durability, Options};

fn fast() -> Cluster {
    let durability = Durability::Fast;
    Cluster::start_with(Options {
        durability,
        ..Options::default()
    })
    .unwrap()
}

#[test]
fn what_was_committed_survives_a_kill_and_a_restart() {
    let mut cluster = Cluster::start().unwrap();
    let port = cluster.port();
    let database = Database::fresh_in(&cluster.url()).unwrap();
    assert_eq!(database.run("SHOW fsync").unwrap(), "on\n");
    database
        .run("CREATE TABLE t (a int); INSERT INTO t VALUES (7)")
        .unwrap();

    cluster.kill().unwrap();
    assert!(database.run("SELECT 1").is_err());
    cluster.start_again().unwrap();
    assert_eq!(database.run("SELECT a FROM t").unwrap(), "7\n");

    cluster.restart().unwrap();
    assert_eq!(database.run("SELECT a FROM t").unwrap(), "7\n");
    assert_eq!(cluster.port(), port);
}

#[test]
fn a_kill_ends_a_session_in_the_middle_of_its_statement() {
    let mut cluster = fast();
    let database = Database::fresh_in(&cluster.url()).unwrap();
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| database.run("SELECT pg_sleep(60)"));
        let seen = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'";
        while database.run(seen).unwrap() != "1\n" {}
        cluster.kill().unwrap();
        assert!(busy.join().unwrap().is_err());
    });
    cluster.start_again().unwrap();
}

#[test]
fn nothing_is_left_when_it_is_dropped() {
    let cluster = fast();
    let port = cluster.port();
    drop(cluster);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn databases_are_apart_and_dropped_with_their_value() {
    let cluster = fast();
    let server = cluster.url();
    let one = Database::fresh_in(&server).unwrap();
    let other = Database::fresh_in(&server).unwrap();
    one.run("CREATE TABLE t (a int)").unwrap();
    assert!(other.run("SELECT * FROM t").is_err());
    let count = "SELECT count(*) FROM pg_database WHERE datname LIKE 'vectra%'";
    drop(one);
    assert_eq!(other.run(count).unwrap(), "1\n");
}

#[test]
fn a_password_is_asked_for() {
    let cluster = fast();
    let wrong = cluster.url().replace(cluster.password(), "wrong");
    let error = Database::fresh_in(&wrong).err().unwrap();
    assert!(
        format!("{error:#}").contains("password authentication failed"),
        "{error:#}"
    );
}

/// Set in a process whose only business is to be killed.
const VICTIM: &str = "VECTRA_CLUSTER_VICTIM";

#[test]
fn it_ends_with_a_process_that_is_killed() {
    if std::env::var_os(VICTIM).is_some() {
        let cluster = fast();
        println!("\nport {}", cluster.port());
        loop {
            std::thread::park();
        }
    }
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "it_ends_with_a_process_that_is_killed",
            "--nocapture",
        ])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let port = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("port ")?.parse::<u16>().ok())
        .unwrap();
    TcpStream::connect(("127.0.0.1", port)).unwrap();

    victim.kill().unwrap();
    victim.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_ok() {
        assert!(Instant::now() < deadline, "the server is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}
