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
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::NativeProxy) => bench::native::proxy().await,
        None => bench::run(&std::env::current_exe()?, Duration::from_secs(cli.seconds)).await,
    }
}
