//! What a decision costs with much history behind it, beside little.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::runtime::Handle;
use vectra_cluster::{Cluster, Durability, Options};
use vectra_domain::repository::Ledger;
use vectra_domain::{Query, Timestamp};
use vectra_persistence::{Database, Repositories};
use vectra_postgres::PostgresOptions;
use vectra_sqlite::{LocalOptions, Synchronous};

use super::bridge::{Bridge, agent_id, decision, explanation, now, register};

/// Rows of the small database.
const FEW: u64 = 1_000;
/// Rows that one statement makes: it must end in time.
const BATCH: u64 = 50_000;
/// How often both are measured in turn, and how many decisions each time.
const ROUNDS: u64 = 200;
const DECISIONS: u64 = 50;

/// Measures both engines. Nothing waits for the disk here, so that the work is seen and
/// not the wait.
pub(super) fn run(rows: u64) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let folder = tempfile::tempdir()?;
    let options = LocalOptions {
        synchronous: Synchronous::Normal,
        // For the batches; a decision takes microseconds.
        patience: Duration::from_secs(60),
        ..LocalOptions::default()
    };
    println!("load + record of an agent, {FEW} rows of history beside {rows}; median, no sync");
    let made = |name: &str| Bridge::sqlite(&folder.path().join(name), options, runtime.handle());
    compare(
        "SQLite",
        made("few.db")?,
        made("many.db")?,
        rows,
        sqlite_rows,
    )?;

    let durability = Durability::Fast;
    let cluster = Cluster::start_with(Options {
        durability,
        ..Options::default()
    })?;
    let databases = [
        vectra_cluster::Database::fresh_in(&cluster.url())?,
        vectra_cluster::Database::fresh_in(&cluster.url())?,
    ];
    let [few, many] = databases
        .each_ref()
        .map(|database| postgres(database, runtime.handle()));
    compare("PostgreSQL", few?, many?, rows, postgres_rows)
}

fn postgres(database: &vectra_cluster::Database, runtime: &Handle) -> Result<Repositories<Bridge>> {
    let options = PostgresOptions {
        statement_timeout: Duration::from_secs(60),
        ..PostgresOptions::default()
    };
    Bridge::postgres(database.url(), options, runtime)
}

/// A statement that gives agent 0 the rows `from..to`, one for each second before now.
type Rows = fn(from: u64, to: u64) -> String;

fn sqlite_rows(from: u64, to: u64) -> String {
    let last = to - 1;
    format!(
        "INSERT INTO AgentHistory WITH RECURSIVE n(i) AS
           (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {last})
         SELECT printf('018f4d2e-7c1b-7000-9000-%012x', i), '{agent}', 'GET', '/v1/items',
           strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now', '-' || i || ' seconds'), 0 FROM n",
        agent = agent_id(0)
    )
}

fn postgres_rows(from: u64, to: u64) -> String {
    let last = to - 1;
    format!(
        "INSERT INTO AgentHistory SELECT ('018f4d2e-7c1b-7000-9000-' || lpad(to_hex(i), 12, '0'))::uuid,
           '{agent}', 'GET', '/v1/items', now() - i * interval '1 second', 0
         FROM generate_series({from}::bigint, {last}::bigint) i",
        agent = agent_id(0)
    )
}

fn compare(
    name: &str,
    few: Repositories<Bridge>,
    many: Repositories<Bridge>,
    rows: u64,
    statement: Rows,
) -> Result<()> {
    for (repositories, rows) in [(&few, FEW), (&many, rows)] {
        register(repositories, 1, now()?)?;
        fill(repositories, rows, statement)?;
    }
    let (mut times, mut serial) = ([Vec::new(), Vec::new()], 0);
    for _ in 0..ROUNDS {
        // In turn, so that what else the machine does meets both.
        for (repositories, times) in [&few, &many].into_iter().zip(&mut times) {
            times.push(measure(repositories, &mut serial)?);
        }
    }
    let [few, many] = times.map(median);
    println!(
        "  {name:<12} {few:>6.1} µs, {many:>6.1} µs: {:.2} times",
        many / few
    );
    Ok(())
}

fn fill(repositories: &Repositories<Bridge>, rows: u64, statement: Rows) -> Result<()> {
    for from in (0..rows).step_by(usize::try_from(BATCH)?) {
        let to = rows.min(from + BATCH);
        repositories
            .database()
            .execute(&statement(from, to), Vec::new())
            .context("cannot make history")?;
    }
    Ok(())
}

/// Microseconds of one load and one record.
fn measure(repositories: &Repositories<Bridge>, serial: &mut u64) -> Result<f64> {
    let explanation = explanation();
    let begun = Instant::now();
    for _ in 0..DECISIONS {
        let now: Timestamp = now()?;
        *serial += 1;
        let context = repositories.load(&Query {
            agent_id: agent_id(0),
            origin: None,
            now,
        })?;
        let agent = context.agent.context("the agent is not there")?;
        repositories.record(&decision(*serial, agent.id, now, &explanation)?)?;
    }
    Ok(begun.elapsed().as_secs_f64() * 1e6 / DECISIONS as f64)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
