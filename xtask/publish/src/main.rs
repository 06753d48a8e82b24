//! Pushes components and WIT packages to an OCI registry as Wasm OCI artefacts, and pulls
//! them. `cargo xtask publish` builds and calls it.
//!
//! A tag that is there already is never moved to something else unless that is asked for:
//! whoever pulled it would find other bytes under the same name.

mod registry;
mod wit;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};

use registry::Registry;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Pushes components and WIT packages
    Push(Push),
    /// Pulls one of them into a file
    Pull(Pull),
}

#[derive(Args)]
struct Push {
    #[command(flatten)]
    registry: RegistryArgs,
    /// A component's name and file, as in `vectra-gateway=dist/components/gateway.wasm`
    #[arg(long, value_parser = named)]
    component: Vec<(String, PathBuf)>,
    /// Folders of WIT packages, each after those it uses; those of `vectra` are pushed
    #[arg(long)]
    wit: Vec<PathBuf>,
    /// The commit that the WIT packages are of
    #[arg(long)]
    revision: Option<String>,
    /// Moves tags that are there already
    #[arg(long)]
    replace: bool,
}

#[derive(Args)]
struct Pull {
    #[command(flatten)]
    registry: RegistryArgs,
    /// Name and tag, as in `vectra-sqlite:0.1.0`
    name: String,
    /// Where to
    file: PathBuf,
}

#[derive(Args)]
pub struct RegistryArgs {
    /// Registry and path, as in `ghcr.io/me/vectra`
    #[arg(long)]
    registry: String,
    /// Who pushes; nobody by default. The password or token is VECTRA_REGISTRY_PASSWORD of the
    /// environment, since arguments are seen by everybody on the machine
    #[arg(long, env = "VECTRA_REGISTRY_USER")]
    user: Option<String>,
}

fn named(text: &str) -> Result<(String, PathBuf)> {
    let (name, file) = text.split_once('=').context("must be NAME=FILE")?;
    Ok((name.to_owned(), file.into()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    // The one that is compiled in; installed once.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match Cli::parse().command {
        Command::Push(push) => {
            let registry = Registry::open(&push.registry, push.replace)?;
            for (name, file) in &push.component {
                let bytes = tokio::fs::read(file).await;
                let bytes = bytes.with_context(|| format!("cannot read {}", file.display()))?;
                registry.push(name, bytes).await?;
            }
            for (name, bytes) in wit::packages(&push.wit, push.revision.as_deref())? {
                registry.push(&name, bytes).await?;
            }
            Ok(())
        }
        Command::Pull(pull) => {
            let registry = Registry::open(&pull.registry, false)?;
            let bytes = registry.pull(&pull.name).await?;
            let written = tokio::fs::write(&pull.file, bytes).await;
            written.with_context(|| format!("cannot write {}", pull.file.display()))
        }
    }
}
