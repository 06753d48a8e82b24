//! How a server may be used.

use std::time::Duration;

/// Bounds of a server's use.
#[derive(Clone, Copy, Debug)]
pub struct PostgresOptions {
    /// Connections to the server, at most.
    pub connections: usize,
    /// Callers that wait for a connection, at most. Those beyond fail at once.
    pub waiting: usize,
    /// How long a caller waits for a connection.
    pub patience: Duration,
    /// How long a statement may run; milliseconds count. The server is told, and a
    /// second later the connection is given up.
    pub statement_timeout: Duration,
    /// Rows of one result, at most.
    pub rows: usize,
    /// Bytes of one result, and of the parameters of one statement, at most. A
    /// single row is held whole before it is counted.
    pub bytes: usize,
    /// Prepared statements kept by each connection.
    pub prepared: usize,
    /// Connections that one request may hold at a time.
    pub per_request: usize,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            connections: 16,
            waiting: 1024,
            patience: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(5),
            rows: 10_000,
            bytes: 16 << 20,
            prepared: 128,
            per_request: 4,
        }
    }
}
