//! The repositories component over `spin:sqlite`: exports `vectra:persistence` and
//! only translates. `exports.rs` are the interfaces, `convert.rs` the records,
//! `database.rs` the connection; the SQL is in `vectra-persistence`.

mod bindings;
mod convert;
mod database;
mod exports;

struct Component;

bindings::export!(Component with_types_in bindings);
