//! Where a provider is.

use http::Uri;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Not at all.
    Http,
    /// With TLS.
    Https,
}

/// Whether what is sent may go over the network in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clear {
    /// The operator says so.
    Accepted,
    /// Only within this machine.
    Refused,
}

/// A URL that paths are added to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub scheme: Scheme,
    /// Host and port, as in a `Host` header.
    pub authority: String,
    /// Without a slash at its end.
    pub path: String,
}

impl Endpoint {
    /// Reads a URL, or says what is wrong with it.
    pub fn parse(text: &str, clear: Clear) -> Result<Self, &'static str> {
        const FORM: &str =
            "must be a URL like `https://host/path`, without user, query or fragment";
        let uri: Uri = text.parse().map_err(|_| FORM)?;
        let scheme = match uri.scheme_str() {
            Some("http") => Scheme::Http,
            Some("https") => Scheme::Https,
            _ => return Err(FORM),
        };
        let authority = uri.authority().ok_or(FORM)?.as_str();
        let odd = authority.contains('@') || uri.query().is_some() || text.contains('#');
        if odd || uri.host().is_none_or(str::is_empty) {
            return Err(FORM);
        }
        if scheme == Scheme::Http && clear == Clear::Refused && !is_local(uri.host()) {
            return Err(
                "must begin with `https://`, since what is sent is confidential; \
                `AllowInsecure` permits `http://`",
            );
        }
        Ok(Self {
            scheme,
            authority: authority.to_owned(),
            path: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// As it is written.
    pub fn url(&self) -> String {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        format!("{scheme}://{}{}", self.authority, self.path)
    }
}

/// Whether a host is this machine, by its name.
fn is_local(host: Option<&str>) -> bool {
    let Some(host) = host else { return false };
    let number = host.trim_start_matches('[').trim_end_matches(']');
    let number: Option<std::net::IpAddr> = number.parse().ok();
    host.eq_ignore_ascii_case("localhost") || number.is_some_and(|number| number.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_urls_are_endpoints_and_only_this_machine_may_be_reached_in_clear() {
        for (text, safe, accepted) in [
            ("https://api.example/v1", true, true),
            ("https://api.example:8443", true, true),
            ("HTTPS://api.example/", true, true),
            ("http://localhost:11434", true, true),
            ("http://127.0.0.9:1/x/", true, true),
            ("http://[::1]:1", true, true),
            ("http://model.internal:8000", false, true),
            ("http://localhost.example", false, true),
            ("http://127.0.0.1.example", false, true),
            ("ftp://api.example", false, false),
            ("api.example/v1", false, false),
            ("/v1", false, false),
            ("https://user@api.example", false, false),
            ("https://api.example/v1?key=x", false, false),
            ("https://api.example/v1#x", false, false),
            ("https://api.example/a b", false, false),
            ("", false, false),
        ] {
            assert_eq!(
                Endpoint::parse(text, Clear::Refused).is_ok(),
                safe,
                "{text}"
            );
            assert_eq!(
                Endpoint::parse(text, Clear::Accepted).is_ok(),
                accepted,
                "{text}"
            );
        }
        let endpoint = Endpoint::parse("https://api.example/v1/", Clear::Refused).unwrap();
        assert_eq!(endpoint.url(), "https://api.example/v1");
    }
}
