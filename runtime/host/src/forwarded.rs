//! Who a client is when a proxy stands before us: `X-Forwarded-For`, if the proxy is
//! trusted. `Forwarded` (RFC 7239) is not read, since proxies that know only one of the
//! two let the other through as their client wrote it.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use hyper::header::{HeaderMap, HeaderName};
use ipnet::{IpNet, Ipv4Net};
use thiserror::Error;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The length that `::ffff:0:0/96` adds to an IPv4 network's.
const MAPPED: u8 = 96;

/// An address or a network (CIDR) of proxies; an IPv4-mapped one counts as IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proxies(IpNet);

/// The text is neither an address nor a network.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is neither an address nor a network, as in `10.0.0.0/8`")]
pub struct ProxiesError(String);

impl FromStr for Proxies {
    type Err = ProxiesError;

    fn from_str(text: &str) -> Result<Self, ProxiesError> {
        let trimmed = text.trim();
        let net = trimmed
            .parse()
            .or_else(|_| trimmed.parse().map(|address: IpAddr| address.into()))
            .map_err(|_| ProxiesError(text.to_owned()))?;
        Ok(Self(canonical(net)))
    }
}

impl Proxies {
    /// Whether it is everybody, of one version of IP at least.
    pub fn is_everybody(&self) -> bool {
        self.0.prefix_len() == 0
    }
}

fn canonical(net: IpNet) -> IpNet {
    if let IpAddr::V4(address) = net.addr().to_canonical()
        && let Some(length) = net.prefix_len().checked_sub(MAPPED)
        && net.addr().is_ipv6()
        && let Ok(net) = Ipv4Net::new(address, length)
    {
        return net.into();
    }
    net
}

/// The proxies that are believed who their clients are. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[Proxies]>);

impl FromIterator<Proxies> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = Proxies>>(proxies: I) -> Self {
        Self(proxies.into_iter().collect())
    }
}

impl TrustedProxies {
    fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|proxies| proxies.0.contains(&address))
    }

    /// The client of a request: the peer; or, if that is trusted, the last address of
    /// `X-Forwarded-For` that is not. An element that is no address ends the walk, and
    /// the address after it counts: nobody who is trusted has written what is before.
    /// Port 0 stands for one that was not told.
    pub(crate) fn client(&self, peer: SocketAddr, fields: &HeaderMap) -> SocketAddr {
        let mut client = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        let lines = fields.get_all(FORWARDED_FOR).iter().rev();
        let mut elements = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        while self.contain(client.ip()) {
            match elements.next().and_then(element) {
                Some(address) => client = address,
                None => break,
            }
        }
        client
    }
}

