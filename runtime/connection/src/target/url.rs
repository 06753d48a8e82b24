//! Reads a target from a URL.

use std::time::Duration;

use super::{SslMode, Target, TargetError};

pub(super) fn parse(text: &str) -> Result<Target, TargetError> {
    let (scheme, rest) = text.split_once("://").ok_or(TargetError::Scheme)?;
    if !matches!(scheme, "postgres" | "postgresql") {
        return Err(TargetError::Scheme);
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (account, server) = authority
        .rsplit_once('@')
        .ok_or(TargetError::Missing("user"))?;
    let (user, password) = match account.split_once(':') {
        Some((user, password)) => (user, Some(decode(password)?)),
        None => (account, None),
    };
    let user = decode(user)?;
    if user.is_empty() {
        return Err(TargetError::Missing("user"));
    }
    let (host, port) = server_parts(server)?;
    let database = match decode(path)? {
        database if database.is_empty() => user.clone(),
        database => database,
    };
    let mut target = Target::new(&host, &database, &user);
    target.password = password;
    target.port = port;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        set(&mut target, name, &decode(value)?)?;
    }
    if target.root_certificate.is_some() && target.ssl_mode != SslMode::VerifyFull {
        // libpq would then verify half of it; nobody remembers which half.
        return Err(TargetError::Value {
            name: "sslrootcert",
            takes: "a file, and only with `sslmode=verify-full`",
        });
    }
    Ok(target)
}

/// Host and port of `host`, `host:port`, `[::1]` or `[::1]:port`.
fn server_parts(server: &str) -> Result<(String, u16), TargetError> {
    let (host, port) = match server.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(TargetError::Host)?;
            (host, rest.strip_prefix(':'))
        }
        None => match server.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (server, None),
        },
    };
    let host = decode(host)?;
    if host.is_empty() {
        return Err(TargetError::Missing("host"));
    }
    let is_usable = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
    if !host.bytes().all(is_usable) {
        return Err(TargetError::Host);
    }
    let port = port.map_or(Ok(5432), |port| port.parse().map_err(|_| TargetError::Port))?;
    if port == 0 {
        return Err(TargetError::Port);
    }
    Ok((host, port))
}

fn set(target: &mut Target, name: &str, value: &str) -> Result<(), TargetError> {
    let wrong = |name, takes| TargetError::Value { name, takes };
    match name {
        "sslmode" => {
            let takes = "disable, prefer, require or verify-full";
            target.ssl_mode = SslMode::parse(value).ok_or_else(|| wrong("sslmode", takes))?;
        }
        "sslrootcert" if !value.is_empty() => target.root_certificate = Some(value.into()),
        "sslrootcert" => return Err(wrong("sslrootcert", "a file")),
        "connect_timeout" => {
            let seconds = value
                .parse()
                .ok()
                .filter(|seconds| (1..=300).contains(seconds));
            let seconds = seconds.ok_or_else(|| wrong("connect_timeout", "1 to 300 seconds"))?;
            target.connect_timeout = Duration::from_secs(seconds);
        }
        "application_name" => value.clone_into(&mut target.application_name),
        _ => return Err(TargetError::Unknown),
    }
    Ok(())
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Result<String, TargetError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => (digit(bytes.next())? << 4) | digit(bytes.next())?,
            byte => byte,
        });
    }
    if decoded.contains(&0) {
        return Err(TargetError::Encoding);
    }
    String::from_utf8(decoded).map_err(|_| TargetError::Encoding)
}

fn digit(byte: Option<u8>) -> Result<u8, TargetError> {
    byte.and_then(|byte| char::from(byte).to_digit(16))
        .and_then(|digit| u8::try_from(digit).ok())
        .ok_or(TargetError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_url_is_read() {
        let target = Target::parse(
            "postgresql://va%40n:p%3As%2Fs@db.example:6543/ve%20ctra\
             ?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem&connect_timeout=9&application_name=x",
        );
        let expected = Target {
            host: "db.example".into(),
            port: 6543,
            database: "ve ctra".into(),
            user: "va@n".into(),
            password: Some("p:s/s".into()),
            ssl_mode: SslMode::VerifyFull,
            root_certificate: Some("/etc/ca.pem".into()),
            connect_timeout: Duration::from_secs(9),
            application_name: "x".into(),
        };
        assert_eq!(target, Ok(expected));
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let expected = Target::new("h", "u", "u");
        for url in [
            "postgres://u@h",
            "postgres://u@h/",
            "postgres://u@h:5432/u?",
        ] {
            assert_eq!(Target::parse(url), Ok(expected.clone()), "{url}");
        }
        let expected = Target::new("::1", "d", "u");
        assert_eq!(Target::parse("postgres://u@[::1]:5432/d"), Ok(expected));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_text() {
        for (url, message) in [
            ("mysql://u:secret@h/d", "does not begin with `postgres://`"),
            ("secret", "does not begin with `postgres://`"),
            ("postgres://h/d", "has no user"),
            ("postgres://u:secret@/d", "has no host"),
            ("postgres://u:secret@a,b/d", "exactly one host"),
            ("postgres://u:secret@%2Frun/d", "exactly one host"),
            ("postgres://u:secret@h:0/d", "no usable port"),
            ("postgres://u:secret@h:x/d", "no usable port"),
            ("postgres://u:sec%ret@h/d", "broken percent-encoding"),
            ("postgres://u:s%00@h/d", "broken percent-encoding"),
            ("postgres://u:s@h/d?hostaddr=secret", "unknown parameter"),
            ("postgres://u@x:s@h/d?/secret@h/d", "unknown parameter"),
            ("postgres://u:p@x?secret=s@h/d", "unknown parameter"),
            ("postgres://;Password=a@h?secret", "unknown parameter"),
            ("postgres://u@h/d?sslmode=verify-ca", "`sslmode`"),
            ("postgres://u@h/d?sslmode=secret", "`sslmode`"),
            (
                "postgres://u@h/d?sslmode=require&sslrootcert=a",
                "`sslrootcert`",
            ),
            ("postgres://u@h/d?connect_timeout=0", "`connect_timeout`"),
        ] {
            let error = Target::parse(url).unwrap_err().to_string();
            assert!(error.contains(message), "{url}: {error}");
            assert!(!error.contains("secret"), "{url}: {error}");
        }
    }

    #[test]
    fn the_password_is_not_in_the_debug_text() {
        let target = Target::parse("postgres://u:secret@h/d").unwrap();
        assert!(!format!("{target:?}").contains("secret"));
    }
}
