//! `vectra check`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

/// Checks a configuration without starting anything
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vectra check --config vectra.json")]
pub struct Arguments {
    /// The configuration [default: vectra.json or appsettings.json of this folder]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The component that checks its part [default: vectra-sqlite.wasm or vectra-postgres.wasm beside vectra or in dist/]
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

/// Prints what is wrong, or that nothing is.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    let checked = super::checked(arguments.config, &[], arguments.bundle);
    let config = match super::runtime()?.block_on(checked)? {
        Ok(checked) => checked.config,
        Err(code) => return Ok(code),
    };
    if let Some(Err(mistake)) = config.network.https.map(|https| https.load()) {
        eprintln!("{mistake}");
        return Ok(ExitCode::from(super::MISTAKEN));
    }
    println!("configuration is valid");
    Ok(ExitCode::SUCCESS)
}
