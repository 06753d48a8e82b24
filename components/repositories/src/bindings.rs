//! Generated from `wit/persistence`; nothing else lives here.
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    missing_docs,
    unused
)]

wit_bindgen::generate!({
    path: "../../wit/persistence",
    world: "vectra:persistence/repositories",
    pub_export_macro: true,
});
