//! Servers in processes of their own, and the CPU time that they have used.

use std::fs;
use std::path::Path;
use std::process::{Command as Blocking, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::DEADLINE;

/// A server that says where it listens; killed when this is dropped.
pub struct Spawned {
    child: Child,
    address: String,
}

impl Spawned {
    /// Starts the native proxy.
    pub async fn native_proxy(binary: &Path) -> Result<Self> {
        let mut child = Command::new(binary)
            .arg("native-proxy")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start it")?;
        let mut lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
        let line = timeout(DEADLINE, lines.next_line())
            .await
            .context("it does not listen")??;
        let address = line
            .as_deref()
            .and_then(|line| line.split_once("http://"))
            .map(|(_, address)| address.to_owned())
            .context("it does not say where it listens")?;
        Ok(Self { child, address })
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its process id.
    pub fn id(&self) -> Result<u32> {
        self.child.id().context("it has ended")
    }
}

/// Reads the CPU time of a process.
pub struct CpuClock {
    process: u32,
    ticks_per_second: f64,
}

impl CpuClock {
    /// For a process that runs.
    pub fn new(process: u32) -> Result<Self> {
        let output = Blocking::new("getconf")
            .arg("CLK_TCK")
            .output()
            .context("getconf")?;
        let ticks_per_second = String::from_utf8(output.stdout)?.trim().parse()?;
        Ok(Self {
            process,
            ticks_per_second,
        })
    }

    /// User and system time since its start.
    pub fn read(&self) -> Result<Duration> {
        let stat =
            fs::read_to_string(format!("/proc/{}/stat", self.process)).context("no /proc")?;
        // The name, in parentheses, may hold anything; `utime` and `stime` are the
        // 14th and 15th field, so the 12th and 13th after it.
        let (_, fields) = stat.rsplit_once(')').context("an odd /proc/PID/stat")?;
        let mut fields = fields.split_whitespace().skip(11);
        let mut ticks = || fields.next().and_then(|field| field.parse::<u64>().ok());
        let (user, system) = (ticks().context("no utime")?, ticks().context("no stime")?);
        Ok(Duration::from_secs_f64(
            (user + system) as f64 / self.ticks_per_second,
        ))
    }
}
