//! An empty database for one test.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use crate::programs::Programs;
use crate::url::{with_database, without_password};

/// Names the server that tests use: a `postgres://` URL of a role that may make
/// databases. `cargo xtask test` sets it.
pub const VARIABLE: &str = "VECTRA_TEST_POSTGRES";

static COUNT: AtomicU64 = AtomicU64::new(0);

/// An empty database, dropped with this value, whoever is still connected to it.
pub struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    /// Makes one in the server that [`VARIABLE`] names. Blocks for some 50 ms.
    ///
    /// # Errors
    /// If the variable is not set, or the server refuses.
    pub fn fresh() -> Result<Self> {
        let server = std::env::var(VARIABLE).ok().with_context(|| {
            format!("there is no PostgreSQL to test with: run cargo xtask test, or set {VARIABLE}")
        })?;
        Self::fresh_in(&server)
    }

    /// Makes one in a server, say [`Cluster::url`](crate::Cluster::url).
    ///
    /// # Errors
    /// If the server refuses.
    pub fn fresh_in(server: &str) -> Result<Self> {
        // Unique among all processes that use the server.
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
        let count = COUNT.fetch_add(1, Relaxed);
        let name = format!("vectra_{now}_{}_{count}", std::process::id());
        let url = with_database(server, &name).context("the server's URL")?;
        run(server, &format!(r#"CREATE DATABASE "{name}""#))?;
        Ok(Self {
            server: server.to_owned(),
            name,
            url,
        })
    }

    /// Its `postgres://` URL, password included.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs statements in it with `psql` and returns what they print, unaligned.
    ///
    /// # Errors
    /// At the first statement that fails.
    pub fn run(&self, sql: &str) -> Result<String> {
        run(&self.url, sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = format!(r#"DROP DATABASE IF EXISTS "{}" WITH (FORCE)"#, self.name);
        if let Err(error) = run(&self.server, &sql) {
            eprintln!("the database `{}` stays: {error:#}", self.name);
        }
    }
}

fn run(url: &str, sql: &str) -> Result<String> {
    // Without an installation of the server, there may still be the client.
    let psql = Programs::find().map(|programs| programs.path("psql"));
    let psql = psql.ok().filter(|path| path.is_file());
    let (url, password) = without_password(url);
    let mut command = Command::new(psql.unwrap_or_else(|| "psql".into()));
    command.args([
        "-X",
        "-q",
        "-A",
        "-t",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        &url,
        "-c",
        sql,
    ]);
    command.env("PGCONNECT_TIMEOUT", "10").stdin(Stdio::null());
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    let output = command.output().context("cannot start `psql`")?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        bail!("`psql`: {}", text.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
