//! The wasm host of Vectra: wasmtime, a wasi:http server and its limits.
