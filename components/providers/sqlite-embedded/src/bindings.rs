#![allow(clippy::all, clippy::pedantic, missing_docs, unsafe_op_in_unsafe_fn)]

wit_bindgen::generate!({
    path: "../../../wit/deps/spin-sqlite@3.0.0",
    inline: "
        package vectra:sqlite-embedded;
        world provider { export spin:sqlite/sqlite@3.0.0; }
    ",
    world: "vectra:sqlite-embedded/provider",
    pub_export_macro: true,
});
