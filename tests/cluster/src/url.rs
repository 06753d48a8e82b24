//! URLs of servers, as far as is needed to change parts of them.

use anyhow::{Context, Result, bail};

/// Puts one together. The parts hold nothing that must be escaped.
pub(crate) fn url(user: &str, password: &str, host: &str, port: u16, database: &str) -> String {
    format!("postgres://{user}:{password}@{host}:{port}/{database}")
}

/// The URL of another database of the same server.
///
/// # Errors
/// If it is not a `postgres://` URL. The text is not shown, it may hold a password.
pub(crate) fn with_database(url: &str, database: &str) -> Result<String> {
    let (scheme, rest) = url.split_once("://").context("it is no URL")?;
    if !matches!(scheme, "postgres" | "postgresql") {
        bail!("it does not begin with `postgres://`");
    }
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, format!("?{query}")),
        None => (rest, String::new()),
    };
    let authority = rest.split('/').next().unwrap_or_default();
    Ok(format!("{scheme}://{authority}/{database}{query}"))
}

/// The URL without its password, and the password: command lines can be read by
/// everyone, environments cannot.
pub(crate) fn without_password(url: &str) -> (String, Option<String>) {
    let split = || {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let (account, host) = authority.rsplit_once('@')?;
        let (user, password) = account.split_once(':')?;
        Some((format!("{scheme}://{user}@{host}{path}"), decode(password)))
    };
    split().map_or_else(
        || (url.to_owned(), None),
        |(url, password)| (url, Some(password)),
    )
}

/// Undoes percent-encoding.
fn decode(text: &str) -> String {
    let (mut decoded, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, others @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, ..] => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|digits| u8::from_str_radix(digits, 16).ok()),
            _ => None,
        };
        decoded.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() {
            rest.get(3..).unwrap_or_default()
        } else {
            others
        };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{with_database, without_password};

    #[test]
    fn the_database_is_replaced_and_the_rest_kept() {
        for (url, expected) in [
            ("postgres://u:p@h:1/a", "postgres://u:p@h:1/x"),
            ("postgres://h", "postgres://h/x"),
            (
                "postgresql://u@h/a?sslmode=require",
                "postgresql://u@h/x?sslmode=require",
            ),
            (
                "postgres://h?sslmode=require",
                "postgres://h/x?sslmode=require",
            ),
        ] {
            assert_eq!(with_database(url, "x").unwrap(), expected);
        }
        assert!(with_database("mysql://h/a", "x").is_err());
    }

    #[test]
    fn the_password_is_taken_out() {
        for (url, without, password) in [
            (
                "postgres://u:p@h:1/a?b=c",
                "postgres://u@h:1/a?b=c",
                Some("p"),
            ),
            ("postgres://u:a%40b%2f@h", "postgres://u@h", Some("a@b/")),
            ("postgres://u@h/a", "postgres://u@h/a", None),
            ("postgres://h:1/a", "postgres://h:1/a", None),
        ] {
            let expected = (without.to_owned(), password.map(str::to_owned));
            assert_eq!(without_password(url), expected);
        }
    }
}
