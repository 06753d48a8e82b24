//! What the host offers beside its own: the database.

use vectra_host::{Capabilities, RequestState};
use vectra_sqlite::{Sqlite, SqliteCtx, SqliteView, add_to_linker};
use wasmtime::component::Linker;

/// `spin:sqlite`, with the databases that there are; perhaps none.
pub struct Databases(pub Sqlite);

impl Capabilities for Databases {
    type State = SqliteCtx;

    fn link(linker: &mut Linker<RequestState<SqliteCtx>>) -> wasmtime::Result<()> {
        add_to_linker(linker, |state| {
            let (context, table) = state.capabilities();
            SqliteView::new(context, table)
        })
    }

    fn state(&self) -> SqliteCtx {
        self.0.context()
    }
}
