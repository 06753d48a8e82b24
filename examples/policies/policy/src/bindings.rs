#![allow(clippy::all, clippy::pedantic, missing_docs, unsafe_op_in_unsafe_fn)]

wit_bindgen::generate!({
    path: "../../../wit/decision",
    world: "policy-engine",
    pub_export_macro: true,
});
