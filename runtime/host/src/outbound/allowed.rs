//! Upstreams an operator has allowed by name.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

use super::address::canonical;

/// One `host:port`. A name is compared as written, without regard to case; an IP
/// literal is compared as an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    host: UpstreamHost,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum UpstreamHost {
    Name(String),
    Address(IpAddr),
}

/// The text is not `host:port`.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not `host:port`")]
pub struct UpstreamError(String);

impl Upstream {
    /// A host as it stands in a URL (IPv6 in brackets or not) and a port.
    pub(super) fn new(host: &str, port: u16) -> Self {
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let host = match bare.parse() {
            Ok(address) => UpstreamHost::Address(canonical(address)),
            Err(_) => UpstreamHost::Name(bare.to_ascii_lowercase()),
        };
        Self { host, port }
    }

    /// The address, if the host is an IP literal.
    pub(super) fn address(&self) -> Option<IpAddr> {
        match self.host {
            UpstreamHost::Name(_) => None,
            UpstreamHost::Address(address) => Some(address),
        }
    }
}

impl FromStr for Upstream {
    type Err = UpstreamError;

    fn from_str(text: &str) -> Result<Self, UpstreamError> {
        let error = || UpstreamError(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(error)?;
        let port = port
            .parse()
            .ok()
            .filter(|&port| port != 0)
            .ok_or_else(error)?;
        let bracketed = host.starts_with('[') && host.ends_with(']');
        let name = !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
        let upstream = Self::new(host, port);
        let address = matches!(upstream.address(), Some(IpAddr::V6(_)));
        // `[::ffff:1.2.3.4]` is IPv4 once it is canonical, and still in brackets.
        match name || (bracketed && (address || upstream.address().is_some())) {
            true => Ok(upstream),
            false => Err(error()),
        }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            UpstreamHost::Name(name) => write!(f, "{name}:{}", self.port),
            UpstreamHost::Address(IpAddr::V4(address)) => write!(f, "{address}:{}", self.port),
            UpstreamHost::Address(IpAddr::V6(address)) => write!(f, "[{address}]:{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_written_and_literals_as_addresses() {
        for (listed, host, port, same) in [
            ("api.example.com:443", "API.example.com", 443, true),
            ("api.example.com:443", "api.example.com", 80, false),
            ("api.example.com:443", "example.com", 443, false),
            ("127.0.0.1:80", "127.0.0.1", 80, true),
            ("127.0.0.1:80", "[::ffff:7f00:1]", 80, true),
            ("[::1]:80", "[0:0:0:0:0:0:0:1]", 80, true),
            ("[::ffff:127.0.0.1]:80", "127.0.0.1", 80, true),
            ("127.0.0.1:80", "localhost", 80, false),
            ("localhost:80", "127.0.0.1", 80, false),
            ("127.0.0.1:80", "127.1", 80, false),
        ] {
            let listed: Upstream = listed.parse().unwrap();
            assert_eq!(
                listed == Upstream::new(host, port),
                same,
                "{listed} {host}:{port}"
            );
        }
    }

    #[test]
    fn refuses_text_that_is_not_host_and_port() {
        for text in [
            "",
            "a",
            ":80",
            "a:",
            "a:0",
            "a:65536",
            "a:x",
            "::1:80",
            "*:80",
            "a b:1",
            "[a]:1",
            "http://a:1",
            "a/b:1",
        ] {
            assert!(text.parse::<Upstream>().is_err(), "{text}");
        }
    }
}
