//! Generated from `wit/`; nothing is written by hand here.
#![allow(clippy::all, clippy::pedantic, clippy::restriction, missing_docs)]

wasmtime::component::bindgen!({
    path: "../../wit/deps/spin-postgres@3.0.0",
    interfaces: "import spin:postgres/postgres@3.0.0;",
    imports: { default: async | trappable },
    with: { "spin:postgres/postgres.connection": crate::host::Connection },
    additional_derives: [PartialEq],
});
