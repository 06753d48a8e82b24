//! Where a gateway is.

use std::net::IpAddr;

use hyper::Uri;
use thiserror::Error;

/// The text is no gateway's address. It is not shown: it may hold a password.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("must be `http://host:port` or `https://host`, without a user name")]
pub struct AddressError;

/// How a gateway is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Over TLS.
    Encrypted,
    /// In clear, within this machine.
    WithinMachine,
    /// In clear, over a network.
    Clear,
}

/// A gateway's address, such as `http://127.0.0.1:7080` or `https://host/below`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    base: String,
    authority: String,
    way: Way,
}

impl Address {
    /// Reads one.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        let uri: Uri = url.parse().map_err(|_| AddressError)?;
        let authority = uri.authority().ok_or(AddressError)?.to_string();
        if authority.contains('@') || uri.query().is_some() || url.contains('#') {
            return Err(AddressError);
        }
        let way = match (uri.scheme_str(), uri.host()) {
            (Some("https"), Some(_)) => Way::Encrypted,
            (Some("http"), Some(host)) if is_this_machine(host) => Way::WithinMachine,
            (Some("http"), Some(_)) => Way::Clear,
            _ => return Err(AddressError),
        };
        Ok(Self {
            base: url.trim_end_matches('/').to_owned(),
            authority,
            way,
        })
    }

    /// What paths are put behind; without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Host and port.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// How it is reached.
    #[must_use]
    pub fn way(&self) -> Way {
        self.way
    }
}

/// Whether a host of a URL is a loopback one.
fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    address.map_or(host.eq_ignore_ascii_case("localhost"), |ip| {
        ip.to_canonical().is_loopback()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_how_it_is_reached() {
        for (url, way) in [
            ("http://127.0.0.1:7080", Way::WithinMachine),
            ("http://127.9.9.9/", Way::WithinMachine),
            ("http://[::1]:7080", Way::WithinMachine),
            ("http://[::ffff:127.0.0.1]", Way::WithinMachine),
            ("http://LocalHost:1", Way::WithinMachine),
            ("http://localhost.example.org", Way::Clear),
            ("http://127.0.0.1.example.org", Way::Clear),
            ("http://10.0.0.1", Way::Clear),
            ("http://0.0.0.0:7080", Way::Clear),
            ("https://127.0.0.1", Way::Encrypted),
            ("https://a/below//", Way::Encrypted),
        ] {
            assert_eq!(Address::parse(url).unwrap().way(), way, "{url}");
        }
        assert_eq!(
            Address::parse("https://a/below//").unwrap().base(),
            "https://a/below"
        );
    }

    #[test]
    fn what_is_no_address_is_refused_and_not_shown() {
        for url in [
            "",
            "127.0.0.1:7080",
            "ftp://a",
            "http://",
            "http://user:hush@a",
            "http://a?b=c",
            "http://a#b",
            "/a",
        ] {
            assert_eq!(Address::parse(url), Err(AddressError), "{url}");
        }
        assert!(!AddressError.to_string().contains("hush"));
    }
}
