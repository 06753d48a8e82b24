//! `Host=localhost;Database=vectra;Username=vectra;Password=secret`, with the
//! keywords of Npgsql, or a URL `postgres://…`.

mod keyword;

use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use super::ConnectionStringError::{
    self, Form, Keyword as Unknown, Missing, Twice, Unsupported, Value,
};
use super::{pairs, scheme, unknown};
use crate::{PostgresOptions, SslMode, Target};
use keyword::{Keyword, is_unsupported};

const FORM: &str = "Host=localhost;Database=vectra;Username=vectra;Password=secret";

/// A server as a connection string names it, and how it is used. Relative paths start
/// from the folder.
///
/// # Errors
/// [`ConnectionStringError`].
pub fn postgres(
    text: &str,
    folder: &Path,
) -> Result<(Target, PostgresOptions), ConnectionStringError> {
    let text = text.trim();
    let (mut target, options) = match scheme(text).as_deref() {
        Some("postgres" | "postgresql") => {
            let target = Target::parse(text)?;
            (target, PostgresOptions::default())
        }
        Some(_) => {
            return Err(Unsupported(
                "names a database of another kind: of URLs only `postgres://` is supported",
            ));
        }
        None => {
            let given = Given::read(text)?;
            (given.target()?, given.options()?)
        }
    };
    let certificate = target.root_certificate.take();
    target.root_certificate = certificate.map(|path| folder.join(path));
    Ok((target, options))
}

/// The pairs of a connection string, each keyword once.
#[derive(Default)]
struct Given(Vec<(Keyword, String)>);

impl Given {
    fn read(text: &str) -> Result<Self, ConnectionStringError> {
        let mut given = Self::default();
        let pairs = pairs(text).ok_or(Form(FORM))?;
        for (index, (spelling, value)) in pairs.iter().enumerate() {
            let Some(keyword) = Keyword::find(spelling) else {
                return Err(match is_unsupported(spelling) {
                    true => Unknown(spelling.clone()),
                    false => unknown(&pairs, index, FORM),
                });
            };
            if given.0.iter().any(|(known, _)| *known == keyword) {
                return Err(Twice(keyword.name()));
            }
            given.0.push((keyword, value.clone()));
        }
        Ok(given)
    }

    /// A value that is not empty.
    fn text(&self, keyword: Keyword) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| *known == keyword);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn required(&self, keyword: Keyword) -> Result<&str, ConnectionStringError> {
        self.text(keyword).ok_or(Missing(keyword.name()))
    }

    /// A whole number within a range.
    fn number(
        &self,
        keyword: Keyword,
        range: RangeInclusive<u64>,
        expected: &'static str,
    ) -> Result<Option<u64>, ConnectionStringError> {
        let Some(text) = self.text(keyword) else {
            return Ok(None);
        };
        let number = text.parse().ok().filter(|number| range.contains(number));
        let keyword = keyword.name();
        number.map(Some).ok_or(Value { keyword, expected })
    }

    fn host(&self) -> Result<&str, ConnectionStringError> {
        let host = self.required(Keyword::Host)?;
        if host.contains(',') {
            return Err(Unsupported("names several hosts: only one is supported"));
        }
        if host.starts_with(['/', '@', '.']) {
            return Err(Unsupported("names a unix socket: only TCP is supported"));
        }
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]%".contains(&byte);
        match host.bytes().all(valid) {
            true => Ok(host),
            false => Err(Value {
                keyword: Keyword::Host.name(),
                expected: "a name or an address",
            }),
        }
    }

    fn target(&self) -> Result<Target, ConnectionStringError> {
        let user = self.required(Keyword::Username)?;
        // As in Npgsql and libpq.
        let database = self.text(Keyword::Database).unwrap_or(user);
        let mut target = Target::new(self.host()?, database, user);
        target.password = self.text(Keyword::Password).map(str::to_owned);
        let port = self.number(Keyword::Port, 1..=65_535, "a number from 1 to 65535")?;
        target.port = port
            .and_then(|port| port.try_into().ok())
            .unwrap_or(target.port);
        target.ssl_mode = self.ssl_mode()?;
        target.root_certificate = self.text(Keyword::RootCertificate).map(Into::into);
        if target.root_certificate.is_some() && target.ssl_mode != SslMode::VerifyFull {
            return Err(Unsupported(
                "has a `Root Certificate`, which is only looked at with `SSL Mode=VerifyFull`",
            ));
        }
        if let Some(time) = self.seconds(Keyword::Timeout)? {
            target.connect_timeout = time;
        }
        if let Some(name) = self.text(Keyword::ApplicationName) {
            name.clone_into(&mut target.application_name);
        }
        Ok(target)
    }

    fn ssl_mode(&self) -> Result<SslMode, ConnectionStringError> {
        let Some(text) = self.text(Keyword::SslMode) else {
            return Ok(SslMode::default());
        };
        let half = ["allow", "verifyca", "verify-ca"];
        if half.iter().any(|mode| text.eq_ignore_ascii_case(mode)) {
            return Err(Unsupported(
                "asks for an `SSL Mode` that does not protect from a server in between: say \
                 `VerifyFull`, or `Prefer` where nobody can be",
            ));
        }
        SslMode::parse(text).ok_or(Value {
            keyword: Keyword::SslMode.name(),
            expected: "`Disable`, `Prefer`, `Require` or `VerifyFull`",
        })
    }

    fn options(&self) -> Result<PostgresOptions, ConnectionStringError> {
        let mut options = PostgresOptions::default();
        if let Some(time) = self.seconds(Keyword::CommandTimeout)? {
            options.statement_timeout = time;
        }
        let size = self.number(Keyword::PoolSize, 1..=1000, "a number from 1 to 1000")?;
        options.connections = size
            .and_then(|size| size.try_into().ok())
            .unwrap_or(options.connections);
        Ok(options)
    }

    /// A time that ends: 0, which means for ever in Npgsql, is refused.
    fn seconds(&self, keyword: Keyword) -> Result<Option<Duration>, ConnectionStringError> {
        let seconds = self.number(keyword, 1..=300, "1 to 300 seconds")?;
        Ok(seconds.map(Duration::from_secs))
    }
}

#[cfg(test)]
mod tests;
