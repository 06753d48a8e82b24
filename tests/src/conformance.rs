//! The language of the cases in `tests/conformance`, and what runs them.
//!
//! A file is a group: settings, policies and cases that share one gateway and one
//! upstream. A case is a list of steps and what must be there afterwards: rows in
//! the database and requests at the upstream, exactly those and no others.
//!
//! The gateway is set up through its HTTP interface wherever it can be, so that
//! the same cases run on other hosts: whoever can start one implements [`Host`].

mod at_once;
mod case;
mod exceptions;
mod expect;
mod given;
mod host;
mod program;
mod records;
mod run;
mod steps;
mod stock;
mod suite;
mod variables;

pub use at_once::{all_are_recorded, at_once, unlimited};
pub use case::{Case, Group};
pub use given::{Gateway, Given};
pub use host::{Addresses, Deployment, Host, Storage, VectraUp};
pub use program::{Program, WASMTIME, prepare, tools};
pub use records::{Records, audit_rows};
pub use run::{GroupRun, run_case};
pub use stock::Stock;
pub use suite::Suite;
