//! The conformance suite against gateways that are not our own runtime's.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::hosts;
use crate::isolate;
use crate::step::{run as run_command, step};
use crate::workspace::Workspace;

/// Before the names of what `tests/hosts.rs` is told.
const PREFIX: &str = "VECTRA_CONFORMANCE_";

/// The gateway should have been made for this, with an empty database: its file policies are
/// replaced, and agents and audit rows stay behind.
#[derive(Args)]
pub struct ConformanceArgs {
    /// Where the gateway is, as in `http://127.0.0.1:3000`
    #[arg(long)]
    url: String,
    /// Its admin key
    #[arg(long, env = "VECTRA_ADMIN_KEY", hide_env_values = true)]
    admin_key: String,
    /// What it signs agents' tokens with; without it, cases that make tokens are left out
    #[arg(long, env = "VECTRA_TOKEN_SECRET", hide_env_values = true)]
    token_secret: Option<String>,
    /// An address of this machine for the upstream, as in `127.0.0.1:9001`, that the gateway
    /// may call; without it, cases that forward are left out
    #[arg(long)]
    upstream: Option<String>,
    /// An address that the gateway may call and nobody listens on
    #[arg(long)]
    closed: Option<String>,
    /// Its SQLite file; without it, rows are read by `GET /audit`
    #[arg(long)]
    data_file: Option<PathBuf>,
    /// What it runs on, by its name in tests/conformance/hosts.json: what cannot hold there is
    /// not expected
    #[arg(long)]
    host: Option<String>,
    /// It reaches nothing but loopback: cases that try forbidden targets are run, too
    #[arg(long)]
    isolated: bool,
}

/// Runs the cases that can be run against it, and says which cannot.
pub fn run(workspace: &Workspace, args: &ConformanceArgs) -> Result<()> {
    let mut command = workspace.cargo("test");
    command.args(["--quiet", "--test", "hosts"]);
    let mut tell = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            command.env(format!("{PREFIX}{name}"), value);
        }
    };
    tell("URL", Some(&args.url));
    tell("ADMIN_KEY", Some(&args.admin_key));
    tell("TOKEN_SECRET", args.token_secret.as_deref());
    tell("UPSTREAM", args.upstream.as_deref());
    tell("CLOSED", args.closed.as_deref());
    tell("HOST", args.host.as_deref());
    tell("ISOLATED", args.isolated.then_some("1"));
    if let Some(file) = &args.data_file {
        let file = std::path::absolute(file)?;
        tell("DATA_FILE", Some(file.to_str().context("no UTF-8")?));
    }
    step("the conformance suite", || run_command(&mut command))
}

/// Runs all cases on all hosts.
pub fn everywhere(workspace: &Workspace) -> Result<()> {
    hosts::ensure_all(workspace)?;
    let mut command = isolate::cargo_test(workspace)?;
    command.args(["--test", "hosts"]);
    run_command(command.env("VECTRA_ALL_HOSTS", "1"))
}
