//! The providers' exports.
#![allow(clippy::all, clippy::pedantic, dead_code, missing_docs, unused)]

pub mod sqlite {
    wasmtime::component::bindgen!({
        path: "../wit/deps/spin-sqlite@3.0.0",
        inline: "
            package tests:sqlite;
            world provider { export spin:sqlite/sqlite@3.0.0; }
        ",
        world: "tests:sqlite/provider",
        exports: { default: async },
    });
}

pub mod variables {
    wasmtime::component::bindgen!({
        path: "../wit/deps/fermyon-spin@2.0.0",
        inline: "
            package tests:variables;
            world provider { export fermyon:spin/variables@2.0.0; }
        ",
        world: "tests:variables/provider",
        exports: { default: async },
    });
}
