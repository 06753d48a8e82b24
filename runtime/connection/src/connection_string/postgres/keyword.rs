//! The keywords of Npgsql.

/// A keyword that is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Host,
    Port,
    Database,
    Username,
    Password,
    SslMode,
    RootCertificate,
    Timeout,
    CommandTimeout,
    PoolSize,
    ApplicationName,
}

use Keyword::{
    ApplicationName, CommandTimeout, Database, Host, Password, PoolSize, Port, RootCertificate,
    SslMode, Timeout, Username,
};

/// All spellings, in lower case.
const SPELLINGS: [(&str, Keyword); 22] = [
    ("host", Host),
    ("server", Host),
    ("port", Port),
    ("database", Database),
    ("db", Database),
    ("username", Username),
    ("user name", Username),
    ("userid", Username),
    ("user id", Username),
    ("uid", Username),
    ("password", Password),
    ("pwd", Password),
    ("psw", Password),
    ("ssl mode", SslMode),
    ("sslmode", SslMode),
    ("root certificate", RootCertificate),
    ("timeout", Timeout),
    ("command timeout", CommandTimeout),
    ("commandtimeout", CommandTimeout),
    ("maximum pool size", PoolSize),
    ("max pool size", PoolSize),
    ("application name", ApplicationName),
];

/// Keywords of Npgsql that are not supported; known, so that they can be named even
/// where a piece of a password could stand.
const UNSUPPORTED: [&str; 24] = [
    "channel binding",
    "client encoding",
    "connection idle lifetime",
    "connection lifetime",
    "encoding",
    "enlist",
    "include error detail",
    "integrated security",
    "keepalive",
    "load balance hosts",
    "minimum pool size",
    "multiplexing",
    "no reset on close",
    "options",
    "passfile",
    "persist security info",
    "pooling",
    "search path",
    "ssl certificate",
    "ssl key",
    "ssl password",
    "target session attributes",
    "timezone",
    "trust server certificate",
];

impl Keyword {
    /// The keyword of this spelling (in lower case), if it is supported.
    pub(super) fn find(spelling: &str) -> Option<Self> {
        let mut spellings = SPELLINGS.iter();
        let found = spellings.find(|(known, _)| *known == spelling);
        found.map(|(_, keyword)| *keyword)
    }

    /// Its usual name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Host => "Host",
            Port => "Port",
            Database => "Database",
            Username => "Username",
            Password => "Password",
            SslMode => "SSL Mode",
            RootCertificate => "Root Certificate",
            Timeout => "Timeout",
            CommandTimeout => "Command Timeout",
            PoolSize => "Maximum Pool Size",
            ApplicationName => "Application Name",
        }
    }
}

/// Whether a spelling is one that Npgsql knows and this program does not support.
pub(super) fn is_unsupported(spelling: &str) -> bool {
    UNSUPPORTED.contains(&spelling)
}
