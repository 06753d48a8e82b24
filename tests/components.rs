//! The contract of `vectra:persistence` through the compiled components: the very files
//! that are shipped, over SQLite and over PostgreSQL, called by the gateway's own code.
//! And the components that decide, likewise, against the same code natively.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, missing_docs)]

#[path = "components/bindings.rs"]
mod bindings;
/// How the gateway calls what decides.
#[path = "../components/gateway/src/decision.rs"]
mod decision;
#[path = "components/guest.rs"]
mod guest;
/// How the gateway calls its repositories.
#[path = "../components/gateway/src/persistence.rs"]
mod persistence;

#[path = "components/concurrency.rs"]
mod concurrency;
#[path = "components/decisions.rs"]
mod decisions;
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

/// Another component in place of ours keeps the same contract.
mod memory {
    vectra_contract::contract!(crate::guest::fresh_memory);
}

/// SQLite inside the sandbox. The tables are made in it once, by the first two tests and for
/// all others together.
mod embedded {
    vectra_contract::contract!(crate::guest::bare_embedded, crate::guest::fresh_embedded);
}
