//! `cargo xtask crash-test` runs this.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use vectra_tests::crash::{self, Commits};

#[derive(Parser)]
#[command(about = "Kills the gateway and its database under load, and looks for what is lost")]
struct Cli {
    /// How often
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    runs: u32,
    /// Repeats the random moments of another test; the time if left out
    #[arg(long)]
    seed: Option<u64>,
    /// Kills only while approved requests are being sent
    #[arg(long)]
    releases: bool,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    let seed = match cli.seed {
        Some(seed) => seed,
        None => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
    };
    let mut terminate = signal(SignalKind::terminate())?;
    // What a run has started ends with its value, so it is dropped, not left behind.
    tokio::select! {
        result = run(&cli, seed) => result.map(|()| ExitCode::SUCCESS),
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::from(130)),
        _ = terminate.recv() => Ok(ExitCode::from(143)),
    }
}

async fn run(cli: &Cli, seed: u64) -> Result<()> {
    if !cli.releases {
        crash::run(cli.runs, seed, Commits::Synced).await?;
    }
    crash::run_releases(cli.runs, seed).await
}
