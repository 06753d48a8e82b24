//! Addresses that the gateway itself calls.

use http::Uri;

use crate::proxy::target::HostPort;

/// Longest one, in bytes.
const MAX_LENGTH: usize = 2_048;

/// Why nothing is fetched from an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlError {
    #[error("must be an absolute URL without user name, password and fragment")]
    Form,
    #[error("must be an https URL, unless its host and port are in `Security.InternalHosts`")]
    Clear,
    #[error("must have a host and port that are in `Security.InternalHosts`")]
    Elsewhere,
}

/// Reads an address that keys are fetched from. Keys that travel in clear could be exchanged for others on their
/// way, so that is left to hosts of the operator's own.
pub(crate) fn check(text: &str, internal: &[HostPort]) -> Result<Uri, UrlError> {
    let (uri, host) = read(text)?;
    if uri.scheme_str() == Some("https") || internal.contains(&host) {
        Ok(uri)
    } else {
        Err(UrlError::Clear)
    }
}

/// Reads an address that must be a host's of the operator's own.
pub(crate) fn check_internal(text: &str, internal: &[HostPort]) -> Result<Uri, UrlError> {
    let (uri, host) = read(text)?;
    if internal.contains(&host) {
        Ok(uri)
    } else {
        Err(UrlError::Elsewhere)
    }
}

fn read(text: &str) -> Result<(Uri, HostPort), UrlError> {
    if text.len() > MAX_LENGTH || text.contains(['#', '\\']) {
        return Err(UrlError::Form);
    }
    let uri: Uri = text.parse().map_err(|_| UrlError::Form)?;
    let default_port = match uri.scheme_str() {
        Some("https") => 443,
        Some("http") => 80,
        _ => return Err(UrlError::Form),
    };
    let authority = uri.authority().ok_or(UrlError::Form)?;
    if authority.as_str().contains('@') {
        return Err(UrlError::Form);
    }
    let port = match authority.as_str().strip_prefix(authority.host()) {
        Some("") => default_port,
        _ => authority.port_u16().ok_or(UrlError::Form)?,
    };
    let host = format!("{}:{port}", authority.host());
    let host = HostPort::parse(&host).ok_or(UrlError::Form)?;
    Ok((uri, host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_tls_or_from_hosts_of_the_operators_own() {
        let internal = [HostPort::parse("keys.local:8080").unwrap()];
        let cases = [
            ("https://login.example.com/keys?v=2", Ok(())),
            ("https://login.example.com:8443", Ok(())),
            ("https://[2001:db8::1]/keys", Ok(())),
            ("http://keys.local:8080/jwks", Ok(())),
            ("http://KEYS.local:8080/jwks", Ok(())),
            ("http://keys.local/jwks", Err(UrlError::Clear)),
            ("http://login.example.com/keys", Err(UrlError::Clear)),
            ("http://localhost:8080/keys", Err(UrlError::Clear)),
            ("https://user@login.example.com/", Err(UrlError::Form)),
            ("https://login.example.com/#x", Err(UrlError::Form)),
            ("https://login.example.com\\@evil/", Err(UrlError::Form)),
            ("https://login.example.com:0/", Err(UrlError::Form)),
            ("https://2130706433/", Err(UrlError::Form)),
            ("file:///etc/passwd", Err(UrlError::Form)),
            ("login.example.com", Err(UrlError::Form)),
            ("/keys", Err(UrlError::Form)),
            ("", Err(UrlError::Form)),
        ];
        for (text, expected) in cases {
            assert_eq!(check(text, &internal).map(|_| ()), expected, "{text}");
        }
    }
}
