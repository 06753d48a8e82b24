//! Generated from `wit/`; nothing here is written by hand but what is imported.
#![allow(
    missing_docs,
    unsafe_op_in_unsafe_fn,
    unused_qualifications,
    clippy::all,
    clippy::restriction
)]

wit_bindgen::generate!({
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
    ],
    inline: "
        package vectra:semantic-llm;
        world asking-classifier {
            include vectra:decision/classifier@0.1.0;
            import wasi:http/outgoing-handler@0.2.6;
            import wasi:clocks/monotonic-clock@0.2.6;
            import wasi:random/random@0.2.6;
            import fermyon:spin/variables@2.0.0;
        }
    ",
    world: "vectra:semantic-llm/asking-classifier",
    generate_all,
});
