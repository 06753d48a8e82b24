//! What is in the two files.

use std::fmt::Display;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use thiserror::Error as ThisError;

/// Largest file, in bytes.
const MOST: u64 = 1 << 20;

/// Where a certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate and those that vouch for it, in this order, as PEM.
    pub chain: PathBuf,
    /// Its private key as PEM: PKCS#8, PKCS#1 or SEC1. It may be the same file.
    pub key: PathBuf,
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificatePart {
    /// The certificates.
    Chain,
    /// The private key.
    Key,
}

impl CertificateFiles {
    fn path(&self, part: CertificatePart) -> &Path {
        match part {
            CertificatePart::Chain => &self.chain,
            CertificatePart::Key => &self.key,
        }
    }
}

/// A file cannot be used. Nothing of what is in it is told.
#[derive(Debug, ThisError)]
#[error("cannot use `{}`: {cause}", path.display())]
pub struct TlsError {
    /// Which of the two it is.
    pub part: CertificatePart,
    path: PathBuf,
    cause: String,
}

const NO_CERTIFICATE: &str = "it holds no certificate in PEM form; from a PFX file one comes by \
    `openssl pkcs12 -in FILE -nokeys -out chain.pem`";
const NO_KEY: &str = "it holds no private key in PEM form (PKCS#8, PKCS#1 or SEC1, not \
    encrypted); from a PFX file one comes by `openssl pkcs12 -in FILE -nocerts -nodes -out key.pem`";

impl TlsError {
    pub(super) fn unusable(
        part: CertificatePart,
        files: &CertificateFiles,
        cause: impl Display,
    ) -> Self {
        Self {
            part,
            path: files.path(part).to_owned(),
            cause: cause.to_string(),
        }
    }
}

/// A mark of what the files held, or of why they could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen(u64);

/// The bytes of both files.
pub(super) struct Contents {
    chain: Vec<u8>,
    key: Vec<u8>,
}

/// Reads both files. That is cheap, so no change can hide behind times and sizes that
/// stay the same.
pub(super) fn read(files: &CertificateFiles) -> (Seen, Result<Contents, TlsError>) {
    let take =
        |part| read_file(files.path(part)).map_err(|error| TlsError::unusable(part, files, error));
    let contents = take(CertificatePart::Chain).and_then(|chain| {
        let key = take(CertificatePart::Key)?;
        Ok(Contents { chain, key })
    });
    let mut hasher = DefaultHasher::new();
    match &contents {
        Ok(Contents { chain, key }) => (chain, key).hash(&mut hasher),
        Err(error) => error.to_string().hash(&mut hasher),
    }
    (Seen(hasher.finish()), contents)
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(MOST.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MOST {
        true => Err(io::Error::other(format!("it is larger than {MOST} bytes"))),
        false => Ok(bytes),
    }
}

/// The certificate and its key, if they can be used and belong together.
pub(super) fn certified(
    files: &CertificateFiles,
    contents: &Contents,
) -> Result<CertifiedKey, TlsError> {
    let chain = |cause: &dyn Display| TlsError::unusable(CertificatePart::Chain, files, cause);
    let key = |cause: &dyn Display| TlsError::unusable(CertificatePart::Key, files, cause);

    let certificates = CertificateDer::pem_slice_iter(&contents.chain)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| chain(&explain(&error, NO_CERTIFICATE)))?;
    let Some(first) = certificates.first() else {
        return Err(chain(&NO_CERTIFICATE));
    };
    ParsedCertificate::try_from(first).map_err(|error| chain(&error))?;
    let private = PrivateKeyDer::from_pem_slice(&contents.key)
        .map_err(|error| key(&explain(&error, NO_KEY)))?;
    let provider = rustls::crypto::ring::default_provider();
    CertifiedKey::from_der(certificates, private, &provider).map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            let chain = files.chain.display();
            key(&format!(
                "it is not the key of the first certificate in `{chain}`"
            ))
        }
        error => key(&error),
    })
}

/// What is wrong with the PEM form. Not in the words of the error: it may repeat lines.
fn explain(error: &pem::Error, none: &'static str) -> &'static str {
    match error {
        pem::Error::NoItemsFound => none,
        _ => "its PEM form is broken",
    }
}