/// `1.2.3.4`, `1.2.3.4:5`, `::1`, `[::1]` or `[::1]:5`.
fn element(bytes: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let bare = || {
        let inner = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        match inner {
            Some(inner) => inner.parse().ok().map(IpAddr::V6),
            None => text.parse().ok(),
        }
    };
    // `SocketAddr` would take a zone, and drop nothing of it.
    let address = match text.parse() {
        Ok(SocketAddr::V6(address)) if address.scope_id() != 0 => return None,
        Ok(address) => address,
        Err(_) => SocketAddr::new(bare()?, 0),
    };
    Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn trusted(proxies: &[&str]) -> TrustedProxies {
        proxies.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_last_address_that_is_not_trusted_is_the_client() {
        let proxies = trusted(&["10.0.0.0/8", "192.0.2.1", "fd00::/8"]);
        let peer = "10.0.0.1:5";
        for (peer, lines, client) in [
            // Not from a trusted peer.
            ("8.8.8.8:5", &["1.1.1.1"][..], "8.8.8.8:5"),
            ("11.0.0.1:5", &["1.1.1.1"], "11.0.0.1:5"),
            ("192.0.2.2:5", &["1.1.1.1"], "192.0.2.2:5"),
            // Nothing, or nothing of use.
            (peer, &[], "10.0.0.1:5"),
            (peer, &[""], "10.0.0.1:5"),
            (peer, &["unknown"], "10.0.0.1:5"),
            (peer, &["1.1.1.1, unknown"], "10.0.0.1:5"),
            // From the right, over all lines.
            (peer, &["1.1.1.1"], "1.1.1.1:0"),
            (peer, &["9.9.9.9, 1.1.1.1"], "1.1.1.1:0"),
            (peer, &["9.9.9.9", "1.1.1.1"], "1.1.1.1:0"),
            (peer, &["9.9.9.9,1.1.1.1 ,10.9.9.9"], "1.1.1.1:0"),
            (peer, &["9.9.9.9, 1.1.1.1", "192.0.2.1"], "1.1.1.1:0"),
            ("192.0.2.1:5", &["1.1.1.1", "10.1.1.1"], "1.1.1.1:0"),
            // Only trusted ones: the first of them.
            (peer, &["10.0.0.3, 10.0.0.2"], "10.0.0.3:0"),
            // What is no address ends the walk.
            (peer, &["1.1.1.1, evil, 10.0.0.2"], "10.0.0.2:0"),
            (peer, &["1.1.1.1,, 10.0.0.2"], "10.0.0.2:0"),
            (peer, &["1.1.1.1", "", "10.0.0.2"], "10.0.0.2:0"),
            (peer, &["1.1.1.1, 10.0.0.2x"], "10.0.0.1:5"),
            (peer, &["1.1.1.1, 10.0.0.256"], "10.0.0.1:5"),
            (peer, &["1.1.1.1, 010.0.0.2"], "10.0.0.1:5"),
            (peer, &["1.1.1.1, fe80::1%eth0"], "10.0.0.1:5"),
            (peer, &["1.1.1.1, [fe80::1%2]:1"], "10.0.0.1:5"),
            (peer, &["1.1.1.1, [10.0.0.2]"], "10.0.0.1:5"),
            (peer, &["for=1.1.1.1"], "10.0.0.1:5"),
            // Ports and IPv6.
            (peer, &["1.1.1.1:80"], "1.1.1.1:80"),
            (peer, &["1.1.1.1:x"], "10.0.0.1:5"),
            (peer, &["2001:db8::1"], "[2001:db8::1]:0"),
            (peer, &["[2001:db8::1]"], "[2001:db8::1]:0"),
            (peer, &["[2001:db8::1]:80, fd00::1"], "[2001:db8::1]:80"),
            // IPv4 in IPv6 clothes.
            ("[::ffff:10.0.0.1]:5", &["1.1.1.1"], "1.1.1.1:0"),
            ("[::ffff:8.8.8.8]:5", &["1.1.1.1"], "8.8.8.8:5"),
            (peer, &["1.1.1.1, ::ffff:10.0.0.2"], "1.1.1.1:0"),
            (peer, &["::ffff:1.1.1.1"], "1.1.1.1:0"),
        ] {
            let mut fields = HeaderMap::new();
            for line in lines {
                fields.append(FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
            }
            fields.append("forwarded", HeaderValue::from_static("for=7.7.7.7"));
            let found = proxies.client(peer.parse().unwrap(), &fields);
            assert_eq!(found.to_string(), client, "{peer} {lines:?}");
            let nobody = TrustedProxies::default();
            let own: SocketAddr = peer.parse().unwrap();
            assert_eq!(
                nobody.client(own, &fields).ip(),
                own.ip().to_canonical(),
                "{peer} {lines:?}"
            );
        }
    }

    #[test]
    fn bytes_that_are_no_text_end_the_walk() {
        let mut fields = HeaderMap::new();
        let line = HeaderValue::from_bytes(b"1.1.1.1, \xff").unwrap();
        fields.append(FORWARDED_FOR, line);
        let peer = "10.0.0.1:5".parse().unwrap();
        assert_eq!(trusted(&["10.0.0.1"]).client(peer, &fields), peer);
    }

    #[test]
    fn an_address_is_a_network_of_one_and_a_mapped_one_is_ipv4() {
        for (text, inside, outside) in [
            ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
            (" 10.0.0.1/8 ", "10.255.0.1", "11.0.0.1"),
            ("::1", "::1", "::2"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("::ffff:10.0.0.0/104", "10.0.0.9", "11.0.0.1"),
            ("::ffff:10.0.0.1", "10.0.0.1", "10.0.0.2"),
            ("0.0.0.0/0", "8.8.8.8", "::1"),
        ] {
            let proxies = trusted(&[text]);
            assert!(proxies.contain(inside.parse().unwrap()), "{text}");
            assert!(!proxies.contain(outside.parse().unwrap()), "{text}");
        }
        for text in ["", "proxy", "10.0.0.0/33", "10.0.0", "10.0.0.1:80", "/8"] {
            assert!(text.parse::<Proxies>().is_err(), "{text}");
        }
    }
}
