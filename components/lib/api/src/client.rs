//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

use crate::gateway::Gateway;
use crate::ports::ClientAddresses;

/// Set by hosts (Spin's name for it); the last value counts, since Spin appends to what
/// the client sent.
const CLIENT_ADDRESS: &str = "spin-client-addr";

impl<U> Gateway<'_, U> {
    /// The client's address, if the host is believed to say it.
    pub(crate) fn client_address(&self, headers: &HeaderMap) -> Option<IpAddr> {
        match self.ports.client_addresses {
            ClientAddresses::Trusted => read(headers),
            ClientAddresses::Ignored => None,
        }
    }
}

/// The port is cut off, an IPv4 address in IPv6 clothes taken out of them.
fn read(headers: &HeaderMap) -> Option<IpAddr> {
    let value = headers.get_all(CLIENT_ADDRESS).iter().next_back()?;
    let text = value.to_str().ok()?.rsplit(',').next()?.trim();
    let address = text
        .parse::<SocketAddr>()
        .map(|address| address.ip())
        .or_else(|_| text.trim_matches(['[', ']']).parse::<IpAddr>())
        .ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_last_value_counts_without_its_port() {
        let cases: &[(&[&str], Option<&str>)] = &[
            (&["192.0.2.1:5000"], Some("192.0.2.1")),
            (&["192.0.2.1"], Some("192.0.2.1")),
            (&["[2001:db8::1]:80"], Some("2001:db8::1")),
            (&["2001:db8::1"], Some("2001:db8::1")),
            (&["[::ffff:192.0.2.1]:9"], Some("192.0.2.1")),
            (&["1.1.1.1:1", "192.0.2.1:2"], Some("192.0.2.1")),
            (&["1.1.1.1, 192.0.2.1:2"], Some("192.0.2.1")),
            (&["192.0.2.1", "nonsense"], None),
            (&[], None),
        ];
        for (values, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in *values {
                headers.append(CLIENT_ADDRESS, HeaderValue::from_static(value));
            }
            let expected = expected.map(|text| text.parse::<IpAddr>().unwrap());
            assert_eq!(read(&headers), expected, "{values:?}");
        }
    }
}
