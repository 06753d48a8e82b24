#![allow(clippy::all, clippy::pedantic, missing_docs, unsafe_op_in_unsafe_fn)]

wit_bindgen::generate!({
    path: [
        "../../wit/deps/wasi-io@0.2.6",
        "../../wit/deps/wasi-clocks@0.2.6",
        "../../wit/deps/wasi-random@0.2.6",
        "../../wit/deps/wasi-filesystem@0.2.6",
        "../../wit/deps/wasi-sockets@0.2.6",
        "../../wit/deps/wasi-cli@0.2.6",
        "../../wit/deps/wasi-http@0.2.6",
    ],
    inline: "
        package vectra:examples;
        world middleware {
            import wasi:http/incoming-handler@0.2.6;
            export wasi:http/incoming-handler@0.2.6;
        }
    ",
    world: "vectra:examples/middleware",
    generate_all,
});
