//! The target of a proxied request: what follows `/proxy/`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

/// Longest target, in bytes.
pub(crate) const MAX_LENGTH: usize = 8 * 1024;

/// Why a target is refused before anyone is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    #[error("expected /proxy/<full-url>")]
    NoTarget,
    #[error("the target must be an absolute http or https URL")]
    NotAbsolute,
    #[error("the target must not carry a user name or password")]
    UserInfo,
    #[error(
        "the host is not a name, an IPv4 address in dotted form or an IPv6 address in brackets"
    )]
    Host,
    #[error("the port must be 1 to 65535")]
    Port,
    #[error("the path must not hold encoded dots in a dot segment, %2F, %5C, %00 or a backslash")]
    AmbiguousPath,
    #[error("the path holds a percent sign that encodes nothing")]
    Encoding,
    #[error("the target is longer than {MAX_LENGTH} bytes")]
    TooLong,
}

/// A host and a port, as in `Proxy.AllowedUpstreams`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// Lower case; an IPv6 address without brackets, in its canonical form.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
}

impl HostPort {
    /// Reads `host:port` or `[v6]:port`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let port = read_port(port)?;
        Some(Self {
            host: canonical_host(host)?,
            port,
        })
    }
}

/// A target that may be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// As it was sent; what is forwarded.
    pub(crate) uri: Uri,
    /// The whole of it as text.
    pub(crate) url: String,
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// Where it goes.
    pub(crate) host: HostPort,
    /// Path and query as sent; at least `/`.
    pub(crate) path: String,
    /// The same, normalised after RFC 3986 §6.2.2 with dot segments removed.
    pub(crate) normalised: String,
}

/// Reads the target from the path and query of a request to `/proxy/`.
pub(crate) fn parse(path_and_query: &str) -> Result<Target, TargetError> {
    let text = path_and_query
        .strip_prefix("/proxy/")
        .filter(|text| !text.is_empty())
        .ok_or(TargetError::NoTarget)?;
    if text.len() > MAX_LENGTH {
        return Err(TargetError::TooLong);
    }
    if text.contains('\\') {
        return Err(TargetError::AmbiguousPath);
    }
    if !text.is_ascii() || text.contains('#') {
        return Err(TargetError::NotAbsolute);
    }
    let uri: Uri = text.parse().map_err(|_| TargetError::NotAbsolute)?;
    let scheme = match uri.scheme_str() {
        Some(scheme) if scheme.eq_ignore_ascii_case("http") => "http",
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
        _ => return Err(TargetError::NotAbsolute),
    };
    let authority = uri.authority().ok_or(TargetError::NotAbsolute)?;
    if authority.as_str().contains('@') {
        return Err(TargetError::UserInfo);
    }
    let host = canonical_host(authority.host()).ok_or(TargetError::Host)?;
    let port = port(authority, scheme)?;
    check_path(uri.path())?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    let normalised = normalise(&path);
    let url = text.to_owned();
    Ok(Target {
        uri,
        url,
        scheme,
        host: HostPort { host, port },
        path,
        normalised,
    })
}

fn port(authority: &http::uri::Authority, scheme: &str) -> Result<u16, TargetError> {
    let written = authority
        .as_str()
        .get(authority.host().len()..)
        .unwrap_or_default();
    match written.strip_prefix(':') {
        None => Ok(if scheme == "https" { 443 } else { 80 }),
        Some(digits) => read_port(digits).ok_or(TargetError::Port),
    }
}

/// 1 to 65535, in digits and nothing else.
fn read_port(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| plain && *port != 0)
}

/// Lower case; addresses in their one canonical form. Hosts that end in a number
/// without being an IPv4 address in dotted form are refused: resolvers read some
/// of them (`0x7f.1`, `2130706433`) as addresses.
fn canonical_host(host: &str) -> Option<String> {
    if let Some(inner) = host.strip_prefix('[') {
        let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some(address.to_string());
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Some(address.to_string());
    }
    let name = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let last = host.rsplit('.').next()?;
    let number = last.bytes().all(|b| b.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .or(last.strip_prefix("0X"))
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    let good = host.len() <= 253 && host.split('.').all(name) && !number;
    good.then(|| host.to_ascii_lowercase())
}

fn check_path(path: &str) -> Result<(), TargetError> {
    let bytes = path.as_bytes();
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%') {
        match decoded(bytes, at).ok_or(TargetError::Encoding)? {
            b'/' | b'\\' | 0 => return Err(TargetError::AmbiguousPath),
            _ => {}
        }
    }
    let dotted = |segment: &str| {
        let plain = segment.replace("%2e", ".").replace("%2E", ".");
        plain != segment && (plain == "." || plain == "..")
    };
    if path.split('/').any(dotted) {
        Err(TargetError::AmbiguousPath)
    } else {
        Ok(())
    }
}

