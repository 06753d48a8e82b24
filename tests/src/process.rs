//! The built binary in a folder of its own.

mod home;

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

pub use home::{
    ADMIN_KEY, DATA_KEY, Home, SecretSource, Setup, TOKEN_SECRET, base_config, lay_over,
    made_secrets, postgres_settings,
};

use crate::DEADLINE;

/// The line that the runtime prints when it listens, up to the address.
const LISTENING: &str = "vectra is listening on http://";

/// The running binary; killed when this is dropped.
pub struct Vectra {
    child: Child,
    address: String,
    started_in: Duration,
    output: Output,
}

#[derive(Clone, Default)]
struct Output(Arc<Mutex<String>>);

impl Vectra {
    async fn start(command: Command) -> Result<Self> {
        Self::start_other(command, LISTENING).await
    }

    /// Starts another host of the gateway, which says that it listens in a line of its
    /// output: `listening`, then the address.
    ///
    /// # Errors
    /// If it ends before, or does not say so within [`DEADLINE`]; with its output.
    pub async fn start_other(mut command: Command, listening: &'static str) -> Result<Self> {
        let begun = Instant::now();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let output = Output::default();
        let (found, mut address) = watch::channel(None);
        let told = Told { listening, found };
        let stdout = child.stdout.take().context("no stdout")?;
        let stderr = child.stderr.take().context("no stderr")?;
        tokio::spawn(collect(stdout, output.clone(), told.clone()));
        tokio::spawn(collect(stderr, output.clone(), told));

        let found = timeout(DEADLINE, address.wait_for(Option::is_some)).await;
        let address = match found {
            Ok(Ok(address)) => address.clone().unwrap_or_default(),
            Ok(Err(_)) => {
                let status = timeout(DEADLINE, child.wait())
                    .await
                    .context("it does not end")??;
                bail!(
                    "it ended with {status} before it listened:\n{}",
                    output.text()
                );
            }
            Err(_) => bail!("it does not listen:\n{}", output.text()),
        };
        Ok(Self {
            child,
            address,
            started_in: begun.elapsed(),
            output,
        })
    }

    /// `127.0.0.1:port`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// From the start of the process to the line that says it listens.
    #[must_use]
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    /// Everything it has written so far, to stdout and stderr.
    #[must_use]
    pub fn output(&self) -> String {
        self.output.text()
    }

    /// A path as the process sees it, whose mounts may be its own.
    ///
    /// # Errors
    /// If it has ended.
    pub fn inside(&self, path: &Path) -> Result<PathBuf> {
        let id = self.id().context("it has ended")?;
        let root = PathBuf::from(format!("/proc/{id}/root"));
        Ok(root.join(path.strip_prefix("/")?))
    }

    /// Its process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until its output holds this text.
    ///
    /// # Errors
    /// If it does not within [`DEADLINE`].
    pub async fn says(&self, text: &str) -> Result<()> {
        self.says_more_often(text, 0).await
    }

    /// Waits until its output holds this text more than so many times.
    ///
    /// # Errors
    /// If it does not within [`DEADLINE`].
    pub async fn says_more_often(&self, text: &str, times: usize) -> Result<()> {
        let begun = Instant::now();
        while self.output().matches(text).count() <= times {
            if begun.elapsed() > DEADLINE {
                bail!(
                    "it does not say `{text}` more than {times} times:\n{}",
                    self.output()
                );
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Sends SIGKILL and waits for the end.
    ///
    /// # Errors
    /// If it has not ended within [`DEADLINE`].
    pub async fn kill(mut self) -> Result<()> {
        timeout(DEADLINE, self.child.kill())
            .await
            .context("it does not end")??;
        Ok(())
    }

    /// Sends SIGTERM and waits for the end.
    ///
    /// # Errors
    /// If it has not ended within [`DEADLINE`]; it is killed then.
    pub async fn stop(mut self) -> Result<(ExitStatus, String)> {
        let id = self.id().context("it has ended before")?;
        let sent = Command::new("kill")
            .args(["-TERM", &id.to_string()])
            .status()
            .await?;
        if !sent.success() {
            bail!("cannot signal {id}");
        }
        let status = timeout(DEADLINE, self.child.wait())
            .await
            .context("it does not end")??;
        Ok((status, self.output()))
    }
}

impl Output {
    fn text(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn push(&self, line: &str) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(line);
        text.push('\n');
    }
}

/// Whom the address is told, and by which words it is known.
#[derive(Clone)]
struct Told {
    listening: &'static str,
    found: watch::Sender<Option<String>>,
}

/// Keeps all lines, and tells the address when it is said.
async fn collect<R: AsyncRead + Unpin>(from: R, output: Output, told: Told) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        output.push(&line);
        if let Some((_, rest)) = line.split_once(told.listening) {
            let end = rest.find(['/', ' ']).unwrap_or(rest.len());
            let _ = told.found.send(rest.get(..end).map(str::to_owned));
        }
    }
}
