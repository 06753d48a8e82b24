//! Who starts a gateway.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use super::case::{Case, Group};
use super::records::Records;
use crate::database::Source;
use crate::process::{
    ADMIN_KEY, Home, SecretSource, Setup, TOKEN_SECRET, Vectra, lay_over, postgres_settings,
};

/// A gateway that answers.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// `host:port`.
    pub address: String,
    /// The admin key.
    pub admin_key: String,
    /// What it signs agents' tokens with, if that is known.
    pub token_secret: Option<String>,
    /// Where its rows are read.
    pub records: Records,
}

/// Addresses that a gateway must be allowed to call, each `host:port`; ports of their own
/// where a host leaves it open.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    /// Where the upstream listens.
    pub upstream: Option<String>,
    /// Where nobody does.
    pub closed: Option<String>,
}

/// What a gateway keeps its rows in.
#[derive(Debug, Clone)]
pub enum Storage {
    /// A file of its own.
    File,
    /// A new database of the server with this URL.
    Server(String),
}

/// Something that can run the bundle. Its gateway ends when this is dropped.
#[allow(async_fn_in_trait)]
pub trait Host: Sized + Send + 'static {
    /// What tells one gateway of its kind from another: a database, a version.
    type Place: Send + Sync + 'static;

    /// The addresses it can call.
    #[must_use]
    fn addresses(_place: &Self::Place) -> Addresses {
        Addresses::default()
    }

    /// Why a case cannot be run there, if it cannot.
    #[must_use]
    fn lacks(_place: &Self::Place, _group: &Group, _case: &Case) -> Option<String> {
        None
    }

    /// Starts a gateway for a group, with these upstreams (`host:port`) allowed.
    ///
    /// # Errors
    /// If it does not come up.
    async fn start(group: &Group, upstreams: &[String], place: &Self::Place) -> Result<Self>;

    /// Where it is.
    ///
    /// # Errors
    /// If it does not run.
    fn deployment(&self) -> Result<Deployment>;

    /// Writes (or, with `None`, removes) a policy file.
    ///
    /// # Errors
    /// If it cannot.
    fn set_policy(&mut self, file: &str, text: Option<&str>) -> Result<()>;

    /// Stops it and starts it on the same data.
    ///
    /// # Errors
    /// If it does not come up again.
    async fn restart(&mut self) -> Result<()>;
}

/// Our own runtime.
pub struct VectraUp {
    process: Option<Vectra>,
    home: Home,
    // Dropped last, with its rows.
    database: Option<vectra_cluster::Database>,
}

impl Host for VectraUp {
    type Place = Storage;

    async fn start(group: &Group, upstreams: &[String], storage: &Storage) -> Result<Self> {
        let policies = policy_texts(group);
        let mut settings = group.settings.clone();
        let database = match storage {
            Storage::File => None,
            Storage::Server(url) => {
                let database = vectra_cluster::Database::fresh_in(url)?;
                lay_over(&mut settings, &postgres_settings(database.url()));
                Some(database)
            }
        };
        let home = Home::new(Setup {
            settings,
            policies,
            allowed_upstreams: upstreams.to_vec(),
            environment: BTreeMap::new(),
            secrets: SecretSource::Given,
        })?;
        let process = Some(home.up().await?);
        Ok(Self {
            process,
            home,
            database,
        })
    }

    fn deployment(&self) -> Result<Deployment> {
        let process = self.process.as_ref().context("it does not run")?;
        Ok(Deployment {
            address: process.address().to_owned(),
            admin_key: ADMIN_KEY.to_owned(),
            token_secret: Some(TOKEN_SECRET.to_owned()),
            records: Records::Database(match &self.database {
                None => Source::File(self.home.database()),
                Some(database) => Source::Server(database.url().to_owned()),
            }),
        })
    }

    fn set_policy(&mut self, file: &str, text: Option<&str>) -> Result<()> {
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

/// The group's policy files: name and text.
#[must_use]
pub fn policy_texts(group: &Group) -> BTreeMap<String, String> {
    let written = group.policies.iter();
    written
        .map(|(file, content)| (file.clone(), policy_text(content)))
        .collect()
}
