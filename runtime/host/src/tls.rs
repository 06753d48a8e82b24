//! The certificate of an encrypted listener: read from files, and read again when they
//! change.

mod files;
mod period;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::TlsAcceptor;

pub use files::{CertificateFiles, CertificatePart, TlsError};
use files::{Contents, Seen, certified, read};

/// The only protocol that is spoken (ALPN).
const PROTOCOL: &[u8] = b"http/1.1";

/// A certificate with its key, for TLS 1.2 and 1.3. Cheap to clone; all clones change
/// together.
#[derive(Clone)]
pub struct Tls(Arc<Identity>);

struct Identity {
    files: CertificateFiles,
    /// What the files held when they were last looked at.
    seen: Mutex<Seen>,
    /// What new connections begin with. It is replaced as a whole, so that no session of
    /// an earlier certificate is resumed, in which the new one would not be shown.
    current: RwLock<Arc<ServerConfig>>,
    interval: Duration,
}

/// Shows where it comes from, and nothing of the key.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.0.files).finish()
    }
}

/// What looking at the files again came to.
#[derive(Debug)]
enum Refreshed {
    /// They hold what they held.
    Same,
    /// New connections are shown what they hold now.
    Taken,
    /// They cannot be used, so what was there stays.
    Kept(TlsError),
}

impl Tls {
    /// Reads a chain and its key. A server that uses them looks at the files again
    /// after each interval.
    ///
    /// # Errors
    /// [`TlsError`] if a file cannot be read or used, or they do not belong together.
    pub fn load(files: CertificateFiles, interval: Duration) -> Result<Self, TlsError> {
        let (seen, contents) = read(&files);
        let config = config(&files, &contents?)?;
        Ok(Self(Arc::new(Identity {
            files,
            seen: Mutex::new(seen),
            current: RwLock::new(config),
            interval,
        })))
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let current = self.0.current.read();
        let current = current.unwrap_or_else(PoisonError::into_inner);
        current.clone().into()
    }

    /// Looks at the files for ever. Connections that there are keep what they have.
    pub(crate) async fn watch(self) {
        loop {
            tokio::time::sleep(self.0.interval).await;
            let identity = self.clone();
            // It reads files, so on a thread for that.
            let looking = tokio::task::spawn_blocking(move || identity.refresh());
            let chain = self.chain();
            match looking.await {
                Ok(Refreshed::Same) => {}
                Ok(Refreshed::Taken) => {
                    tracing::info!(tls.chain = %chain.display(), "a new certificate is used");
                }
                Ok(Refreshed::Kept(error)) => tracing::warn!(
                    error.message = %error,
                    "the certificate files changed and cannot be used: what was loaded before stays"
                ),
                Err(error) => {
                    tracing::error!(error.message = %error, "cannot look at the certificate files");
                }
            }
        }
    }

    fn chain(&self) -> &PathBuf {
        &self.0.files.chain
    }

    /// Looks at the files once. What is wrong with them is told once.
    fn refresh(&self) -> Refreshed {
        let identity = &*self.0;
        let (now, contents) = read(&identity.files);
        let mut seen = identity.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return Refreshed::Same;
        }
        *seen = now;
        match contents.and_then(|contents| config(&identity.files, &contents)) {
            Ok(config) => {
                let current = identity.current.write();
                *current.unwrap_or_else(PoisonError::into_inner) = config;
                Refreshed::Taken
            }
            Err(error) => Refreshed::Kept(error),
        }
    }
}

/// TLS with what the files hold.
fn config(files: &CertificateFiles, contents: &Contents) -> Result<Arc<ServerConfig>, TlsError> {
    let key = certified(files, contents)?;
    warn(files, &key);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::unusable(CertificatePart::Chain, files, error))?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(Arc::new(config))
}

/// Warns of a certificate that clients will refuse, or will soon.
fn warn(files: &CertificateFiles, key: &CertifiedKey) {
    let now = SystemTime::now();
    for (at, certificate) in key.cert.iter().enumerate() {
        if let Some(concern) = period::concern(certificate, now) {
            let (chain, number) = (files.chain.display(), at.saturating_add(1));
            tracing::warn!(
                tls.chain = %chain,
                tls.certificate = number,
                "the certificate {concern}"
            );
        }
    }
}

#[cfg(test)]
mod tests;
