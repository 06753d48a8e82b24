//! `spin:sqlite` once more, generated from `wit/`: the double answers in ways that our
//! own host does not. Nothing is written by hand here.
#![allow(clippy::all, clippy::pedantic, clippy::restriction, missing_docs)]

wasmtime::component::bindgen!({
    path: "../wit/deps/spin-sqlite@3.0.0",
    interfaces: "import spin:sqlite/sqlite@3.0.0;",
    imports: { default: async | trappable },
    with: { "spin:sqlite/sqlite.connection": crate::sqlite::Connection },
});
