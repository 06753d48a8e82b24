//! How a cluster is to be.

/// Options of a [`Cluster`](crate::Cluster).
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether commits reach the disk.
    pub durability: Durability,
    /// The server's certificate; without one it refuses TLS.
    pub tls: Option<Tls>,
    /// More settings, as `-c name=value` gives them to `postgres`.
    pub settings: Vec<(String, String)>,
}

/// Whether commits reach the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// As PostgreSQL ships: every commit is synced.
    #[default]
    Durable,
    /// Nothing is synced. Survives the death of processes, not that of the machine.
    Fast,
}

/// A certificate and its key, both as PEM.
#[derive(Clone)]
pub struct Tls {
    /// The chain, the server's own certificate first.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tls").finish_non_exhaustive()
    }
}
