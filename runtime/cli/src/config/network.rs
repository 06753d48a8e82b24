//! `System.Server.Http`, `Https`, `TrustedProxies` and `PathConcurrency`: where to
//! listen, whom to believe, and which paths come last.

mod https;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use vectra_host::{PathLimit, PathPrefix, Proxies, TrustedProxies};

use super::section::Section;
pub use https::Https;

/// The port of the original.
const PORT: u16 = 7080;

/// How the runtime meets its clients, beside the address it listens on in clear.
#[derive(Clone, Debug)]
pub struct Network {
    /// Whether it listens in clear.
    pub clear: Clear,
    /// Where it listens with TLS, if it does.
    pub https: Option<Https>,
    /// Who is believed who a client is.
    pub trusted_proxies: TrustedProxies,
    /// The limits of paths that are set here; 0 is none.
    path_limits: Vec<(PathPrefix, u32)>,
}

/// Whether the runtime listens without encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clear {
    /// Not at all.
    Off,
    /// Where only this machine reaches it.
    Loopback,
    /// Wherever it is told to: that was asked for by name.
    Anywhere,
}

impl Network {
    /// The limits that hold: those of the bundle, and over them those that are set.
    pub fn path_limits(&self, mut limits: Vec<PathLimit>) -> Vec<PathLimit> {
        let is_set = |prefix: &PathPrefix| self.path_limits.iter().any(|(set, _)| set == prefix);
        limits.retain(|limit| !is_set(&limit.prefix));
        let set = self.path_limits.iter().filter(|(_, most)| *most > 0);
        limits.extend(set.map(|(prefix, concurrent)| PathLimit {
            prefix: prefix.clone(),
            concurrent: *concurrent,
        }));
        limits
    }
}

/// Takes the keys out of the section of the server. Relative paths start from the
/// folder. Gives the address to listen on in clear, too.
pub(super) fn read(server: &mut Section<'_>, folder: &Path) -> (SocketAddr, Network) {
    let (listen, clear) = http(server);
    let https = https::read(server, folder);
    check_ports(server, listen, clear, https.as_ref());
    let trusted_proxies = trusted_proxies(server);
    let path_limits = path_limits(server);
    let network = Network {
        clear,
        https,
        trusted_proxies,
        path_limits,
    };
    (listen, network)
}

fn http(server: &mut Section<'_>) -> (SocketAddr, Clear) {
    let mut http = server.section("Http");
    let listen = address(&mut http, PORT);
    let enabled = http.flag("Enabled", true);
    let anywhere = http.flag("AllowInsecure", false);
    http.end();
    let clear = match (enabled, anywhere) {
        (false, _) => Clear::Off,
        (true, false) => Clear::Loopback,
        (true, true) => Clear::Anywhere,
    };
    (listen, clear)
}

/// `Address` and `Port`; port 0 takes any free one.
fn address(section: &mut Section<'_>, port: u16) -> SocketAddr {
    let port = section.number("Port", 0..=u16::MAX, port);
    let address = section.text("Address").and_then(|text| {
        let text = if text.eq_ignore_ascii_case("localhost") {
            "127.0.0.1"
        } else {
            &text
        };
        let address: Result<IpAddr, _> = text.trim().parse();
        if address.is_err() {
            section.refuse("Address", "must be an IP address");
        }
        address.ok()
    });
    SocketAddr::new(address.unwrap_or(Ipv4Addr::LOCALHOST.into()), port)
}

/// As in the original (OB §17), the ports must differ, whatever the addresses are.
fn check_ports(server: &mut Section<'_>, listen: SocketAddr, clear: Clear, https: Option<&Https>) {
    match (clear, https) {
        (Clear::Off, None) => server.refuse(
            "Http.Enabled",
            "cannot be false unless `System.Server.Https.Enabled` is true: it would listen nowhere",
        ),
        (Clear::Loopback | Clear::Anywhere, Some(https))
            if listen.port() == https.listen.port() && listen.port() != 0 =>
        {
            let message = format!(
                "the ports of HTTP and HTTPS cannot be the same: {}",
                listen.port()
            );
            server.refuse("Https.Port", message);
        }
        _ => {}
    }
}

fn trusted_proxies(server: &mut Section<'_>) -> TrustedProxies {
    let what = "must be an address or a network of proxies, as in `10.0.0.0/8`";
    let proxies: Vec<Proxies> = server.list("TrustedProxies", what);
    if proxies.iter().any(Proxies::is_everybody) {
        server.warn(
            "TrustedProxies",
            "holds everybody, so every client can say that it is another",
        );
    }
    proxies.into_iter().collect()
}

fn path_limits(server: &mut Section<'_>) -> Vec<(PathPrefix, u32)> {
    let paths = server.section("PathConcurrency");
    let mut limits: Vec<(PathPrefix, u32)> = Vec::new();
    let mut wrong = Vec::new();
    for (name, most) in paths.numbers(0..=1024) {
        match name.parse::<PathPrefix>() {
            Err(error) => wrong.push((name, error.to_string())),
            Ok(prefix) if limits.iter().any(|(known, _)| *known == prefix) => {
                wrong.push((name, "is there twice, in different cases".to_owned()));
            }
            Ok(prefix) => limits.push((prefix, most)),
        }
    }
    for (name, message) in wrong {
        server.refuse(&format!("PathConcurrency.{name}"), message);
    }
    limits
}
