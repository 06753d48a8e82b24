//! `vectra up`.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use hyper::header::{HeaderName, HeaderValue};
use tokio::sync::oneshot;
use tokio::time::timeout;
use vectra_host::outbound::{OutboundOptions, Upstream};
use vectra_host::{Admission, Host, HostOptions, Variables};

use super::listening::{Asked, Bound, Secured};
use super::{Checked, Wanted};
use crate::capabilities::Databases;
use crate::config::{Config, Provider};
use crate::database::{self, Database};
use crate::lifecycle::Lifecycle;
use crate::metrics::Shown;
use crate::secrets::{self, Origin, Secrets};

/// Serves the gateway
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  vectra up --config vectra.json --allow-upstream 127.0.0.1:9000"
)]
pub struct Arguments {
    /// The configuration [default: vectra.json or appsettings.json of this folder, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen without TLS; port 0 takes a free one [default: System.Server.Http, else 127.0.0.1:7080]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Listen without TLS on an address that others can reach (or System.Server.Http.AllowInsecure)
    #[arg(long)]
    listen_insecure: bool,
    /// Where to show metrics, in clear; port 0 takes a free one [default: System.Metrics.Listen, else nowhere]
    #[arg(long, value_name = "ADDR:PORT")]
    metrics: Option<SocketAddr>,
    /// Let agents reach this upstream although its address is not public; may be repeated
    #[arg(long, value_name = "HOST:PORT")]
    allow_upstream: Vec<Upstream>,
    /// The component to serve [default: vectra-sqlite.wasm, vectra-postgres.wasm or what System.Bundle makes of it, beside vectra or in dist/]
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

/// How long the first attempt to start may hold up the listening: afterwards
/// requests are answered with 503 until it has succeeded.
const FIRST_ATTEMPT: Duration = Duration::from_secs(3);

/// Serves until a signal says stop.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    super::runtime()?.block_on(serve(arguments))
}

async fn serve(arguments: Arguments) -> Result<ExitCode> {
    let Arguments {
        config,
        listen,
        listen_insecure,
        metrics,
        allow_upstream,
        bundle,
    } = arguments;
    let wanted = Wanted {
        file: config,
        upstreams: allow_upstream,
        bundle,
        asked: Asked {
            listen,
            insecure: listen_insecure,
            metrics,
        },
    };
    let checked = match super::checked(wanted).await? {
        Ok(checked) => checked,
        Err(code) => return Ok(code),
    };
    let Checked {
        config,
        loaded,
        https,
    } = checked;
    let kept = config.beside("secrets");
    let secrets = match secrets::load(&kept, |name| std::env::var(name).ok()) {
        Ok(secrets) => secrets,
        Err(error) => return Ok(super::refuse(error)),
    };
    announce(&secrets, config.storage.provider());
    let databases = Databases::default();
    let options = HostOptions {
        variables: variables(&config, &loaded.digest, &secrets)?,
        outbound: OutboundOptions {
            allowed: config.allowed.clone(),
        },
        answer_headers: vec![(
            HeaderName::from_static("vectra-version"),
            HeaderValue::from_static(env!("CARGO_PKG_VERSION")),
        )],
    };
    let mut host = Host::new(&loaded.bundle, databases.clone(), options)?;
    host.trust_proxies(config.network.trusted_proxies.clone());
    let limits = host.path_limits(&config.component).await;
    let limits = limits.context("cannot ask which paths have limits")?;
    host.limit_paths(config.network.path_limits(limits))?;
    let shown = Shown(databases.clone());
    let database = Database::new(&config.storage, databases)?;
    let life = Lifecycle {
        host: Arc::new(host),
        database,
        config,
    };
    serve_on(life, https, shown).await
}

async fn serve_on(life: Lifecycle, https: Option<Secured>, shown: Shown) -> Result<ExitCode> {
    let (host, config) = (life.host.clone(), life.config.clone());
    let stop = stop()?;
    // Before the database is touched: a start that cannot listen leaves no traces in it.
    let mut bound = Bound::new(&config, https).await?;
    host.admit(Admission::Closed);
    let watching = bound
        .metrics()
        .map(|server| tokio::spawn(shown.serve(server, host.clone())));
    let (tried, first) = oneshot::channel();
    let caring = tokio::spawn(life.care(tried));
    if let Ok(Ok(outcome)) = timeout(FIRST_ATTEMPT, first).await {
        outcome?;
    }
    let server = bound.announced();
    server.serve(host, stop).await;
    for task in watching.into_iter().chain([caring]) {
        task.abort();
        // They have the last holds on the host, and so on the database.
        let _ = task.await;
    }
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// What the component reads. The configuration is no secret, the rest is. Where a
/// server is, the component does not learn.
fn variables(config: &Config, digest: &str, secrets: &Secrets) -> Result<Variables> {
    let entries = [
        ("vectra_config", config.component.as_str()),
        ("bundle_digest", digest),
        ("trust_client_addr", "true"),
        ("token_secret", &secrets.token_secret),
        ("admin_key", &secrets.admin_key),
        ("data_key", &secrets.data_key),
    ];
    let address = match config.storage.provider() {
        Provider::Sqlite => None,
        Provider::Postgres => Some(("database_url", database::NAME)),
    };
    let webhook = secrets.webhook_secret.as_deref();
    let webhook = webhook.map(|secret| ("webhook_secret", secret));
    let semantic = secrets.semantic_key.as_deref();
    let semantic = semantic.map(|key| ("semantic_key", key));
    let entries = entries.into_iter().chain(address);
    let entries = entries.chain(webhook).chain(semantic);
    Ok(Variables::new(
        entries.map(|(name, value)| (name.to_owned(), value.to_owned())),
    )?)
}

/// Says where the admin key is; what it is only when it was just made.
fn announce(secrets: &Secrets, provider: Provider) {
    match &secrets.admin_key_from {
        Origin::Made(path) => {
            println!("admin key (shown once): {}", secrets.admin_key);
            println!("admin key is kept in {}", path.display());
        }
        Origin::Kept(path) => println!("admin key is kept in {}", path.display()),
        Origin::Environment => println!("admin key is that of VECTRA_ADMIN_KEY"),
    }
    if provider == Provider::Postgres && !secrets.from_files.is_empty() {
        tracing::warn!(
            "{} not set, so secrets of this machine are used: gateways that share one PostgreSQL \
             must be given the same ones",
            are(&secrets.from_files)
        );
    }
}

/// `A is`, `A and B are`, `A, B and C are`.
fn are(names: &[&str]) -> String {
    match names {
        [name] => format!("{name} is"),
        [names @ .., last] => format!("{} and {last} are", names.join(", ")),
        [] => String::new(),
    }
}

/// Ready when SIGTERM or SIGINT comes. A second one ends the process at once.
fn stop() -> Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
        let (told, stop) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            // Nobody waits if the server has ended by itself.
            let _ = told.send(());
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            std::process::exit(1);
        });
        Ok(async {
            let _ = stop.await;
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
