//! Decisions recorded per second, each on the disk before its caller is answered.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::runtime::Handle;
use vectra_cluster::Cluster;
use vectra_domain::Recorded;
use vectra_domain::repository::Ledger;
use vectra_persistence::Repositories;
use vectra_postgres::PostgresOptions;
use vectra_sqlite::LocalOptions;

use super::bridge::{Bridge, agent_id, decision, explanation, now, register};

mod pgbench;

/// Callers that write at the same time.
pub(super) const CALLERS: u64 = 64;
/// Agents of the PostgreSQL run.
pub(super) const AGENTS: u64 = 1_000;

/// Which agents the callers write for.
#[derive(Clone, Copy)]
enum Agents {
    /// Each caller takes a range of them in turn.
    Spread(u64),
    /// All take the same one.
    One,
}

/// One way that was measured.
struct Way {
    name: String,
    rate: f64,
}

pub(super) fn run(duration: Duration) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    sqlite(duration, runtime.handle())?;
    postgres(duration, runtime.handle())
}

fn sqlite(duration: Duration, runtime: &Handle) -> Result<()> {
    let options = LocalOptions::default();
    let naive = LocalOptions {
        group: 1,
        ..options
    };
    let mut ways = Vec::new();
    for (name, options, agents) in [
        ("one transaction per call", naive, Agents::Spread(CALLERS)),
        ("group commit", options, Agents::Spread(CALLERS)),
        ("group commit, one hot agent", options, Agents::One),
    ] {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("vectra.db");
        let repositories = Bridge::sqlite(&path, options, runtime)?;
        register(&repositories, CALLERS, now()?)?;
        let rate = record(&repositories, agents, duration)?;
        ways.push(Way {
            name: name.to_owned(),
            rate,
        });
    }
    print("SQLite, synchronous FULL", &ways);
    Ok(())
}

fn postgres(duration: Duration, runtime: &Handle) -> Result<()> {
    let cluster = Cluster::start()?;
    let database = vectra_cluster::Database::fresh_in(&cluster.url())?;
    let options = PostgresOptions::default();
    let repositories = Bridge::postgres(database.url(), options, runtime)?;
    register(&repositories, AGENTS, now()?)?;
    let mut ways = pgbench::run(&cluster, &database, duration)?;
    for (name, agents) in [
        ("vectra-postgres", Agents::Spread(AGENTS)),
        ("… one hot agent", Agents::One),
    ] {
        let repositories = Bridge::postgres(database.url(), options, runtime)?;
        let rate = record(&repositories, agents, duration)?;
        ways.push(Way {
            name: name.to_owned(),
            rate,
        });
    }
    print("PostgreSQL, fsync on", &ways);
    Ok(())
}

/// Lets all callers record until the time is over, after a short warm-up, and gives the
/// rate.
fn record(repositories: &Repositories<Bridge>, agents: Agents, duration: Duration) -> Result<f64> {
    // Ids must not repeat between the ways, which may share a database.
    static SERIAL: AtomicU64 = AtomicU64::new(0);
    let explanation = explanation();
    let counted = AtomicU64::new(0);
    let failure = Mutex::new(None);
    let begin = Instant::now() + duration / 5;
    let end = begin + duration;
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (counted, failure, explanation) = (&counted, &failure, &explanation);
            scope.spawn(move || {
                for round in 0.. {
                    if Instant::now() >= end {
                        return;
                    }
                    let agent = match agents {
                        Agents::One => 0,
                        Agents::Spread(agents) => (caller + round * CALLERS) % agents,
                    };
                    let serial = SERIAL.fetch_add(1, Relaxed);
                    if let Err(error) = one(repositories, serial, agent, explanation) {
                        if let Ok(mut failure) = failure.lock() {
                            failure.get_or_insert(error);
                        }
                        return;
                    }
                    if (begin..end).contains(&Instant::now()) {
                        counted.fetch_add(1, Relaxed);
                    }
                }
            });
        }
    });
    match failure.into_inner() {
        Ok(None) => Ok(counted.into_inner() as f64 / duration.as_secs_f64()),
        Ok(Some(error)) => Err(error),
        Err(_) => bail!("a caller panicked"),
    }
}

fn one(
    repositories: &Repositories<Bridge>,
    serial: u64,
    agent: u64,
    explanation: &str,
) -> Result<()> {
    let entry = decision(serial, agent_id(agent), now()?, explanation)?;
    match repositories
        .record(&entry)
        .context("a decision is refused")?
    {
        Recorded::Recorded(_) => Ok(()),
        other => bail!("a decision is refused: {other:?}"),
    }
}

fn print(title: &str, ways: &[Way]) {
    println!("{title}: {CALLERS} callers");
    let Some(first) = ways.first() else { return };
    for Way { name, rate } in ways {
        println!(
            "  {name:<34} {rate:>8.0} decisions/s {:>6.2} of the first",
            rate / first.rate
        );
    }
    println!();
}
