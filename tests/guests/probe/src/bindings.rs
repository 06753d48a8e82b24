//! Generated from `wit/`; nothing is written by hand here.
#![allow(clippy::all, missing_docs)]

wit_bindgen::generate!({
    path: [
        "../../../wit/deps/wasi-io@0.2.6",
        "../../../wit/deps/wasi-clocks@0.2.6",
        "../../../wit/deps/wasi-random@0.2.6",
        "../../../wit/deps/wasi-filesystem@0.2.6",
        "../../../wit/deps/wasi-sockets@0.2.6",
        "../../../wit/deps/wasi-cli@0.2.6",
        "../../../wit/deps/wasi-http@0.2.6",
        "../../../wit/deps/fermyon-spin@2.0.0",
        "../../../wit/deps/spin-sqlite@3.0.0",
        "../../../wit/persistence",
        "../../../wit/decision",
        "../../../wit/gateway",
    ],
    inline: "
        package vectra:guests;
        world probe {
            import wasi:http/outgoing-handler@0.2.6;
            import wasi:clocks/monotonic-clock@0.2.6;
            import wasi:filesystem/preopens@0.2.6;
            import wasi:cli/environment@0.2.6;
            import fermyon:spin/variables@2.0.0;
            import spin:sqlite/sqlite@3.0.0;
            export wasi:http/incoming-handler@0.2.6;
            export vectra:gateway/settings@0.1.0;
            export vectra:gateway/metrics@0.1.0;
            export vectra:gateway/lifecycle@0.1.0;
        }
    ",
    world: "vectra:guests/probe",
    generate_all,
});