/// The byte that the three characters at `at` encode.
fn decoded(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| {
        bytes
            .get(at)
            .and_then(|byte| char::from(*byte).to_digit(16))
    };
    let (high, low) = (digit(at + 1)?, digit(at + 2)?);
    u8::try_from(high * 16 + low).ok()
}

/// RFC 3986 §6.2.2: encoded unreserved characters decoded, other encodings in upper
/// case, dot segments removed from the path. Normalising again changes nothing.
fn normalise(path_and_query: &str) -> String {
    let (path, query) = match path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path_and_query, None),
    };
    let mut result = remove_dot_segments(&decode_unreserved(path));
    if let Some(query) = query {
        result.push('?');
        result.push_str(&decode_unreserved(query));
    }
    result
}

fn decode_unreserved(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (*byte == b'%').then(|| decoded(bytes, at)).flatten() {
            Some(plain) if plain.is_ascii_alphanumeric() || b"-._~".contains(&plain) => {
                result.push(char::from(plain));
                at += 3;
            }
            Some(other) => {
                result.push_str(&format!("%{other:02X}"));
                at += 3;
            }
            // A sign that encodes nothing stands for itself. Left as it is, it might
            // encode something together with what is decoded behind it (`%%612e`).
            None if *byte == b'%' => {
                result.push_str("%25");
                at += 1;
            }
            None => {
                result.push(char::from(*byte));
                at += 1;
            }
        }
    }
    result
}

fn remove_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let last = segments.len().saturating_sub(1);
    for (at, segment) in segments.iter().enumerate() {
        match *segment {
            "." | ".." => {
                if *segment == ".." {
                    kept.pop();
                }
                if at == last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}

impl Target {
    /// What policies see: scheme and host in their one form, the scheme's own port
    /// left out, path and query as they were sent. However an agent spells a target,
    /// it is the same.
    pub(crate) fn canonical_url(&self) -> String {
        self.canonical_origin() + &self.path
    }

    /// The same without path and query.
    pub(crate) fn canonical_origin(&self) -> String {
        let HostPort { host, port } = &self.host;
        let own = if self.scheme == "https" { 443 } else { 80 };
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.clone()
        };
        if *port == own {
            format!("{}://{host}", self.scheme)
        } else {
            format!("{}://{host}:{port}", self.scheme)
        }
    }

    /// Why an agent may not reach this target, if so (design §6): addresses that are
    /// not public, and names of the gateway's own, unless they are listed.
    pub(crate) fn refusal(&self, allowed: &[HostPort], internal: &[HostPort]) -> Option<String> {
        if allowed.contains(&self.host) {
            return None;
        }
        let HostPort { host, port } = &self.host;
        let local_name = host == "localhost"
            || [".localhost", ".local", ".internal"]
                .iter()
                .any(|end| host.ends_with(end));
        let private = host
            .parse::<IpAddr>()
            .is_ok_and(|address| !is_public(address));
        (local_name || private || internal.contains(&self.host))
            .then(|| format!("Target {host}:{port} is not allowed"))
    }
}

/// Whether an address lies in the public internet. Forms of IPv6 that carry an
/// IPv4 address are as public as that.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, .., g, h] = v6.segments();
            let embedded = |high: u16, low: u16| {
                is_public_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
            };
            match (a, b, c, d) {
                (0, 0, 0, 0) => false,
                (0x64, 0xff9b, ..) => embedded(g, h),
                (0x2002, high, low, _) => embedded(high, low),
                (0x2001, 0, ..) => false,
                (0x2001, 0xdb8, ..) => false,
                (0x3fff, ..) => false,
                // Global unicast; all else is local, multicast or reserved.
                _ => (0x2000..0x4000).contains(&a),
            }
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// What policies see of a target, for the fuzz targets: path as sent, path normalised,
/// URL in its one form.
#[doc(hidden)]
#[must_use]
pub fn target_forms(path_and_query: &str) -> Option<[String; 3]> {
    let target = parse(path_and_query).ok()?;
    let url = target.canonical_url();
    Some([target.path, target.normalised, url])
}

#[cfg(test)]
mod tests;
