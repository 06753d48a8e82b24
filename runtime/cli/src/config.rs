//! The configuration: raw JSON and environment in, checked settings out, all
//! mistakes at once (OB §17).
//!
//! The runtime reads `System.Server`, `System.Storage`, `System.Metrics`,
//! `System.Logging` and the two lists of hosts;
//! everything else belongs to the component, which checks it itself.

mod environment;
mod keys;
mod network;
mod observation;
mod section;
mod source;
mod span;
mod storage;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vectra_host::outbound::Upstream;
use vectra_host::{Limits, ServerOptions};

use crate::logging::Format;

pub use network::{Clear, Network};
pub use source::SourceError;
pub use storage::{Provider, Storage};

/// How bad a mistake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is started.
    Error,
    /// It is said, and that is all.
    Warning,
}

/// Something wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub severity: Severity,
    /// The key, as in `System.Server.Http.Port`.
    pub key: String,
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}: {}", self.key, self.message)
    }
}

/// The runtime's settings and what it hands to the component. Usable only if no
/// mistake is an error.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen in clear, unless `network` says that it does not.
    pub listen: SocketAddr,
    /// What else concerns clients and their connections.
    pub network: Network,
    /// Where metrics are shown, if they are.
    pub metrics: Option<SocketAddr>,
    /// How log lines are written, unless the environment says otherwise.
    pub log_format: Format,
    /// Connections.
    pub server: ServerOptions,
    /// Bounds of requests.
    pub limits: Limits,
    /// The database.
    pub storage: Storage,
    /// Which of the database's bundles is served; none for the plain one.
    pub bundle: Option<String>,
    /// Where guests may connect to although it is not public.
    pub allowed: Vec<Upstream>,
    /// JSON text for the component.
    pub component: String,
    /// The folder that relative paths start from.
    pub folder: PathBuf,
}

impl Config {
    /// Where things are kept that belong to the database: beside its file, as
    /// `vectra.db.secrets`; of a server's in the configuration's folder, as
    /// `vectra.secrets`.
    pub fn beside(&self, what: &str) -> PathBuf {
        match &self.storage {
            Storage::Sqlite { file, .. } => {
                let mut name = file.as_os_str().to_owned();
                name.push(format!(".{what}"));
                name.into()
            }
            Storage::Postgres { .. } => self.folder.join(format!("vectra.{what}")),
        }
    }
}

/// Reads the configuration: the named file, or `vectra.json` or `appsettings.json`
/// of the working directory, or none; then the environment; then the upstreams of
/// the command line.
///
/// # Errors
/// [`SourceError`] if there is no tree to look for mistakes in.
pub fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    upstreams: &[Upstream],
) -> Result<(Config, Vec<Mistake>), SourceError> {
    let source = source::read(file)?;
    let mut mistakes = Vec::new();
    let mut tree = source.tree;
    environment::lay_over(&mut tree, environment, &mut mistakes);
    keys::allow(&mut tree, upstreams);
    let config = keys::read(tree, source.folder, &mut mistakes);
    Ok((config, mistakes))
}

/// The tree of a configuration.
type Tree = serde_json::Map<String, Value>;

/// The entry of this name, in whatever case it is written.
fn find<'a>(tree: &'a Tree, name: &str) -> Option<&'a str> {
    tree.keys()
        .find(|key| key.eq_ignore_ascii_case(name))
        .map(String::as_str)
}

#[cfg(test)]
mod tests;
