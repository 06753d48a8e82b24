//! The contract of `vectra:persistence` through the compiled components: the very files
//! that are shipped, over SQLite and over PostgreSQL, called by the gateway's own code.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, missing_docs)]

#[path = "components/bindings.rs"]
mod bindings;
#[path = "components/guest.rs"]
mod guest;
/// How the gateway calls its repositories.
#[path = "../components/gateway/src/persistence.rs"]
mod persistence;

#[path = "components/concurrency.rs"]
mod concurrency;
#[path = "components/equality.rs"]
mod equality;
#[path = "components/misfits.rs"]
mod misfits;

mod sqlite {
    vectra_contract::contract!(crate::guest::fresh_sqlite);
}

mod postgres {
    vectra_contract::contract!(crate::guest::fresh_postgres);
}
