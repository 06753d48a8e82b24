//! `vectra import`.

mod copy;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use vectra_host::{Importer, Limits, Variables};
use vectra_postgres::{Postgres, PostgresDatabase};
use vectra_sqlite::{Database, LocalDatabase, LocalOptions, Sqlite, Synchronous};

use crate::bundle;
use crate::capabilities::Databases;
use crate::config::{Config, Provider, Storage};
use crate::database;
use copy::Copy;
use report::Report;

/// Brings over what the original gateway kept: agents and audit
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The original's SQLite database; it is copied and never changed
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The configuration, which says where to bring it [default: vectra.json or appsettings.json of this folder, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The component that does it [default: vectra-import-sqlite.wasm or vectra-import-postgres.wasm beside vectra or in dist/]
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

const AFTER_HELP: &str = "Example:
  vectra import /var/lib/vectra-original/vectra.db --config vectra.json

Stop both gateways first. Agents keep their ids, secrets, policy names and trust. Bodies of requests
(Intent) and the risk engine's counters (AgentHistories) are not brought over, and values in query
strings are masked. What could not be brought over as it was is listed. What is there already stays as
it is, so the import can be repeated, also after it was interrupted.

A copy of the original lies beside the database meanwhile, so as much room is needed once more.

Exit codes: 0 done, whether or not there was something to list; 1 it failed; 2 the configuration or the
command line is wrong.";

/// The name the component opens the original's database by.
const ORIGINAL: &str = "original";
/// Rows of one step; far below what one may take.
const BUDGET: u32 = 200;
/// How often a long import says where it is.
const PAUSE: Duration = Duration::from_secs(10);

/// Brings everything over and prints what came of it.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    let config = match super::configured(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    if is_ours(&arguments.file, &config) {
        let file = arguments.file.display();
        return Ok(super::refuse(format!(
            "`{file}` is the gateway's own database"
        )));
    }
    super::runtime()?.block_on(import(&arguments, &config))
}

fn is_ours(file: &Path, config: &Config) -> bool {
    let Storage::Sqlite { file: ours, .. } = &config.storage else {
        return false;
    };
    match (file.canonicalize(), ours.canonicalize()) {
        (Ok(file), Ok(ours)) => file == ours,
        _ => false,
    }
}

async fn import(arguments: &Arguments, config: &Config) -> Result<ExitCode> {
    // Before the databases, so that it is removed after they are closed.
    let copy = Copy::of(&arguments.file, config)
        .await
        .with_context(|| format!("cannot read `{}`", arguments.file.display()))?;
    let bundle = match &arguments.bundle {
        Some(bundle) => bundle.clone(),
        None => find(config.storage.provider())?,
    };
    let limits = Limits {
        concurrent_requests: 1,
        ..config.limits
    };
    let loaded = bundle::load(Some(&bundle), &limits, config)?;
    let databases = open(&copy, config)?;
    // A server's name for the component; one with a file does not ask for it.
    let address = ("database_url".to_owned(), database::NAME.to_owned());
    let importer = Importer::new(&loaded.bundle, databases, Variables::new([address])?)?;
    let mut report = Report::default();
    let outcome = steps(&importer, &mut report).await;
    // Closes the databases, which makes what was written durable: only then is it said.
    drop(importer);
    print!("{report}");
    outcome
        .context("the import stopped; what it has brought over is kept: run it again to go on")?;
    Ok(ExitCode::SUCCESS)
}

async fn steps(importer: &Importer<Databases>, report: &mut Report) -> Result<()> {
    let (mut from, mut said) = (None::<String>, Instant::now());
    loop {
        let progress = importer.step(from.as_deref(), BUDGET).await?;
        report.add(progress.counts, progress.notes, progress.policies);
        match progress.next {
            None => return Ok(()),
            same if same == from => bail!("the component does not get any further"),
            next => from = next,
        }
        if said.elapsed() >= PAUSE {
            said = Instant::now();
            tracing::info!(import.position = from, "importing");
        }
    }
}

/// The copy under one name, the configured database under the other.
fn open(copy: &Copy, config: &Config) -> Result<Databases> {
    let databases = Databases::default();
    let reading = LocalOptions {
        readers: 1,
        ..LocalOptions::default()
    };
    let original: Arc<dyn Database> = Arc::new(LocalDatabase::open(copy.file(), reading)?);
    let mut files = vec![(ORIGINAL.to_owned(), original)];
    match &config.storage {
        Storage::Sqlite { file, .. } => {
            // Made durable as a whole when it is closed; until then it can be repeated.
            let options = LocalOptions {
                synchronous: Synchronous::Normal,
                ..LocalOptions::default()
            };
            let database = LocalDatabase::open(file, options)?;
            files.push((database::NAME.to_owned(), Arc::new(database)));
        }
        Storage::Postgres { target, options } => {
            let database = PostgresDatabase::open(target, *options)?;
            let named = [(database::NAME.to_owned(), Arc::new(database) as _)];
            databases.offer_postgres(Postgres::new(named));
        }
    }
    databases.offer_sqlite(Sqlite::new(files));
    Ok(databases)
}

/// The bundle beside the executable, else in `dist/` of the working directory.
fn find(provider: Provider) -> Result<PathBuf> {
    let name = match provider {
        Provider::Sqlite => "vectra-import-sqlite.wasm",
        Provider::Postgres => "vectra-import-postgres.wasm",
    };
    let beside = std::env::current_exe()
        .ok()
        .and_then(|exe| Some(exe.parent()?.join(name)));
    beside
        .into_iter()
        .chain([Path::new("dist").join(name)])
        .find(|path| path.is_file())
        .with_context(|| {
            format!("there is no `{name}` beside vectra and none in dist/: name it with --bundle")
        })
}
