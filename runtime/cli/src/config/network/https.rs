//! `System.Server.Https`: the encrypted listener.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use vectra_host::{CertificateFiles, CertificatePart, Tls};

use crate::config::section::Section;
use crate::config::{Mistake, Severity};

/// The port of the original's documentation.
const PORT: u16 = 7443;

const SECTION: &str = "System.Server.Https.Certificate";
const CHAIN: &str = "Path";
const KEY: &str = "KeyPath";
/// How often the files are looked at.
const RELOAD: Duration = Duration::from_secs(5);
const SHORTEST_RELOAD: Duration = Duration::from_millis(100);
const LONGEST_RELOAD: Duration = Duration::from_secs(86_400);

/// What certificates are in the original, and cannot be here.
const CONVERT: &str = "is of a PFX file, and only PEM is read: convert it by \
    `openssl pkcs12 -in FILE -nokeys -out chain.pem` and `openssl pkcs12 -in FILE -nocerts -nodes -out key.pem`";

/// The encrypted listener.
#[derive(Clone, Debug)]
pub struct Https {
    /// Where to listen.
    pub listen: SocketAddr,
    files: CertificateFiles,
    reload: Duration,
}

impl Https {
    /// Reads the certificate.
    ///
    /// # Errors
    /// The mistake, with the key of the file that cannot be used.
    pub fn load(&self) -> Result<Tls, Mistake> {
        Tls::load(self.files.clone(), self.reload).map_err(|error| {
            let name = match error.part {
                CertificatePart::Chain => CHAIN,
                CertificatePart::Key => KEY,
            };
            Mistake {
                severity: Severity::Error,
                key: format!("{SECTION}.{name}"),
                message: error.to_string(),
            }
        })
    }
}

/// Nothing, if it is not enabled; what is wrong with it then does not matter.
pub(super) fn read(server: &mut Section<'_>, folder: &Path) -> Option<Https> {
    let mut https = server.section("Https");
    let enabled = https.flag("Enabled", false);
    let listen = super::address(&mut https, PORT);
    let mut certificate = https.section("Certificate");
    let chain = certificate.text_or_nothing(CHAIN);
    let key = certificate.text_or_nothing(KEY);
    let password = certificate.text_or_nothing("Password");
    let reload = certificate.span("ReloadInterval", SHORTEST_RELOAD..=LONGEST_RELOAD, RELOAD);
    if enabled {
        check(&mut certificate, chain.as_deref(), key.as_deref());
        if password.is_some() {
            certificate.refuse("Password", CONVERT);
        }
    }
    certificate.end();
    https.end();
    let file = |path: Option<String>| folder.join(path.unwrap_or_default());
    enabled.then(|| Https {
        listen,
        files: CertificateFiles {
            chain: file(chain),
            key: file(key),
        },
        reload,
    })
}

fn check(certificate: &mut Section<'_>, chain: Option<&str>, key: Option<&str>) {
    let is_pfx = |path: &str| {
        let ending = Path::new(path.trim()).extension().unwrap_or_default();
        ["pfx", "p12"]
            .iter()
            .any(|pfx| ending.eq_ignore_ascii_case(pfx))
    };
    match chain {
        None => certificate.refuse(CHAIN, "must name the PEM file of the certificate"),
        Some(path) if is_pfx(path) => return certificate.refuse(CHAIN, CONVERT),
        Some(_) => {}
    }
    match key {
        None => certificate.refuse(
            KEY,
            "must name the PEM file of the certificate's private key",
        ),
        Some(path) if is_pfx(path) => certificate.refuse(KEY, CONVERT),
        Some(_) => {}
    }
}
