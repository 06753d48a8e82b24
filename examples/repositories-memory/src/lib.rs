//! Repositories of another kind in place of ours: `vectra:persistence` over memory. The
//! exports are those of every repositories component; what is behind them is what the
//! native tests of the gateway use.
//!
//! Its rows live as long as the instance. That is of use only where the host keeps one
//! instance for all requests (an embedding, Node), never where each request gets a fresh
//! one (`vectra up`, Spin, `wasmtime serve`), and it breaks the promise that a decision is
//! durable before its request is forwarded: for trying out and for tests.

use std::sync::LazyLock;

use vectra_component_repositories::{Shell, Store};
use vectra_persistence::memory::Memory;

/// The one thing that outlives a call here, where all else keeps nothing.
static MEMORY: LazyLock<Memory> = LazyLock::new(Memory::bare);

/// The instance's own memory.
enum OfInstance {}

impl Store for OfInstance {
    type Repositories = Memory;

    fn repositories() -> Memory {
        // Clones share their rows.
        MEMORY.clone()
    }
}

type Component = Shell<OfInstance>;

vectra_component_repositories::export!(Component);
