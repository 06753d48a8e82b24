//! What can go wrong in the host.

use thiserror::Error;

/// The host could not be made ready.
#[derive(Debug, Error)]
pub enum HostError {
    /// wasmtime refused its configuration.
    #[error("cannot make the wasm engine: {0:#}")]
    Engine(wasmtime::Error),
    /// The file is not a component, or it needs more than the engine offers.
    #[error("cannot compile the component: {0:#}")]
    Component(wasmtime::Error),
    /// The component imports something that nobody offers, or does not export
    /// `wasi:http/incoming-handler`.
    #[error("cannot link the component: {0:#}")]
    Link(wasmtime::Error),
    /// The outgoing client could not be made.
    #[error("cannot read the system's certificates: {0}")]
    Certificates(String),
    /// An address could not be listened on, a file not be read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// A bound that a guest ran into.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum LimitReached {
    /// It computed longer than it may.
    #[error("the guest used up its computing time")]
    Cpu,
    /// It asked for more memory than it may have.
    #[error("the guest used up its memory")]
    Memory,
    /// The whole took too long, waiting included.
    #[error("the guest did not finish in time")]
    Time,
}
