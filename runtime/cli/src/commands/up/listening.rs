//! Where `up` listens, in clear and with TLS.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use vectra_host::{Security, Server, Tls};

use crate::config::{Clear, Config, Https, Mistake};

/// Why an address that is not loopback is refused.
const OPEN: &str = "can be reached by others and nothing encrypts what they send: listen there with TLS \
    (System.Server.Https), or put a proxy with TLS in front and listen on 127.0.0.1, or say \
    --listen-insecure or System.Server.Http.AllowInsecure";
/// Why an address of the command line is refused.
const NOWHERE: &str =
    "--listen says where to listen without TLS, and System.Server.Http.Enabled is false";

/// Lays the command line over the configuration. Gives the reason if that cannot be.
pub(super) fn overrule(
    config: &mut Config,
    listen: Option<SocketAddr>,
    insecure: bool,
) -> Option<String> {
    if listen.is_some() && config.network.clear == Clear::Off {
        return Some(NOWHERE.to_owned());
    }
    config.listen = listen.unwrap_or(config.listen);
    let is_open = !config.listen.ip().is_loopback();
    (is_open && config.network.clear == Clear::Loopback && !insecure)
        .then(|| format!("{} {OPEN}", config.listen))
}

/// The encrypted listener with its certificate.
pub(super) struct Secured {
    listen: SocketAddr,
    tls: Tls,
}

impl Secured {
    pub(super) fn load(https: &Https) -> Result<Self, Mistake> {
        let tls = https.load()?;
        Ok(Self {
            listen: https.listen,
            tls,
        })
    }
}

/// Listens, in clear or with TLS or both, and says where. The clear address comes
/// last: who waits for it has seen the other one.
pub(super) async fn bind(config: &Config, https: Option<Secured>) -> Result<Server> {
    let failed = |address| move || format!("cannot listen on {address}");
    let (clear, options) = (config.listen, config.server);
    let Some(Secured { listen, tls }) = https else {
        let server = Server::bind(clear, options).await;
        let server = server.with_context(failed(clear))?;
        println!("vectra is listening on http://{}", server.address());
        return Ok(server);
    };
    let server = Server::bind_with(listen, Security::Tls(tls), options).await;
    let mut server = server.with_context(failed(listen))?;
    let clear = match config.network.clear {
        Clear::Off => None,
        Clear::Loopback | Clear::Anywhere => {
            let bound = server.bind_also(clear, Security::Clear).await;
            Some(bound.with_context(failed(clear))?)
        }
    };
    println!("vectra is listening on https://{}", server.address());
    if let Some(clear) = clear {
        println!("vectra is listening on http://{clear}");
    }
    Ok(server)
}
