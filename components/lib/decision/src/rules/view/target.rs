//! Scheme, host and port of a target.

/// Where a request goes.
pub(super) struct Target {
    /// `http` or `https`.
    pub(super) scheme: String,
    /// As sent in lower case, and without its final dot if it has one.
    pub(super) hosts: Vec<String>,
    /// As sent, or the scheme's own.
    pub(super) port: u16,
}

impl Target {
    /// Reads an absolute URL; none if it is not one or if its host is unclear.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        // A user's name in front of the host would make it unclear which host is meant.
        if authority.is_empty() || authority.contains(['@', '\\']) {
            return None;
        }
        let port_at = match authority.rfind(']') {
            Some(bracket) => authority.get(bracket..)?.find(':').map(|at| bracket + at),
            None => authority.find(':'),
        };
        let (host, port) = match port_at {
            Some(at) => (authority.get(..at)?, authority.get(at + 1..)?),
            None => (authority, ""),
        };
        if host.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let host = host.to_ascii_lowercase();
        let mut hosts = vec![host.clone()];
        if let Some(bare) = host.strip_suffix('.') {
            hosts.push(bare.to_owned());
        }
        Some(Self {
            scheme,
            hosts,
            port: if port.is_empty() {
                default_port
            } else {
                port.parse().ok()?
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn reads_scheme_host_and_port_of_a_target() {
        for (url, expected) in [
            ("http://Example.com/a", Some(("http", "example.com", 80))),
            ("HTTPS://example.com", Some(("https", "example.com", 443))),
            (
                "https://example.com:8443?x",
                Some(("https", "example.com", 8443)),
            ),
            ("http://[::1]:8080/", Some(("http", "[::1]", 8080))),
            ("http://[::1]/", Some(("http", "[::1]", 80))),
            ("http://example.com:/", Some(("http", "example.com", 80))),
            ("http://user@example.com/", None),
            ("http://example.com\\@evil/", None),
            ("http://example.com:99999/", None),
            ("http://example.com:+80/", None),
            ("http://:80/", None),
            ("ftp://example.com/", None),
            ("http:///x", None),
            ("/relative", None),
        ] {
            let read = Target::parse(url);
            let read = read.as_ref().map(|target| {
                (
                    target.scheme.as_str(),
                    target.hosts[0].as_str(),
                    target.port,
                )
            });
            assert_eq!(read, expected, "{url}");
        }
    }
}
