//! Who starts a gateway.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use super::case::Group;
use crate::process::{ADMIN_KEY, Home, SecretSource, Setup, TOKEN_SECRET, Vectra};

/// A gateway that answers.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// `host:port`.
    pub address: String,
    /// The admin key.
    pub admin_key: String,
    /// What it signs agents' tokens with.
    pub token_secret: String,
    /// The SQLite file, if it has one that can be read from here.
    pub database: PathBuf,
}

/// Something that can run the bundle. Its gateway ends when this is dropped.
#[allow(async_fn_in_trait)]
pub trait Host: Sized {
    /// Starts a gateway for a group, with these upstreams (`host:port`) allowed.
    ///
    /// # Errors
    /// If it does not come up.
    async fn start(group: &Group, upstreams: &[String]) -> Result<Self>;

    /// Where it is.
    ///
    /// # Errors
    /// If it does not run.
    fn deployment(&self) -> Result<Deployment>;

    /// Writes (or, with `None`, removes) a policy file.
    ///
    /// # Errors
    /// If it cannot.
    fn set_policy(&self, file: &str, text: Option<&str>) -> Result<()>;

    /// Stops it and starts it on the same data.
    ///
    /// # Errors
    /// If it does not come up again.
    async fn restart(&mut self) -> Result<()>;
}

/// Our own runtime.
pub struct VectraUp {
    home: Home,
    process: Option<Vectra>,
}

impl Host for VectraUp {
    async fn start(group: &Group, upstreams: &[String]) -> Result<Self> {
        let policies: BTreeMap<String, String> = group
            .policies
            .iter()
            .map(|(file, content)| (file.clone(), policy_text(content)))
            .collect();
        let home = Home::new(Setup {
            settings: group.settings.clone(),
            policies,
            allowed_upstreams: upstreams.to_vec(),
            environment: BTreeMap::new(),
            secrets: SecretSource::Given,
        })?;
        let process = Some(home.up().await?);
        Ok(Self { home, process })
    }

    fn deployment(&self) -> Result<Deployment> {
        let process = self.process.as_ref().context("it does not run")?;
        Ok(Deployment {
            address: process.address().to_owned(),
            admin_key: ADMIN_KEY.to_owned(),
            token_secret: TOKEN_SECRET.to_owned(),
            database: self.home.database(),
        })
    }

    fn set_policy(&self, file: &str, text: Option<&str>) -> Result<()> {
        match text {
            Some(text) => self.home.write_policy(file, text),
            None => self.home.remove_policy(file),
        }
    }

    async fn restart(&mut self) -> Result<()> {
        if let Some(process) = self.process.take() {
            process.stop().await?;
        }
        self.process = Some(self.home.up().await?);
        Ok(())
    }
}

/// A policy's text: a string stands for itself, so that it may be no JSON.
#[must_use]
pub fn policy_text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        document => document.to_string(),
    }
}
