//! `vectra backup`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use vectra_sqlite::BackupError;

use crate::config::Storage;

/// Copies the SQLite database, also while it is served
#[derive(clap::Args)]
#[command(after_help = "Example:\n  vectra backup --config vectra.json /backups/vectra-monday.db")]
pub struct Arguments {
    /// The file to make; it must not be there
    #[arg(value_name = "TARGET")]
    target: PathBuf,
    /// The configuration [default: vectra.json or appsettings.json of this folder, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What PostgreSQL has tools of its own for.
const POSTGRES: &str =
    "the database is PostgreSQL's: use its own pg_dump, which also works while it is served";

/// Makes the copy.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    let Arguments { target, config } = arguments;
    let config = match super::configured(config.as_deref()) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let Storage::Sqlite { file, .. } = &config.storage else {
        return Ok(super::refuse(POSTGRES));
    };
    let report = match vectra_sqlite::backup(file, &target) {
        Ok(report) => report,
        Err(error @ BackupError::Exists(_)) => return Ok(super::refuse(error)),
        Err(error) => return Err(error.into()),
    };
    println!("copied {} bytes to {}", report.bytes, target.display());
    println!(
        "a restore needs the data key too, which held requests are encrypted with: keep \
         VECTRA_DATA_KEY or {}",
        config.beside("secrets").display()
    );
    Ok(ExitCode::SUCCESS)
}
