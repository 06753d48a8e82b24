//! What a caller adds to the host.

use wasmtime::component::Linker;

use crate::RequestState;

/// A set of imports that the host does not know, such as a database.
pub trait Capabilities: Send + Sync + 'static {
    /// What they keep per request; dropped when the request ends.
    type State: Send + 'static;

    /// Adds the imports to the linker, once per [`Host`](crate::Host).
    ///
    /// # Errors
    /// Those of wasmtime, such as a name that is defined twice.
    fn link(linker: &mut Linker<RequestState<Self::State>>) -> wasmtime::Result<()>;

    /// Makes the state of one request.
    fn state(&self) -> Self::State;
}

/// No more than the host offers by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCapabilities;

impl Capabilities for NoCapabilities {
    type State = ();

    fn link(_: &mut Linker<RequestState<()>>) -> wasmtime::Result<()> {
        Ok(())
    }

    fn state(&self) {}
}
