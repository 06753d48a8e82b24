//! The built `vectra` with small guests, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "serve/configuration.rs"]
mod configuration;
#[path = "serve/database.rs"]
mod database;
#[path = "serve/encryption.rs"]
mod encryption;
#[path = "serve/forwarded.rs"]
mod forwarded;
#[path = "serve/framing.rs"]
mod framing;
#[path = "serve/life.rs"]
mod life;
#[path = "serve/limits.rs"]
mod limits;
#[path = "serve/logs.rs"]
mod logs;
#[path = "serve/metrics.rs"]
mod metrics;
#[path = "serve/metrics_of_guest.rs"]
mod metrics_of_guest;
#[path = "serve/metrics_port.rs"]
mod metrics_port;
#[path = "serve/outgoing.rs"]
mod outgoing;
#[path = "serve/paths.rs"]
mod paths;
#[path = "serve/request_id.rs"]
mod request_id;
#[path = "serve/scrape.rs"]
mod scrape;
#[path = "serve/support.rs"]
mod support;
#[path = "serve/tls_client.rs"]
mod tls_client;
#[path = "serve/upstream.rs"]
mod upstream;
