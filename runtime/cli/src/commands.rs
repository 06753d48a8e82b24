//! The commands, one module each.

pub mod audit;
pub mod backup;
pub mod check;
pub mod import;
mod listening;
pub mod up;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use vectra_host::outbound::Upstream;
use vectra_host::{Host, HostOptions, Limits};

use crate::bundle::{self, Loaded};
use crate::capabilities::Databases;
use crate::config::{self, Config, Mistake, Severity};
use crate::logging;
use listening::{Asked, Secured};

/// Exit code of a wrong configuration.
const MISTAKEN: u8 = 2;

/// What a command line says about what is to be served.
#[derive(Default)]
struct Wanted {
    file: Option<PathBuf>,
    upstreams: Vec<Upstream>,
    bundle: Option<PathBuf>,
    asked: Asked,
}

/// A configuration, the bundle it was checked with, and its certificate.
struct Checked {
    config: Config,
    loaded: Loaded,
    https: Option<Secured>,
}

/// Reads the configuration and its certificate, asks the bundle about its part of it
/// and prints all that is wrong, at once. Gives the exit code if it cannot be used.
async fn checked(wanted: Wanted) -> Result<Result<Checked, ExitCode>> {
    let Wanted {
        file,
        upstreams,
        bundle,
        asked,
    } = wanted;
    let (mut config, mut mistakes) = match config::load(file.as_deref(), environment(), &upstreams)
    {
        Ok(loaded) => loaded,
        Err(error) => return Ok(Err(refuse(error))),
    };
    logging::start(config.log_format);
    // With mistakes of its own in it, the bundle is still asked about the rest.
    let limits = if is_usable(&mistakes) {
        config.limits
    } else {
        Limits::default()
    };
    mistakes.extend(listening::overrule(&mut config, asked));
    let https = Secured::load(&config, &mut mistakes);
    let loaded = bundle::load(bundle.as_deref(), &limits, &config)?;
    let host = Host::new(&loaded.bundle, Databases::default(), HostOptions::default())?;
    let found = host
        .check(&config.component)
        .await
        .context("cannot check the configuration")?;
    mistakes.extend(found.into_iter().map(mistake));
    for mistake in &mistakes {
        eprintln!("{mistake}");
    }
    Ok(match is_usable(&mistakes) {
        true => Ok(Checked {
            config,
            loaded,
            https,
        }),
        false => Err(ExitCode::from(MISTAKEN)),
    })
}

/// Reads the configuration for a command that does not serve: only the runtime's
/// own mistakes count. Gives the exit code if it cannot be used.
fn configured(file: Option<&Path>) -> Result<Config, ExitCode> {
    let (config, mistakes) = config::load(file, environment(), &[]).map_err(refuse)?;
    match is_usable(&mistakes) {
        true => Ok(config),
        false => {
            for mistake in &mistakes {
                eprintln!("{mistake}");
            }
            Err(ExitCode::from(MISTAKEN))
        }
    }
}

/// The environment, as far as it is text.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Prints one mistake that is no key's.
fn refuse(error: impl std::fmt::Display) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(MISTAKEN)
}

fn is_usable(mistakes: &[Mistake]) -> bool {
    mistakes
        .iter()
        .all(|mistake| mistake.severity == Severity::Warning)
}

fn mistake(problem: vectra_host::Problem) -> Mistake {
    let severity = match problem.severity {
        vectra_host::Severity::Error => Severity::Error,
        vectra_host::Severity::Warning => Severity::Warning,
    };
    Mistake {
        severity,
        key: problem.key,
        message: problem.message,
    }
}

/// A runtime for a command.
fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")
}
