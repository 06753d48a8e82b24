//! Which server, and how to reach it.

mod url;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error as ThisError;

/// A server, a database in it and an account. [`fmt::Debug`] leaves the password out.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// Name or address. One only, by TCP.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Name of the database.
    pub database: String,
    /// Name of the role.
    pub user: String,
    /// Its password, if it needs one.
    pub password: Option<String>,
    /// Whether to encrypt.
    pub ssl_mode: SslMode,
    /// PEM file of the authorities that [`SslMode::VerifyFull`] trusts, instead of
    /// the system's.
    pub root_certificate: Option<PathBuf>,
    /// How long connecting may take, all told.
    pub connect_timeout: Duration,
    /// How the server's views and logs name us.
    pub application_name: String,
}

/// Whether connections are encrypted, and what that is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SslMode {
    /// In clear.
    Disable,
    /// Encrypted if the server can, else in clear. Helps against nobody who is in
    /// the way.
    #[default]
    Prefer,
    /// Encrypted, whoever the server is.
    Require,
    /// Encrypted, and the certificate is for this host, by an authority we trust.
    VerifyFull,
}

impl SslMode {
    /// Reads `disable`, `prefer`, `require` or `verify-full`, in any case, also
    /// without the hyphen as ADO.NET writes it.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "disable" => Some(Self::Disable),
            "prefer" => Some(Self::Prefer),
            "require" => Some(Self::Require),
            "verify-full" | "verifyfull" => Some(Self::VerifyFull),
            _ => None,
        }
    }
}

/// A URL is not usable. The text is never repeated, since it holds a password.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum TargetError {
    /// Of another kind.
    #[error("the database's URL does not begin with `postgres://`")]
    Scheme,
    /// `%` without two hexadecimal digits, or not UTF-8.
    #[error("the database's URL holds a broken percent-encoding")]
    Encoding,
    /// A part is missing that is needed.
    #[error("the database's URL has no {0}")]
    Missing(&'static str),
    /// Neither a name nor an address.
    #[error("the database's URL does not name exactly one host, reached by TCP")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("the database's URL has no usable port")]
    Port,
    /// A parameter that we do not know. Not shown: what follows a `?` in a password that
    /// was not encoded looks like one.
    #[error(
        "the database's URL has an unknown parameter: known are `sslmode`, `sslrootcert`, \
         `connect_timeout` and `application_name`"
    )]
    Unknown,
    /// A parameter that we know, with something else in it.
    #[error("the parameter `{name}` of the database's URL takes {takes}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What it takes.
        takes: &'static str,
    },
}

impl Target {
    /// A server on the port 5432 with everything else as usual: TLS if it can, five
    /// seconds to connect.
    pub fn new(host: &str, database: &str, user: &str) -> Self {
        Self {
            host: host.to_owned(),
            port: 5432,
            database: database.to_owned(),
            user: user.to_owned(),
            password: None,
            ssl_mode: SslMode::default(),
            root_certificate: None,
            connect_timeout: Duration::from_secs(5),
            application_name: "vectra".to_owned(),
        }
    }

    /// Reads `postgres://user:password@host:port/database?parameter=value`, each part
    /// percent-encoded. The database defaults to the user's name, the port to 5432.
    /// Parameters: `sslmode` (`disable`, `prefer`, `require`, `verify-full`),
    /// `sslrootcert` (a file, with `verify-full` only), `connect_timeout` (seconds,
    /// 1 to 300), `application_name`.
    ///
    /// # Errors
    /// [`TargetError`].
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        url::parse(text)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Target")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("database", &self.database)
            .field("user", &self.user)
            .field("ssl_mode", &self.ssl_mode)
            .finish_non_exhaustive()
    }
}
