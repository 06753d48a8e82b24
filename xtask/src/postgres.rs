//! The PostgreSQL that tests run against.

use std::process::Command;

use anyhow::{Context, Result};
use vectra_cluster::{Cluster, Durability, Options, VARIABLE};

use crate::step::step;

/// A server for the time of a run.
pub enum Server {
    /// The one that the caller's `VECTRA_TEST_POSTGRES` names.
    Given,
    /// A private one, stopped with this value.
    Private(Box<Cluster>),
}

impl Server {
    /// Starts a private one unless the caller names one. Nothing in it outlives the
    /// run, so nothing waits for the disk; those who test durability start their own.
    pub fn for_tests() -> Result<Self> {
        if std::env::var_os(VARIABLE).is_some() {
            return Ok(Self::Given);
        }
        step("starting PostgreSQL", || {
            let durability = Durability::Fast;
            let options = Options {
                durability,
                ..Options::default()
            };
            let cluster = Cluster::start_with(options).context("cannot start PostgreSQL")?;
            Ok(Self::Private(Box::new(cluster)))
        })
    }

    /// Tells a command where it is.
    pub fn tell(&self, command: &mut Command) {
        if let Self::Private(cluster) = self {
            command.env(VARIABLE, cluster.url());
        }
    }
}
