//! What each engine has to say about its own structures.

use std::collections::BTreeMap;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;
use tokio::time::timeout;
use vectra_cluster::Cluster;

use super::check::Complaint;
use super::rows::Reader;
use crate::DEADLINE;

/// How often each check ran, by its name.
pub(super) type Ran = BTreeMap<&'static str, u32>;

/// Said in the place of a name when the program is missing.
const NO_AMCHECK: &str = "pg_amcheck not installed, left out";

/// SQLite's own checks: the file's structure and its references.
pub(super) async fn sqlite(reader: &Reader, ran: &mut Ran) -> Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    let said = reader.texts("PRAGMA integrity_check").await?;
    *ran.entry("integrity_check").or_default() += 1;
    if said != [["ok"]] {
        complaints.push(Complaint::new("integrity_check", lines(&said)));
    }
    let dangling = reader.texts("PRAGMA foreign_key_check").await?;
    *ran.entry("foreign_key_check").or_default() += 1;
    if !dangling.is_empty() {
        complaints.push(Complaint::new("foreign_key_check", lines(&dangling)));
    }
    Ok(complaints)
}

fn lines(rows: &[Vec<String>]) -> String {
    let lines: Vec<_> = rows.iter().take(20).map(|row| row.join(" ")).collect();
    lines.join("; ")
}

/// Checks all tables and indexes of a cluster's first database with `pg_amcheck`, if
/// the program is there.
pub(super) async fn postgres(cluster: &Cluster, ran: &mut Ran) -> Result<Vec<Complaint>> {
    let program = cluster.programs().path("pg_amcheck");
    if !program.is_file() {
        *ran.entry(NO_AMCHECK).or_default() += 1;
        return Ok(Vec::new());
    }
    let mut command = Command::new(program);
    command
        .args(["--install-missing", "--heapallindexed", "--no-password"])
        .args(["--host", cluster.host(), "--username", cluster.user()])
        .args(["--port", &cluster.port().to_string(), "postgres"])
        .env("PGPASSWORD", cluster.password())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(DEADLINE, command.output())
        .await
        .context("`pg_amcheck` does not end")?
        .context("cannot start `pg_amcheck`")?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    // 2: it ran to its end and found something.
    ensure!(
        matches!(output.status.code(), Some(0 | 2)),
        "`pg_amcheck` ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    *ran.entry("pg_amcheck").or_default() += 1;
    if output.status.success() {
        return Ok(Vec::new());
    }
    Ok(vec![Complaint::new("pg_amcheck", said)])
}
