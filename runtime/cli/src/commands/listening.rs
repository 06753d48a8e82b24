//! Where `up` listens, in clear and with TLS, and what `check` says about that.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use vectra_host::{MetricsServer, Security, Server, Tls};

use crate::config::{Clear, Config, Mistake, Severity};

/// Why an address that is not loopback is refused.
const OPEN: &str = "can be reached by others and nothing encrypts what they send: listen there with TLS \
    (System.Server.Https), or put a proxy with TLS in front and listen on 127.0.0.1, or say \
    --listen-insecure or System.Server.Http.AllowInsecure";
/// Why an address of the command line is refused.
const NOWHERE: &str = "says where to listen without TLS, and System.Server.Http.Enabled is false";
/// What is to be known of metrics that are not on a loopback address.
const WATCHED: &str = "can be reached by others, and whoever reaches it reads the metrics, in clear: \
    keep it within your own network";
const METRICS: &str = "System.Metrics.Listen";
const METRICS_OPTION: &str = "--metrics";
const OPTION: &str = "--listen";
const ADDRESS: &str = "System.Server.Http.Address";
const CERTIFICATE: &str = "System.Server.Https.Certificate";

/// What the command line says about the clear listener.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    /// Where to listen, in place of what is configured.
    pub listen: Option<SocketAddr>,
    /// Whether it may be where others can reach it.
    pub insecure: bool,
    /// Where metrics are to be read, in place of what is configured.
    pub metrics: Option<SocketAddr>,
}

/// Lays the command line over the configuration. Gives what is wrong with the outcome.
pub(super) fn overrule(config: &mut Config, asked: Asked) -> Vec<Mistake> {
    let clear = overrule_clear(config, asked);
    clear
        .into_iter()
        .chain(overrule_metrics(config, asked))
        .collect()
}

fn overrule_metrics(config: &mut Config, asked: Asked) -> Option<Mistake> {
    config.metrics = asked.metrics.or(config.metrics);
    let open = config
        .metrics
        .filter(|address| !address.ip().is_loopback())?;
    Some(Mistake {
        severity: Severity::Warning,
        key: asked.metrics.map_or(METRICS, |_| METRICS_OPTION).to_owned(),
        message: format!("{open} {WATCHED}"),
    })
}

fn overrule_clear(config: &mut Config, asked: Asked) -> Option<Mistake> {
    let clear = config.network.clear;
    if asked.listen.is_some() && clear == Clear::Off {
        return Some(mistake(OPTION, NOWHERE.to_owned()));
    }
    config.listen = asked.listen.unwrap_or(config.listen);
    let is_open = !config.listen.ip().is_loopback();
    (is_open && clear == Clear::Loopback && !asked.insecure).then(|| {
        let key = asked.listen.map_or(ADDRESS, |_| OPTION);
        mistake(key, format!("{} {OPEN}", config.listen))
    })
}

fn mistake(key: &str, message: String) -> Mistake {
    Mistake {
        severity: Severity::Error,
        key: key.to_owned(),
        message,
    }
}

/// The encrypted listener with its certificate.
pub(super) struct Secured {
    listen: SocketAddr,
    tls: Tls,
}

impl Secured {
    /// Nothing, if there is no encrypted listener or its certificate cannot be used;
    /// that is added to the mistakes, unless they name it already.
    pub(super) fn load(config: &Config, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let https = config.network.https.as_ref()?;
        let known = |mistake: &Mistake| mistake.key.starts_with(CERTIFICATE);
        if mistakes.iter().any(known) {
            return None;
        }
        let tls = https.load().map_err(|mistake| mistakes.push(mistake));
        Some(Self {
            listen: https.listen,
            tls: tls.ok()?,
        })
    }
}

/// Listeners that nobody is served on yet.
pub(super) struct Bound {
    server: Server,
    addresses: Vec<String>,
    metrics: Option<MetricsServer>,
}

impl Bound {
    /// Listens, in clear or with TLS or both, and where metrics are read, if they are.
    pub(super) async fn new(config: &Config, https: Option<Secured>) -> Result<Self> {
        let (mut server, addresses) = Self::server(config, https).await?;
        let metrics = match config.metrics {
            None => None,
            Some(address) => {
                let metrics = MetricsServer::bind(address).await;
                let metrics = metrics.with_context(failed(address))?;
                server.keep_guests_from(metrics.address());
                Some(metrics)
            }
        };
        Ok(Self {
            server,
            addresses,
            metrics,
        })
    }

    async fn server(config: &Config, https: Option<Secured>) -> Result<(Server, Vec<String>)> {
        let (clear, options) = (config.listen, config.server);
        let Some(Secured { listen, tls }) = https else {
            let server = Server::bind(clear, options).await;
            let server = server.with_context(failed(clear))?;
            let addresses = vec![format!("http://{}", server.address())];
            return Ok((server, addresses));
        };
        let server = Server::bind_with(listen, Security::Tls(tls), options).await;
        let mut server = server.with_context(failed(listen))?;
        let mut addresses = vec![format!("https://{}", server.address())];
        if config.network.clear != Clear::Off {
            let bound = server.bind_also(clear, Security::Clear).await;
            addresses.push(format!("http://{}", bound.with_context(failed(clear))?));
        }
        Ok((server, addresses))
    }

    /// Takes the listener of the metrics, which is to serve while the start is tried, and
    /// says where it is.
    pub(super) fn metrics(&mut self) -> Option<MetricsServer> {
        let metrics = self.metrics.take()?;
        println!(
            "vectra shows metrics on http://{}/metrics",
            metrics.address()
        );
        Some(metrics)
    }

    /// Says where it listens. The clear address comes last: who waits for it has seen
    /// the other one.
    pub(super) fn announced(self) -> Server {
        for address in &self.addresses {
            println!("vectra is listening on {address}");
        }
        self.server
    }
}

fn failed(address: SocketAddr) -> impl FnOnce() -> String {
    move || format!("cannot listen on {address}")
}
