//! Connections by TLS (rustls with ring).

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;
use vectra_connection::{SslMode, Target};

use crate::pool::OpenError;
use crate::status::Status;
use crate::transport::{Opening, Transport};

/// Whether connections are encrypted, and how.
pub(crate) enum Encryption {
    Off,
    On(Tls),
}

impl Encryption {
    /// Reads the certificates that it needs.
    pub(crate) fn new(target: &Target) -> Result<Self, OpenError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| OpenError::Tls(error.to_string()))?;
        let config = match target.ssl_mode {
            SslMode::Disable => return Ok(Self::Off),
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
        Ok(Self::On(Tls(MakeRustlsConnect::new(config))))
    }
}

/// Makes handshakes.
pub(crate) struct Tls(MakeRustlsConnect);

type Handshake = <MakeRustlsConnect as MakeTlsConnect<TcpStream>>::TlsConnect;
type Encrypted = <MakeRustlsConnect as MakeTlsConnect<TcpStream>>::Stream;

impl Tls {
    /// A handshake with a host.
    pub(crate) fn plain(&self, host: &str) -> Handshake {
        let Ok(handshake) =
            MakeTlsConnect::<TcpStream>::make_tls_connect(&mut self.0.clone(), host);
        handshake
    }

    /// A handshake with a host, after which the status of the connection is read from
    /// what was decrypted.
    pub(crate) fn watched(&self, host: &str, status: Status) -> Watched {
        let handshake = self.plain(host);
        Watched { handshake, status }
    }
}

/// See [`Tls::watched`].
pub(crate) struct Watched {
    handshake: Handshake,
    status: Status,
}

impl TlsConnect<Transport<TcpStream>> for Watched {
    type Stream = Transport<Encrypted>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Stream>> + Send>>;

    fn connect(self, stream: Transport<TcpStream>) -> Self::Future {
        let Self { handshake, status } = self;
        let encrypting = handshake.connect(stream.into_inner());
        Box::pin(async move {
            let stream = encrypting.await?;
            Ok(Transport::new(stream, status, Opening::Message))
        })
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
