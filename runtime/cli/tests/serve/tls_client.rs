//! A client of the encrypted listener, and its certificates.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, date_time_ymd, generate_simple_self_signed};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{DEADLINE, Home, Response};

/// A certificate for `localhost` that vouches for itself, and its key.
pub struct Pair {
    pub chain: String,
    pub key: String,
}

impl Pair {
    pub fn new() -> Self {
        let pair = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Self {
            chain: pair.cert.pem(),
            key: pair.signing_key.serialize_pem(),
        }
    }

    /// One that was valid until 2000.
    pub fn expired() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_after = date_time_ymd(2000, 1, 1);
        Self {
            chain: params.self_signed(&key).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    /// Writes both files.
    pub fn write(&self, home: &Home) {
        home.write("certs/chain.pem", &self.chain);
        home.write("certs/key.pem", &self.key);
    }
}

/// Speaks TLS and trusts these certificates only.
#[derive(Clone)]
pub struct Client(TlsConnector);

pub type Stream = TlsStream<TcpStream>;

impl Client {
    pub fn new(trusted: &[&Pair]) -> Self {
        Self::speaking(trusted, rustls::ALL_VERSIONS)
    }

    pub fn speaking(trusted: &[&Pair], versions: &[&'static SupportedProtocolVersion]) -> Self {
        let mut roots = RootCertStore::empty();
        for pair in trusted {
            let certificate = CertificateDer::from_pem_slice(pair.chain.as_bytes());
            roots.add(certificate.unwrap()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self(Arc::new(config).into())
    }

    pub async fn connect(&self, address: &str) -> std::io::Result<Stream> {
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        let handshake = timeout(DEADLINE, self.0.connect(name, stream)).await;
        handshake.expect("the handshake does not end")
    }

    pub async fn get(&self, address: &str, path: &str) -> Response {
        get(&mut self.connect(address).await.unwrap(), path).await
    }
}

/// Sends a request and reads the whole of its answer, whose length is told.
pub async fn get(stream: &mut Stream, path: &str) -> Response {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let reading = async {
        loop {
            let text = String::from_utf8_lossy(&bytes);
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && let Some(length) = length(head)
                && body.len() >= length
            {
                return Response::parse(&text);
            }
            assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "{bytes:?}");
        }
    };
    timeout(DEADLINE, reading).await.expect("no answer")
}

fn length(head: &str) -> Option<usize> {
    let head = head.to_ascii_lowercase();
    let (_, rest) = head.split_once("content-length: ")?;
    rest.lines().next()?.trim().parse().ok()
}
