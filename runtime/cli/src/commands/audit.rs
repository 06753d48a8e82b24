//! `vectra audit`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use clap::Subcommand;

use crate::config::Config;
use crate::export::SourceError;
use crate::export::{self, ExportError, Gateway, Output, OutputError, Patience, Place, Range};
use crate::secrets;

/// Reads what was decided and done
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  vectra audit list --max 20\n  vectra audit export --from 2026-01-01T00:00:00Z --output audit.jsonl"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Copies audit rows with their explanations from a running gateway, oldest first, one JSON text per line
    Export(Export),
    #[command(flatten)]
    Read(vectra_client::Audit),
}

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  vectra audit export --from 2026-01-01T00:00:00Z --to 2026-02-01T00:00:00Z --output january.jsonl\n\n\
        When it was interrupted, the same command with --resume goes on after the last row of the file.\n\
        A row gets its time a moment before it is recorded, so without --to the export ends five minutes before now;\n\
        let a --to of your own lie as far back if you go on from there later.\n\
        The key is that of --key-file, else of VECTRA_KEY, VECTRA_ADMIN_KEY, else of the file beside the database."
)]
struct Export {
    /// The configuration [default: vectra.json or appsettings.json of this folder, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The gateway [default: where the configuration says that it listens]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A file that holds the key of an operator who is admin or auditor
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Certificates (PEM) that vouch for the gateway, in place of the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Rows of this moment (RFC 3339) and later
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Rows before this moment (RFC 3339) [default: five minutes before now]
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Where to write to [default: the standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Go on after the last row of the output, with the same --from and --to; without --to up to five minutes before now
    #[arg(long, requires = "output")]
    resume: bool,
    /// Rows of one request
    #[arg(long, value_name = "ROWS", default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
}

/// Runs the command below.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.command {
        Command::Export(arguments) => export(arguments),
        Command::Read(command) => Ok(command.run()),
    }
}

fn export(arguments: Export) -> Result<ExitCode> {
    let given = given_key(arguments.key_file.as_deref())?;
    let (url, key) = match (arguments.url, given) {
        (Some(url), Some(key)) => (url, key),
        (url, key) => {
            // Only now is a configuration needed.
            let config = match super::configured(arguments.config.as_deref()) {
                Ok(config) => config,
                Err(code) => return Ok(code),
            };
            let url = url.map_or_else(|| address(config.listen), Ok)?;
            let key = key.map_or_else(|| kept_key(&config), Ok)?;
            (url, key)
        }
    };
    let gateway = match Gateway::new(&url, &key, arguments.ca) {
        Ok(gateway) => gateway,
        Err(error @ SourceError::Address) => return Ok(super::refuse(error)),
        Err(error) => return Err(error.into()),
    };
    let range = Range {
        from: arguments.from,
        to: Some(arguments.to.unwrap_or_else(until_settled)),
        limit: arguments.limit,
    };
    let (mut output, place) = match open(arguments.output.as_deref(), arguments.resume, &range) {
        Ok(opened) => opened,
        Err(error @ (OutputError::Exists(_) | OutputError::OtherRange { .. })) => {
            return Ok(super::refuse(error));
        }
        Err(error) => return Err(error.into()),
    };
    let exported = export::run(&gateway, &range, place, &mut output, Patience::default());
    match super::runtime()?.block_on(exported) {
        Ok(rows) => {
            eprintln!("exported {rows} rows");
            Ok(ExitCode::SUCCESS)
        }
        // A time that is none, for instance.
        Err(ExportError::Source(SourceError::Refused { status, detail })) if status == 400 => Ok(
            super::refuse(format!("the gateway answered {status}{detail}")),
        ),
        Err(error) => Err(error.into()),
    }
}

/// The end of a range that none was given for; it is said.
fn until_settled() -> String {
    let to = export::settled(SystemTime::now());
    eprintln!("without --to, rows before {to} are exported");
    to
}

/// The key that the user gives, if one is given.
fn given_key(file: Option<&Path>) -> Result<Option<String>> {
    if let Some(file) = file {
        return read_key(file).map(Some);
    }
    let variable = |name| std::env::var(name).ok().filter(|key| !key.is_empty());
    Ok(variable("VECTRA_KEY").or_else(|| variable(secrets::ADMIN_KEY_VARIABLE)))
}

/// The key that the runtime has made.
fn kept_key(config: &Config) -> Result<String> {
    read_key(&secrets::admin_key_file(&config.beside("secrets")))
        .context("there is no key: set VECTRA_KEY or name its file with --key-file")
}

fn read_key(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file);
    let text = text.with_context(|| format!("cannot read `{}`", file.display()))?;
    match text.trim() {
        "" => bail!("`{}` is empty", file.display()),
        key => Ok(key.to_owned()),
    }
}

/// The URL of a gateway on this machine that listens there.
fn address(listen: SocketAddr) -> Result<String> {
    if listen.port() == 0 {
        bail!("the configuration names no port: name the gateway with --url");
    }
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Ok(format!("http://{}", SocketAddr::new(ip, listen.port())))
}

fn open(path: Option<&Path>, resume: bool, range: &Range) -> Result<(Output, Place), OutputError> {
    Ok(match (path, resume) {
        (None, _) => (Output::stdout(), Place::Start),
        (Some(path), false) => (Output::create(path)?, Place::Start),
        (Some(path), true) => {
            let (output, last) = Output::resume(path, range)?;
            (output, last.map_or(Place::Start, Place::After))
        }
    })
}
