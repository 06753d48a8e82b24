//! A gateway on somebody else's host.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::case::Group;
use super::host::{Deployment, Host, policy_texts};
use super::program::Program;
use crate::agent::must;
use crate::client::Request;
use crate::process::{ADMIN_KEY, DATA_KEY, TOKEN_SECRET, Vectra, base_config, lay_over};

/// How long a host may take to load the bundle: `wash dev` compiles it at each start.
const LOADING: Duration = Duration::from_secs(300);

/// It: a process, its folder, and the policy files that it is given after each start.
pub struct Stock {
    program: Program,
    process: Option<Vectra>,
    folder: TempDir,
    variables: BTreeMap<String, String>,
    policies: BTreeMap<String, String>,
}

impl Stock {
    /// Starts one with these settings over the tests' own, on an empty database and without
    /// asking it anything.
    ///
    /// # Errors
    /// If it does not come up.
    pub async fn bare(program: &Program, settings: &Value, upstreams: &[String]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("vectra-host-").tempdir()?;
        fs::create_dir(folder.path().join("data"))?;
        let mut config = base_config();
        lay_over(&mut config, settings);
        lay_over(
            &mut config,
            &json!({ "Proxy": { "AllowedUpstreams": upstreams } }),
        );
        let variables = [
            ("ADMIN_KEY", ADMIN_KEY.to_owned()),
            ("TOKEN_SECRET", TOKEN_SECRET.to_owned()),
            ("DATA_KEY", DATA_KEY.to_owned()),
            ("VECTRA_CONFIG", config.to_string()),
        ];
        let mut stock = Self {
            program: program.clone(),
            process: None,
            folder,
            variables: variables
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
            policies: BTreeMap::new(),
        };
        stock.up().await?;
        Ok(stock)
    }

    async fn up(&mut self) -> Result<()> {
        let command = self.program.command(self.folder.path(), &self.variables)?;
        let process = Vectra::start_other(command, self.program.listening()).await?;
        self.process = Some(process);
        self.answers().await
    }

    /// Some hosts listen before they have loaded the bundle. The console is no row of any
    /// table: asking for it makes none.
    async fn answers(&self) -> Result<()> {
        let process = self.process.as_ref().context("it does not run")?;
        let begun = Instant::now();
        loop {
            let asked = Request::new("GET", "/console")
                .send(process.address())
                .await;
            if asked.is_ok_and(|answer| answer.values("vectra-version").len() == 1) {
                return Ok(());
            }
            ensure!(
                begun.elapsed() < LOADING,
                "it does not answer:\n{}",
                process.output()
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// What the host has said.
    #[must_use]
    pub fn output(&self) -> String {
        self.process
            .as_ref()
            .map(Vectra::output)
            .unwrap_or_default()
    }

    /// Ends it as a power cut would, and starts it on what is left.
    ///
    /// # Errors
    /// If it does not come up again.
    pub async fn kill(&mut self) -> Result<()> {
        self.end().await?;
        self.up().await
    }

    /// Kills it for good; its files stay.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn end(&mut self) -> Result<()> {
        let process = self.process.take().context("it does not run")?;
        process.kill().await.map(drop)
    }

    /// Brings the gateway's policies up to the files.
    async fn push_policies(&self) -> Result<()> {
        let deployment = self.deployment()?;
        push_policies(&deployment, &self.policies)
            .await
            .with_context(|| {
                self.process
                    .as_ref()
                    .map(Vectra::output)
                    .unwrap_or_default()
            })
    }
}

/// Brings a gateway's policies up to these files: name and text.
pub(super) async fn push_policies(
    deployment: &Deployment,
    policies: &BTreeMap<String, String>,
) -> Result<()> {
    let files: Vec<Value> = policies
        .iter()
        .map(|(name, content)| json!({ "name": name, "content": content }))
        .collect();
    let request = Request::new("POST", "/lifecycle/tick")
        .bearer(&deployment.admin_key)
        .json(&json!({ "files": files }));
    let answer = request.send(&deployment.address).await?;
    must(answer, 200).context("pushing policies")?;
    Ok(())
}

impl Host for Stock {
    type Place = Program;

    async fn start(group: &Group, upstreams: &[String], program: &Program) -> Result<Self> {
        let mut stock = Self::bare(program, &group.settings, upstreams).await?;
        stock.policies = policy_texts(group);
        stock.push_policies().await?;
        Ok(stock)
    }

    fn deployment(&self) -> Result<Deployment> {
        let process = self.process.as_ref().context("it does not run")?;
        Ok(Deployment {
            address: process.address().to_owned(),
            admin_key: ADMIN_KEY.to_owned(),
            token_secret: Some(TOKEN_SECRET.to_owned()),
            records: self.program.records(self.folder.path()),
        })
    }

    fn set_policy(&mut self, file: &str, text: Option<&str>) -> Result<()> {
        match text {
            Some(text) => drop(self.policies.insert(file.to_owned(), text.to_owned())),
            None => drop(
                self.policies
                    .remove(file)
                    .with_context(|| file.to_owned())?,
            ),
        }
        Ok(())
    }

    async fn restart(&mut self) -> Result<()> {
        if let Some(process) = self.process.take() {
            process.stop().await?;
        }
        self.up().await?;
        self.push_policies().await
    }
}
