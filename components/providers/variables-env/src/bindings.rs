#![allow(clippy::all, clippy::pedantic, missing_docs, unsafe_op_in_unsafe_fn)]

wit_bindgen::generate!({
    path: "../../../wit/deps/fermyon-spin@2.0.0",
    inline: "
        package vectra:variables-env;
        world provider { export fermyon:spin/variables@2.0.0; }
    ",
    world: "vectra:variables-env/provider",
    pub_export_macro: true,
});
