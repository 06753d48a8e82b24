//! How connections are made: in clear, or by TLS (rustls with ring).

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use deadpool_postgres::Connect;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::task::JoinHandle;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{CancelToken, Client, Config, Connection, Error, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::pool::OpenError;
use crate::target::{SslMode, Target};

/// Makes connections.
#[derive(Clone)]
pub(crate) enum Connector {
    Clear,
    Tls(MakeRustlsConnect),
}

impl Connector {
    /// Reads the certificates that it needs.
    pub(crate) fn new(target: &Target) -> Result<Self, OpenError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| OpenError::Tls(error.to_string()))?;
        let config = match target.ssl_mode {
            SslMode::Disable => return Ok(Self::Clear),
            SslMode::Prefer | SslMode::Require => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anyone(provider)))
                .with_no_client_auth(),
            SslMode::VerifyFull => {
                let roots = match &target.root_certificate {
                    Some(path) => roots_in(path)?,
                    None => system_roots()?,
                };
                builder.with_root_certificates(roots).with_no_client_auth()
            }
        };
        Ok(Self::Tls(MakeRustlsConnect::new(config)))
    }

    /// Asks the server to give up what a connection does.
    pub(crate) async fn cancel(&self, token: &CancelToken) {
        let asked = match self {
            Self::Clear => token.cancel_query(NoTls).await,
            Self::Tls(tls) => token.cancel_query(tls.clone()).await,
        };
        if let Err(error) = asked {
            tracing::debug!(target: "vectra::postgres", { error.message = %error }, "cannot cancel a statement");
        }
    }
}

type Connected = Result<(Client, JoinHandle<()>), Error>;

impl Connect for Connector {
    fn connect(&self, config: &Config) -> Pin<Box<dyn Future<Output = Connected> + Send + '_>> {
        let config = config.clone();
        Box::pin(async move {
            match self {
                Self::Clear => {
                    let (client, connection) = config.connect(NoTls).await?;
                    Ok((client, tokio::spawn(drive(connection))))
                }
                Self::Tls(tls) => {
                    let (client, connection) = config.connect(tls.clone()).await?;
                    Ok((client, tokio::spawn(drive(connection))))
                }
            }
        })
    }
}

/// Moves a connection's bytes until it ends.
async fn drive<T: TlsStream + Unpin>(connection: Connection<Socket, T>) {
    if let Err(error) = connection.await {
        let code = error.code().map_or("", |code| code.code());
        tracing::debug!(target: "vectra::postgres", { error.message = %error, error.code = code }, "a connection ended");
    }
}

fn roots_in(path: &Path) -> Result<RootCertStore, OpenError> {
    let failed = |message: String| OpenError::RootCertificate {
        path: path.to_owned(),
        message,
    };
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| failed(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(failed("it holds no certificate".into()));
    }
    Ok(roots)
}

fn system_roots() -> Result<RootCertStore, OpenError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(OpenError::Tls("the system trusts no authority".into()));
    }
    Ok(roots)
}

/// Accepts every certificate, for the modes that promise no more than encryption.
/// Signatures are not looked at either: they would prove the key of a stranger.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
