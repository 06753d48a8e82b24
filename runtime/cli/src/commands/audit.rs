//! `vectra audit`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Result, bail};
use clap::Subcommand;
use vectra_client::http::{Address, Way};
use vectra_client::{Failure, Key, KeyError};

use crate::config::{Clear, Config};
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
    /// Lets the key go to another machine in clear, over http://
    #[arg(long)]
    insecure: bool,
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
    let given = match Key::given(
        arguments.key_file.as_deref(),
        &[secrets::ADMIN_KEY_VARIABLE],
    ) {
        Ok(given) => given,
        Err(error) => return Ok(Failure::from(error).told()),
    };
    let (url, key) = match (arguments.url.clone(), given) {
        (Some(url), Some(key)) => (url, key),
        (url, key) => {
            // Only now is a configuration needed.
            let config = match super::configured(arguments.config.as_deref()) {
                Ok(config) => config,
                Err(code) => return Ok(code),
            };
            let url = url.map_or_else(|| address(&config), Ok)?;
            match key.map_or_else(|| kept_key(&config), Ok) {
                Ok(key) => (url, key),
                Err(error) => return Ok(Failure::from(error).told()),
            }
        }
    };
    let gateway = match gateway(&url, key, &arguments) {
        Ok(gateway) => gateway,
        Err(failure) => return Ok(failure.told()),
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
        Err(ExportError::Source(
            SourceError::Failed(failure) | SourceError::Unavailable { failure, .. },
        )) => Ok(match failure {
            // A time that is none, for instance.
            Failure::Refused(refusal) if refusal.status == 400 => super::refuse(refusal),
            failure => failure.told(),
        }),
        Err(error) => Err(error.into()),
    }
}

/// The gateway, if the key may go there.
fn gateway(url: &str, key: Key, arguments: &Export) -> Result<Gateway, Failure> {
    let address = Address::parse(url).map_err(|error| Failure::address("--url", error))?;
    if address.way() == Way::Clear && !arguments.insecure {
        return Err(Failure::Clear(address.authority().to_owned()));
    }
    Ok(Gateway::new(address, key, arguments.ca.clone())?)
}

/// The end of a range that none was given for; it is said.
fn until_settled() -> String {
    let to = export::settled(SystemTime::now());
    eprintln!("without --to, rows before {to} are exported");
    to
}

/// The key that the runtime has made.
fn kept_key(config: &Config) -> Result<Key, KeyError> {
    Key::kept(&secrets::admin_key_file(&config.beside("secrets")))
}

/// The URL of a gateway on this machine that listens as configured.
fn address(config: &Config) -> Result<String> {
    let network = &config.network;
    let clear = (network.clear != Clear::Off).then_some(("http", config.listen));
    let https = network.https.as_ref().map(|https| ("https", https.listen));
    let mut listeners = clear.into_iter().chain(https);
    let Some((scheme, listen)) = listeners.find(|(_, listen)| listen.port() != 0) else {
        bail!("the configuration names no port: name the gateway with --url");
    };
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Ok(format!("{scheme}://{}", SocketAddr::new(ip, listen.port())))
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
