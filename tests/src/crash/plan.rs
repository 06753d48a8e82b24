//! Which run meets which database, and what is killed in it.

use std::fmt;

/// The database of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kill {
    /// The gateway.
    Gateway,
    /// The PostgreSQL server, with all of its processes.
    Server,
    /// Both at once.
    Both,
}

/// The run of this number, from 0: in every second one it is PostgreSQL and its server
/// is killed, in every eighth one the gateway with it.
pub(super) fn plan(run: u32) -> (Provider, Kill) {
    match run % 8 {
        0 | 2 | 4 | 6 => (Provider::Sqlite, Kill::Gateway),
        7 => (Provider::Postgres, Kill::Both),
        _ => (Provider::Postgres, Kill::Server),
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

impl fmt::Display for Kill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gateway => "gateway killed",
            Self::Server => "server killed",
            Self::Both => "server and gateway killed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Kill, Provider, plan};

    #[test]
    fn in_half_of_the_runs_the_server_is_killed() {
        let runs: Vec<_> = (0..200).map(plan).collect();
        let of = |kill| runs.iter().filter(|(_, planned)| *planned == kill).count();
        assert_eq!(
            (of(Kill::Gateway), of(Kill::Server), of(Kill::Both)),
            (100, 75, 25)
        );
        let has_server = |(provider, kill): &(Provider, Kill)| {
            (*provider == Provider::Postgres) == (*kill != Kill::Gateway)
        };
        assert!(runs.iter().all(has_server));
    }
}
