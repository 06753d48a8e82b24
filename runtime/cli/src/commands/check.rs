//! `vectra check`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use super::Wanted;

/// Checks a configuration without starting anything
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vectra check --config vectra.json")]
pub struct Arguments {
    /// The configuration [default: vectra.json or appsettings.json of this folder]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The component that checks its part [default: vectra-sqlite.wasm, vectra-postgres.wasm or what System.Bundle makes of it, beside vectra or in dist/]
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

/// Prints what is wrong, or that nothing is.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    let wanted = Wanted {
        file: arguments.config,
        bundle: arguments.bundle,
        ..Wanted::default()
    };
    if let Err(code) = super::runtime()?.block_on(super::checked(wanted))? {
        return Ok(code);
    }
    println!("configuration is valid");
    Ok(ExitCode::SUCCESS)
}
