//! spin:sqlite for wasmtime, over libsql.
