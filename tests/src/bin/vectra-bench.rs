//! `cargo xtask bench` runs this.

use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};
use vectra_tests::bench;

#[derive(Parser)]
#[command(about = "Requests per second of a native proxy, a wasm hello and the governed pipeline")]
struct Cli {
    /// How long each is measured, in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves as the native proxy that the others are compared with
    NativeProxy,
    /// What failing token requests cost governed calls
    Tokens,
    /// Decisions recorded per second, and what history behind them costs
    Persistence {
        /// Rows of history in the large database
        #[arg(long, default_value_t = 5_000_000)]
        rows: u64,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let duration = Duration::from_secs(cli.seconds);
    let runtime = tokio::runtime::Runtime::new()?;
    match cli.command {
        Some(Command::NativeProxy) => runtime.block_on(bench::native::proxy()),
        Some(Command::Tokens) => runtime.block_on(bench::tokens::run(duration)),
        Some(Command::Persistence { rows }) => {
            bench::persistence::run(bench::persistence::Plan { duration, rows })
        }
        None => runtime.block_on(bench::run(&std::env::current_exe()?, duration)),
    }
}
