//! The wasm host of Vectra: wasmtime, a wasi:http server and its limits.
//!
//! This crate serves *any* component that exports `wasi:http/incoming-handler@0.2.x`.
//! It offers WASI 0.2 without files, sockets and environment, an outgoing HTTP
//! client that reaches only checked addresses ([`outbound`]), and the variables
//! of `fermyon:spin/variables@2.0.0`. Anything else a component imports is linked
//! by the caller through [`Capabilities`]; the host does not know what it is.
//!
//! ```no_run
//! use std::sync::Arc;
//! use vectra_host::{Bundle, Host, HostOptions, Limits, NoCapabilities, Server, ServerOptions};
//!
//! # async fn run() -> Result<(), vectra_host::HostError> {
//! let bundle = Arc::new(Bundle::load(&std::fs::read("hello.wasm")?, &Limits::default(), None)?);
//! let host = Host::new(&bundle, NoCapabilities, HostOptions::default())?;
//! let server = Server::bind("127.0.0.1:0".parse().unwrap(), ServerOptions::default()).await?;
//! println!("http://{}", server.address());
//! server.serve(Arc::new(host), std::future::pending()).await;
//! # Ok(())
//! # }
//! ```
//!
//! Every request gets a fresh instance, and every instance has bounds: memory,
//! time spent computing, time in all ([`Limits`]). A guest over its bounds is
//! stopped and its client answered; the others do not notice. Below the paths of a
//! [`PathLimit`] only so many run at once, and only where others leave time.
//!
//! [`Server`] listens in clear and, with a [`Tls`], encrypted. Who a client is, the
//! [`TrustedProxies`] may say. What was served and what is under way, [`Host::metrics`]
//! tells as Prometheus text, and [`MetricsServer`] on a port of its own.

mod background;
mod bindings;
mod body;
mod bundle;
mod capabilities;
mod error;
mod forwarded;
mod framing;
mod guest;
mod host;
mod hosted;
mod import;
mod limits;
mod meter;
mod metrics;
pub mod outbound;
mod paths;
mod problem;
mod request_id;
mod server;
mod state;
mod stdio;
mod tls;
mod variables;

pub use bundle::Bundle;
pub use capabilities::{Capabilities, NoCapabilities};
pub use error::{HostError, LimitReached};
pub use forwarded::{Proxies, ProxiesError, TrustedProxies};
pub use host::{Admission, Host, HostOptions};
pub use hosted::{Event, File, FileRequest, HostedError, Problem, Progress, Severity};
pub use import::{Count, ImportProgress, Importer, Note};
pub use limits::Limits;
pub use metrics::MetricsServer;
pub use paths::{PathLimit, PathLimitError, PathPrefix, PathPrefixError};
pub use server::{Security, Server, ServerOptions};
pub use state::RequestState;
pub use tls::{CertificateFiles, CertificatePart, Tls, TlsError};
pub use variables::{Variables, VariablesError};
