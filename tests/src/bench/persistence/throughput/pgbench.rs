//! The same statement from PostgreSQL's own load generator.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use vectra_cluster::{Cluster, Database};

use super::super::bridge::{ID_TEXT, explanation};
use super::{AGENTS, CALLERS, Way};

/// Runs it with as many connections as there are callers, and with as many as our pool
/// has; the better one comes first.
pub(super) fn run(cluster: &Cluster, database: &Database, duration: Duration) -> Result<Vec<Way>> {
    let folder = tempfile::tempdir()?;
    let script = folder.path().join("record.sql");
    std::fs::write(&script, statement())?;
    let mut ways = Vec::new();
    for clients in [16, CALLERS] {
        let output = Command::new(cluster.programs().path("pgbench"))
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={clients}"))
            .arg(format!("--time={}", duration.as_secs().max(1)))
            .arg("--file")
            .arg(&script)
            .arg(database.url())
            .output()
            .context("cannot start pgbench, which comes with postgresql")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let rate = text
            .lines()
            .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        let (true, Some(rate)) = (output.status.success(), rate) else {
            bail!("pgbench: {}", String::from_utf8_lossy(&output.stderr));
        };
        ways.push(Way {
            name: format!("pgbench, {clients} connections"),
            rate,
        });
    }
    ways.sort_by(|one, other| other.rate.total_cmp(&one.rate));
    Ok(ways)
}

/// `ledger.record` of the dialect, for a random agent at the present.
fn statement() -> String {
    let explanation = explanation();
    format!(
        "\\set n random(0, {last})
SELECT Outcome, Recorded FROM VectraLedgerRecordV5(gen_random_uuid(),
  ('{ID_TEXT}' || lpad(to_hex(:n::bigint), 12, '0'))::uuid, 0::bigint::integer, 'no rule applies',
  'GET', '/v1/items?page=2', 'https://api.example.com/v1/items?page=2', 0.125::double precision,
  now(), gen_random_uuid(), '{explanation}', date_trunc('minute', now()), date_trunc('hour', now()),
  4294967295::bigint, 1.0::double precision, 0.01::double precision, 0::bigint, 0::bigint,
  NULL::uuid, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::bytea,
  NULL::timestamptz, NULL::timestamptz, 0.0::double precision, 'allow/none'::text, NULL::text,
  NULL::timestamptz, NULL::timestamptz)",
        last = AGENTS - 1,
    )
}
