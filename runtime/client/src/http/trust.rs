//! Whom a client believes to be the gateway.

use std::path::PathBuf;
use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::{Address, HttpError, Way};

/// How TLS is spoken with the gateway of this address. The system's certificates are
/// only read if they are needed.
pub(super) fn config(
    address: &Address,
    authority: Option<PathBuf>,
) -> Result<ClientConfig, HttpError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| HttpError::Certificates(std::io::Error::other(error)))?;
    let builder = match (authority, address.way()) {
        (Some(path), _) => builder.with_root_certificates(roots_in(path)?),
        (None, Way::Encrypted) => builder
            .with_native_roots()
            .map_err(HttpError::Certificates)?,
        (None, _) => builder.with_root_certificates(RootCertStore::empty()),
    };
    Ok(builder.with_no_client_auth())
}

fn roots_in(path: PathBuf) -> Result<RootCertStore, HttpError> {
    let read = || -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        let certificates = CertificateDer::pem_file_iter(&path).map_err(text)?;
        for certificate in certificates {
            roots.add(certificate.map_err(text)?).map_err(text)?;
        }
        match roots.is_empty() {
            true => Err("it holds none".to_owned()),
            false => Ok(roots),
        }
    };
    read().map_err(|cause| HttpError::Authority { path, cause })
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
