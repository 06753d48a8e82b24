//! The server's processes: one that listens, and its children.

use std::fs::OpenOptions;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::account::Account;
use crate::options::{Durability, Options};
use crate::process::{children, is_alive, is_still, signal, wait_for, wait_until};
use crate::programs::Programs;

/// How long the server may take to start, recovery included, and to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that runs.
pub(crate) struct Server(Child);

impl Server {
    /// Starts one on the data in `folder/data` and waits until it can be used.
    pub(crate) fn start(
        programs: &Programs,
        account: Account,
        folder: &Path,
        port: u16,
        options: &Options,
    ) -> Result<Self> {
        let log = folder.join("log");
        let log = OpenOptions::new().create(true).append(true).open(log)?;
        let mut command = Command::new(programs.path("postgres"));
        command
            .arg("-D")
            .arg(folder.join("data"))
            .current_dir(folder);
        for (name, value) in settings(folder, port, options) {
            command.args(["-c".to_owned(), format!("{name}={value}")]);
        }
        command.env("TZ", "UTC").stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(log);
        // A group of its own: Ctrl-C must not end it before us.
        command.process_group(0);
        account.apply(&mut command);
        let mut server = Self(command.spawn().context("cannot start `postgres`")?);
        server.wait_until_ready(folder, port)?;
        Ok(server)
    }

    fn wait_until_ready(&mut self, folder: &Path, port: u16) -> Result<()> {
        let file = folder.join("data/postmaster.pid");
        let id = self.0.id().to_string();
        let child = &mut self.0;
        let mut ended = None;
        let is_ready = wait_until(PATIENCE, || {
            ended = child.try_wait().ok().flatten();
            // The file is this server's own; another one may have the port.
            ended.is_some()
                || std::fs::read_to_string(&file).is_ok_and(|text| {
                    text.lines().next() == Some(&id)
                        && text.lines().any(|line| line.trim() == "ready")
                }) && TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
        });
        if let Some(status) = ended {
            bail!(
                "`postgres` ended with {status}: {}",
                last_lines(&folder.join("log"))
            );
        }
        ensure!(is_ready, "`postgres` is not ready after {PATIENCE:?}");
        Ok(())
    }

    /// Ends it in an orderly way: `INT` rolls open transactions back and writes a
    /// checkpoint, `QUIT` leaves recovery to the next start.
    pub(crate) fn stop(mut self, how: &str) -> Result<()> {
        signal(how, &[self.0.id()])?;
        ensure!(wait_for(&mut self.0, PATIENCE), "`postgres` did not stop");
        Ok(())
    }

    /// Ends it as a crash does: all of its processes at once, in mid-sentence.
    pub(crate) fn kill(mut self, folder: &Path) -> Result<()> {
        self.kill_all()?;
        // So that nobody takes a process that gets the number next for it.
        let _ = std::fs::remove_file(folder.join("data/postmaster.pid"));
        Ok(())
    }

    fn kill_all(&mut self) -> Result<()> {
        let id = self.0.id();
        // Stopped, it makes no more children. They are in sessions of their own, so
        // a signal to its group would not reach them.
        signal("STOP", &[id])?;
        wait_until(PATIENCE, || is_still(id));
        let mut all = children(id);
        all.push(id);
        signal("KILL", &all)?;
        self.0.wait()?;
        ensure!(
            wait_until(PATIENCE, || !all.iter().any(|id| is_alive(*id))),
            "a process of `postgres` is still there"
        );
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            let _ = signal("QUIT", &[self.0.id()]);
            if !wait_for(&mut self.0, Duration::from_secs(10)) {
                let _ = self.kill_all();
            }
        }
    }
}

fn settings(folder: &Path, port: u16, options: &Options) -> Vec<(String, String)> {
    let mut settings = vec![
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("port", port.to_string()),
        ("unix_socket_directories", String::new()),
        ("max_connections", "300".to_owned()),
        // In the data folder, so that a kill leaves nothing behind elsewhere.
        ("dynamic_shared_memory_type", "mmap".to_owned()),
        ("timezone", "UTC".to_owned()),
        ("log_timezone", "UTC".to_owned()),
    ];
    if options.durability == Durability::Fast {
        let off = ["fsync", "synchronous_commit", "full_page_writes"];
        settings.extend(off.map(|name| (name, "off".to_owned())));
    }
    if options.tls.is_some() {
        let path = |name| folder.join(name).display().to_string();
        settings.extend([
            ("ssl", "on".to_owned()),
            ("ssl_cert_file", path("server.crt")),
            ("ssl_key_file", path("server.key")),
        ]);
    }
    let settings = settings
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    settings.chain(options.settings.iter().cloned()).collect()
}

/// The end of the server's log, for an error.
fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(3).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("; ")
}
