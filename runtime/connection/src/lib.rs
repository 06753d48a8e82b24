//! Which database, and how to reach it: connection strings and URLs.
//!
//! ```
//! use std::path::Path;
//!
//! let text = "Host=db.example;Database=vectra;Username=vectra;Password=secret";
//! let (target, options) = vectra_connection::postgres(text, Path::new("/etc/vectra"))?;
//! assert_eq!((target.host.as_str(), target.port), ("db.example", 5432));
//! assert_eq!(options.connections, 16);
//! # Ok::<(), vectra_connection::ConnectionStringError>(())
//! ```

mod connection_string;
mod options;
mod target;

pub use connection_string::{ConnectionStringError, postgres, sqlite_file};
pub use options::PostgresOptions;
pub use target::{SslMode, Target, TargetError};
