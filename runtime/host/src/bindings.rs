//! Generated from `wit/`; nothing is written by hand here.
#![allow(clippy::all, clippy::pedantic, clippy::restriction, missing_docs)]

/// `fermyon:spin/variables@2.0.0`, which the host offers.
pub mod variables {
    wasmtime::component::bindgen!({
        path: "../../wit/deps/fermyon-spin@2.0.0",
        interfaces: "import fermyon:spin/variables@2.0.0;",
    });
}

/// What a bundle may export beside `wasi:http/incoming-handler`.
pub mod hosted {
    wasmtime::component::bindgen!({
        path: [
            "../../wit/deps/wasi-io@0.2.6",
            "../../wit/deps/wasi-clocks@0.2.6",
            "../../wit/deps/wasi-random@0.2.6",
            "../../wit/deps/wasi-filesystem@0.2.6",
            "../../wit/deps/wasi-sockets@0.2.6",
            "../../wit/deps/wasi-cli@0.2.6",
            "../../wit/deps/wasi-http@0.2.6",
            "../../wit/deps/fermyon-spin@2.0.0",
            "../../wit/persistence",
            "../../wit/decision",
            "../../wit/gateway",
        ],
        world: "vectra:gateway/hosted",
        exports: { default: async },
        require_store_data_send: true,
    });
}

/// What the bundle of an import exports.
pub mod importer {
    wasmtime::component::bindgen!({
        path: [
            "../../wit/deps/wasi-io@0.2.6",
            "../../wit/deps/wasi-clocks@0.2.6",
            "../../wit/deps/wasi-random@0.2.6",
            "../../wit/deps/wasi-filesystem@0.2.6",
            "../../wit/deps/wasi-sockets@0.2.6",
            "../../wit/deps/wasi-cli@0.2.6",
            "../../wit/deps/wasi-http@0.2.6",
            "../../wit/deps/fermyon-spin@2.0.0",
            "../../wit/persistence",
            "../../wit/decision",
            "../../wit/gateway",
        ],
        world: "vectra:gateway/hosted-importer",
        exports: { default: async },
        require_store_data_send: true,
    });
}
