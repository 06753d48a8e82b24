//! From what went wrong to the error code a guest sees.

use std::error::Error as StdError;
use std::io;

use wasmtime_wasi_http::Error;

use super::connect::ConnectError;

/// Finds the cause in a chain of errors; the chain itself goes to the log.
pub(super) fn explain(error: &(dyn StdError + 'static)) -> Error {
    let chain: Vec<&(dyn StdError + 'static)> =
        std::iter::successors(Some(error), |&error| StdError::source(error)).collect();
    let text = chain
        .iter()
        .map(|error| error.to_string())
        .collect::<Vec<_>>()
        .join(": ");
    tracing::debug!(error.message = text, "an outgoing request failed");
    chain
        .iter()
        .find_map(|error| known(*error))
        .unwrap_or(Error::HttpProtocolError)
}

fn known(error: &(dyn StdError + 'static)) -> Option<Error> {
    if let Some(error) = error.downcast_ref::<ConnectError>() {
        return Some(connecting(error));
    }
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(securing(error));
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        let inner = error
            .get_ref()
            .map(|inner| inner as &(dyn StdError + 'static));
        return inner.and_then(known).or_else(|| transporting(error));
    }
    let error = error.downcast_ref::<hyper::Error>()?;
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return Some(Error::ConnectionTerminated);
    }
    // A parse error ends the search; others have a cause further down.
    error.is_parse().then_some(Error::HttpProtocolError)
}

fn connecting(error: &ConnectError) -> Error {
    match error {
        ConnectError::NoHost => Error::HttpRequestUriInvalid,
        ConnectError::Name(_) | ConnectError::NoAddress => Error::DnsError {
            rcode: Some("address not available".into()),
            info_code: None,
        },
        ConnectError::Prohibited => Error::DestinationIpProhibited,
        ConnectError::TimedOut => Error::ConnectionTimeout,
        ConnectError::Refused(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
            io::ErrorKind::TimedOut => Error::ConnectionTimeout,
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
                Error::DestinationIpUnroutable
            }
            _ => Error::ConnectionTerminated,
        },
    }
}

fn securing(error: &rustls::Error) -> Error {
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            Error::TlsCertificateError
        }
        rustls::Error::AlertReceived(alert) => Error::TlsAlertReceived {
            alert_id: Some(u8::from(*alert)),
            alert_message: Some(format!("{alert:?}")),
        },
        _ => Error::TlsProtocolError,
    }
}

fn transporting(error: &io::Error) -> Option<Error> {
    match error.kind() {
        io::ErrorKind::TimedOut => Some(Error::ConnectionReadTimeout),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Some(Error::ConnectionTerminated),
        _ => None,
    }
}
