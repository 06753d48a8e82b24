//! A private PostgreSQL server for tests and benchmarks.
//!
//! [`Cluster`] is a server of one's own, with data in a temporary folder, on a free
//! loopback port; it ends with its value, and also when the process is killed.
//! [`Database`] is an empty database in a server that is there already: the one
//! that the variable [`VARIABLE`] names.
//!
//! ```no_run
//! # fn run() -> anyhow::Result<()> {
//! let mut cluster = vectra_cluster::Cluster::start()?;
//! println!("{}", cluster.url());
//! cluster.kill()?; // as a crash would
//! cluster.start_again()?; // the same port, the same data
//! # Ok(())
//! # }
//! ```

mod account;
mod cluster;
mod database;
mod options;
mod process;
mod programs;
mod server;
mod url;
mod watcher;

pub use cluster::Cluster;
pub use database::{Database, VARIABLE};
pub use options::{Durability, Options, Tls};
pub use programs::Programs;
