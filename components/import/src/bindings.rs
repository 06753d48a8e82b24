//! Generated from `wit/gateway`; nothing here is written by hand.
#![allow(
    missing_docs,
    unsafe_op_in_unsafe_fn,
    unused_qualifications,
    clippy::all,
    clippy::restriction
)]

wit_bindgen::generate!({
    world: "vectra:gateway/importing",
    path: [
        "../../wit/deps/wasi-io@0.2.6",
        "../../wit/deps/wasi-clocks@0.2.6",
        "../../wit/deps/wasi-random@0.2.6",
        "../../wit/deps/wasi-sockets@0.2.6",
        "../../wit/deps/wasi-filesystem@0.2.6",
        "../../wit/deps/wasi-cli@0.2.6",
        "../../wit/deps/wasi-http@0.2.6",
        "../../wit/deps/fermyon-spin@2.0.0",
        "../../wit/decision",
        "../../wit/persistence",
        "../../wit/gateway",
    ],
    generate_all,
});
