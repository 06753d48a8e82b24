//! A server of one's own.

use std::fs::{File, Permissions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::account::Account;
use crate::options::Options;
use crate::programs::Programs;
use crate::server::Server;
use crate::url::url;
use crate::watcher::Watcher;

/// The superuser of every cluster.
const USER: &str = "vectra";

/// How many ports are tried.
const ATTEMPTS: usize = 5;

/// A PostgreSQL server with data of its own, which ends and is removed with this
/// value, and if the process is killed a moment after it.
pub struct Cluster {
    // In the order in which they end.
    server: Option<Server>,
    _watcher: Watcher,
    folder: TempDir,
    programs: Programs,
    account: Account,
    options: Options,
    port: u16,
    password: String,
}

impl Cluster {
    /// Starts a server as PostgreSQL ships, without TLS.
    ///
    /// # Errors
    /// If the programs are missing or the server does not start.
    pub fn start() -> Result<Self> {
        Self::start_with(Options::default())
    }

    /// Starts a server.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub fn start_with(options: Options) -> Result<Self> {
        let programs = Programs::find()?;
        let folder = tempfile::Builder::new()
            .prefix("vectra-cluster-")
            .tempdir()?;
        let account = Account::choose(folder.path())?;
        account.give(folder.path())?;
        let watcher = Watcher::start(folder.path(), account)?;
        let password = random()?;
        initialise(&programs, account, folder.path(), &password)?;
        if let Some(tls) = &options.tls {
            write_secret(account, &folder.path().join("server.crt"), &tls.certificate)?;
            write_secret(account, &folder.path().join("server.key"), &tls.key)?;
        }
        let mut cluster = Self {
            server: None,
            _watcher: watcher,
            folder,
            programs,
            account,
            options,
            port: 0,
            password,
        };
        cluster.start_anywhere()?;
        Ok(cluster)
    }

    /// Between the choice of a port and its use, someone else may have taken it.
    fn start_anywhere(&mut self) -> Result<()> {
        for _ in 1..ATTEMPTS {
            self.port = free_port()?;
            match self.start_again() {
                Err(_) if self.log().contains("Address already in use") => {}
                result => return result,
            }
        }
        self.port = free_port()?;
        self.start_again()
    }

    /// `postgres://user:password@127.0.0.1:port/postgres`.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of another of its databases.
    pub fn url_of(&self, database: &str) -> String {
        url(USER, &self.password, self.host(), self.port, database)
    }

    /// Where it listens: `127.0.0.1`.
    pub fn host(&self) -> &'static str {
        "127.0.0.1"
    }

    /// Where it listens; the same after every start.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The superuser's name.
    pub fn user(&self) -> &'static str {
        USER
    }

    /// The superuser's password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The programs that belong to the server.
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Stops it in an orderly way; sessions are ended, open transactions rolled
    /// back. Nothing happens if it does not run.
    ///
    /// # Errors
    /// If it does not stop within a minute.
    pub fn stop(&mut self) -> Result<()> {
        self.server
            .take()
            .map_or(Ok(()), |server| server.stop("INT"))
    }

    /// Kills all of its processes at once with SIGKILL. Nothing happens if it does
    /// not run.
    ///
    /// # Errors
    /// If a process is still there after a minute.
    pub fn kill(&mut self) -> Result<()> {
        let folder = self.folder.path();
        self.server
            .take()
            .map_or(Ok(()), |server| server.kill(folder))
    }

    /// Starts it after [`Cluster::stop`] or [`Cluster::kill`], on the same port and
    /// data.
    ///
    /// # Errors
    /// If it runs already, or does not start.
    pub fn start_again(&mut self) -> Result<()> {
        ensure!(self.server.is_none(), "the server runs already");
        let folder = self.folder.path();
        let server = Server::start(
            &self.programs,
            self.account,
            folder,
            self.port,
            &self.options,
        )?;
        self.server = Some(server);
        Ok(())
    }

    /// Stops it in an orderly way and starts it again.
    ///
    /// # Errors
    /// As both.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        self.start_again()
    }
}

/// Makes the data folder.
fn initialise(programs: &Programs, account: Account, folder: &Path, password: &str) -> Result<()> {
    let file = folder.join("password");
    write_secret(account, &file, password)?;
    let mut command = Command::new(programs.path("initdb"));
    command.args([
        "-A",
        "scram-sha-256",
        "-U",
        USER,
        "-E",
        "UTF8",
        "--locale=C",
    ]);
    command.args(["--no-sync", "--no-instructions"]);
    command
        .arg("--pwfile")
        .arg(&file)
        .arg("-D")
        .arg(folder.join("data"));
    command
        .current_dir(folder)
        .env("TZ", "UTC")
        .stdin(Stdio::null());
    account.apply(&mut command);
    let output = command.output().context("cannot start `initdb`")?;
    std::fs::remove_file(file)?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        bail!("`initdb` ended with {}: {}", output.status, text.trim());
    }
    Ok(())
}

/// Writes a file that only the server's account may read, as it insists.
fn write_secret(account: Account, path: &Path, text: &str) -> Result<()> {
    let mut file = File::create_new(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    account.give(path)
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// 32 random hexadecimal digits.
fn random() -> Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
